from dataclasses import replace

import pytest

from pimc.pretraining.devices import check_devices
from pimc.pretraining.options import PretrainingOptions

OPTIONS = PretrainingOptions()


@pytest.fixture
def gpus(monkeypatch):
    def have(count):
        monkeypatch.setattr("torch.cuda.is_available", lambda: count > 0)
        monkeypatch.setattr("torch.cuda.device_count", lambda: count)
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)

    return have


@pytest.mark.parametrize(
    ("there", "accelerator", "devices"),
    [(2, "gpu", 4), (2, "auto", 4), (0, "gpu", 1), (0, "cuda", 2), (1, "cuda", 2)],
)
def test_more_gpus_than_there_are_are_refused(gpus, there, accelerator, devices):
    gpus(there)
    with pytest.raises(ValueError, match=rf"pretraining.devices is {devices} .* has {there} GPU"):
        check_devices(replace(OPTIONS, accelerator=accelerator, devices=devices))


@pytest.mark.parametrize(
    ("there", "accelerator", "devices"),
    [(4, "gpu", 4), (4, "auto", 2), (0, "auto", 2), (0, "auto", 1), (0, "cpu", 8), (1, "cpu", 2)],
)
def test_what_is_there_is_taken(gpus, there, accelerator, devices):
    gpus(there)
    check_devices(replace(OPTIONS, accelerator=accelerator, devices=devices))
