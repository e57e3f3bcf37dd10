import hashlib
import logging
import shutil
from pathlib import Path

import pytest
from cases.file_server import serve

from pimc.catalog.scenes import PastisScenes
from pimc.data.download.options import DownloadOptions
from pimc.data.pastis.write import write_pastis
from pimc.data.simulation.scenes import SimulationOptions, simulate_scenes
from pimc.pipelines.download.nodes import fetch_data_set


def test_a_data_set_is_fetched_to_where_it_is_read(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("pimc.data.download.fetch.time.sleep", lambda _: None)
    caplog.set_level(logging.INFO)
    write_pastis(simulate_scenes(SimulationOptions(patches=5, size=16)), tmp_path / "all/PASTIS")
    archive = shutil.make_archive(str(tmp_path / "PASTIS"), "zip", tmp_path / "all", "PASTIS")
    content = Path(archive).read_bytes()
    with serve(content, cuts=[5_000, 10_000], name="PASTIS.zip") as served:
        checksum = f"md5:{hashlib.md5(content).hexdigest()}"
        files = {"archive": {"url": served.address, "checksum": checksum, "unpack": "PASTIS"}}
        options = DownloadOptions(files, licence="that of the record")
        told = fetch_data_set(options, tmp_path / "root")
        again = fetch_data_set(options, tmp_path / "root")
    assert served.asked == [0, 5_000, 15_000]
    assert told.equals(again) and told.loc[0, "bytes"] == len(content)
    assert told.loc[0, "unpacked"] == len(list((tmp_path / "all").rglob("*.*")))
    assert caplog.messages[1] == "licence: that of the record"
    scenes = PastisScenes(str(tmp_path / "root")).load()
    assert len(scenes) == 5 and next(iter(scenes.values()))().reflectance.shape[2:] == (16, 16)


def test_an_environment_without_a_public_data_set_says_so(tmp_path):
    with pytest.raises(ValueError, match="--env=pastis or --env=eurosat"):
        fetch_data_set(DownloadOptions(), tmp_path)
