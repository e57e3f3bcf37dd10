"""What tests of several rooms share."""

import os
import sys
from types import ModuleType

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # a process for each core: each keeps to its own
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(threads, "1")

settings.register_profile("nightly", max_examples=2000, deadline=None)


@pytest.fixture(autouse=True, scope="module")
def _no_address_of_other_files():
    """MLflow leaves the address that a test has set in the environment, for child processes.

    What a file's tests share is made before the fixture of each of them.
    """
    os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(autouse=True)
def _no_address_of_other_runs(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def fake_timm(monkeypatch):
    """A module in the place of timm that builds one small network under two names.

    ``small`` normalises by batch, as most of timm's networks do; ``fixed`` reads one size alone,
    as vision transformers do, and has two first convolutions, as some networks of timm.
    """
    from torch import nn

    class Small(nn.Module):
        head_hidden_size = 8

        def __init__(self, bands, side, silent=False):
            super().__init__()
            self.side = side
            self.default_cfg = {"first_conv": ("stem", "beside") if side else "stem"}
            self.stem = nn.Conv2d(bands, 8, 3, stride=2, bias=False)
            self.beside = nn.Conv2d(bands, 8, 3, stride=2) if side else None
            self.norm = nn.BatchNorm2d(8)
            if silent:  # as the last normalisation of a residual branch often begins
                nn.init.zeros_(self.norm.weight)

        def forward(self, x):
            assert self.side in (None, x.shape[-1]), f"expected {self.side} pixels"
            y = self.stem(x) if self.beside is None else self.stem(x) + self.beside(x)
            return self.norm(y).relu().mean(dim=(2, 3))

    def create_model(name, *, pretrained, num_classes, in_chans, **arguments):
        assert not pretrained and num_classes == 0
        if name == "linear":  # reads patches by a matrix
            network = nn.Sequential()
            network.default_cfg = {"first_conv": "embed"}
            network.embed = nn.Linear(64 * in_chans, 8)
            return network
        if name not in ("small", "fixed"):
            raise RuntimeError(f"Unknown model ({name})")
        return Small(in_chans, **{"side": 32 if name == "fixed" else None, **arguments})

    module = ModuleType("timm")
    module.create_model = create_model
    monkeypatch.setitem(sys.modules, "timm", module)
    return module


@pytest.fixture(scope="session")
def scheduler():
    """Address of a scheduler of Dask with two workers, processes of one thread."""
    from pimc.compute.cluster import local_cluster
    from pimc.compute.options import ComputeOptions

    with local_cluster(ComputeOptions("processes", 2)) as cluster:
        yield cluster.scheduler_address
