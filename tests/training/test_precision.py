import pickle

import numpy as np
import pytest
import torch
from torch import nn

from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_inputs import SeriesInputs
from pimc.model.heads import TaskNetwork
from pimc.training.precision import computes_mixed, settle

CPU = torch.device("cpu")
ABLE, UNABLE = {"avx512_bf16": True, "amx_bf16": False}, {"avx512_bf16": False}


def on(monkeypatch, flags, cuda=False):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)


@pytest.mark.parametrize(
    ("flags", "expected"), [(ABLE, True), ({"amx_bf16": True}, True), (UNABLE, False), ({}, False)]
)
def test_automatic_precision_asks_the_processor(monkeypatch, flags, expected):
    on(monkeypatch, flags)
    assert computes_mixed("auto", CPU) is expected
    assert computes_mixed("bf16-mixed", CPU) and not computes_mixed("32-true", CPU)
    assert not computes_mixed("auto", torch.device("mps"))


def test_a_training_is_told_what_the_device_can(monkeypatch):
    on(monkeypatch, UNABLE, cuda=True)
    assert settle("auto", "auto") == settle("auto", "gpu") == "bf16-mixed"
    assert settle("auto", "cpu") == settle("auto", "mps") == "32-true"
    on(monkeypatch, ABLE)
    assert settle("auto", "auto") == settle("auto", "cpu") == "bf16-mixed"
    assert [settle(given, "cpu") for given in ("32-true", "16-mixed")] == ["32-true", "16-mixed"]


def test_heads_are_exact_and_what_they_read_is_bfloat16():
    torch.manual_seed(0)
    seen = []
    network = TaskNetwork(nn.Linear(6, 4), [4], 3, mixed=True).eval()
    network.encoder.register_forward_hook(lambda *parts: seen.append(parts[2].dtype))
    inputs = torch.rand(5, 6)
    outputs = network(inputs)
    outputs.sum().backward()
    assert seen == [torch.bfloat16]
    assert outputs.dtype == network.encoder.weight.grad.dtype == torch.float32
    network.mixed = False
    torch.testing.assert_close(outputs, network(inputs), atol=0.03, rtol=0.03)
    assert seen[1] == torch.float32


def test_a_result_hangs_on_the_precision_of_its_network_alone(monkeypatch):
    def computed(kind, precision):
        none = np.zeros(0)
        inputs = SeriesInputs(none, none, none, None, precision=precision, device="cpu")
        return inputs.computed(ArmRun("t", Arm("a", kind), Budget("all"), 0, 0))

    on(monkeypatch, ABLE)
    assert computed("network", "auto") == computed("network", "bf16-mixed") != ()
    assert computed("linear", "auto") == computed("network", "32-true") == ()
    on(monkeypatch, UNABLE)
    assert computed("network", "auto") == ()


def test_workers_compute_in_the_precision_of_the_key(monkeypatch):
    on(monkeypatch, ABLE)
    none = np.zeros(0)
    sent = pickle.dumps(SeriesInputs(none, none, none, None, precision="auto", device="cpu"))
    on(monkeypatch, UNABLE)
    assert pickle.loads(sent).mixed
