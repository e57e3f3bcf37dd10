"""A patch of any form can be read by another process: its source travels as bytes."""

import pickle

import pytest
from cases import sources
from cases.sources import SOURCES

from pimc.compute.parcel import pack

FORMS = ("stack", "stac", "netcdf", "zarr", "pastis", "points npz", "points csv")


@pytest.mark.parametrize("form", FORMS)
def test_sources_travel(form, tmp_path, monkeypatch):
    read, travelled = sources.call_all, []

    def elsewhere(scenes):
        opened = pickle.loads(pack(scenes, by_file=True))
        travelled.extend(opened)
        read(opened)

    monkeypatch.setattr(sources, "call_all", elsewhere)
    SOURCES[form].write(tmp_path)
    SOURCES[form].read(tmp_path)
    assert travelled
