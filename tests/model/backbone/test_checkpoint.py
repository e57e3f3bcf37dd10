import argparse
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pimc.model.backbone.checkpoint import read_weights

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(7)}
OTHER = {"a.weight": torch.zeros(2, 3)}


@pytest.mark.parametrize(
    "stored",
    [
        WEIGHTS,
        {"epoch": 3, "state_dict": WEIGHTS},
        {"model": WEIGHTS, "optimizer": {"state": {}}},
        {"student": OTHER, "teacher": WEIGHTS, "args": argparse.Namespace(arch="vit", rate=0.1)},
    ],
)
def test_weights_are_found_where_they_lie(stored, tmp_path):
    torch.save(stored, tmp_path / "weights.pth")
    found = read_weights(tmp_path / "weights.pth")
    assert found.keys() == WEIGHTS.keys()
    assert all(torch.equal(found[name], value) for name, value in WEIGHTS.items())


def test_safetensors(tmp_path):
    save_file(WEIGHTS, tmp_path / "weights.safetensors")
    found = read_weights(tmp_path / "weights.safetensors")
    assert all(torch.equal(found[name], value) for name, value in WEIGHTS.items())


def test_no_object_is_loaded(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": WEIGHTS, "share": Fraction(1, 2)}, path)
    with pytest.raises(ValueError, match="save the state dict of the network alone"):
        read_weights(path)
    # the option that lets plain names and values through holds for this file alone
    assert argparse.Namespace not in torch.serialization.get_safe_globals()


@pytest.mark.parametrize(
    ("stored", "got"), [({"epoch": 3, "loss": 0.5}, "got epoch, loss"), ([1, 2], "got list")]
)
def test_a_file_without_weights(stored, got, tmp_path):
    torch.save(stored, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match=f"expected weights by name in .*{got}"):
        read_weights(tmp_path / "weights.pth")


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_a_file_of_something_else(name, tmp_path):
    (tmp_path / name).write_text("not weights at all")
    with pytest.raises(ValueError, match=r"expected weights by name, got .*; save the state dict"):
        read_weights(tmp_path / name)


def test_a_file_that_is_missing():
    with pytest.raises(FileNotFoundError, match=r"no weights at .*/nowhere.pth; nothing is downl"):
        read_weights(Path("nowhere.pth"))
