"""The card of an encoder in the catalog, and the model that MLflow keeps."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from socket import socket
from urllib.error import URLError
from urllib.request import Request, urlopen

import mlflow
import numpy as np
import pytest
from cases.strangers import make_image_encoder, make_series_encoder
from kedro.io import DatasetError

import pimc
from pimc.catalog.encoder import NO_ENCODER, EncoderFolder
from pimc.catalog.encoder_card import CARD, EncoderCard
from pimc.catalog.logged_encoder import log_encoder
from pimc.model.storage import save_encoder


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """An active run in a database of its own, which takes seconds to make."""
    tmp_path = tmp_path_factory.mktemp("runs")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    experiment = mlflow.create_experiment("here", str(tmp_path / "artifacts"))
    with mlflow.start_run(experiment_id=experiment) as run:
        yield tmp_path, run
    mlflow.set_tracking_uri(before)


def test_a_card_goes_with_its_encoder(tmp_path):
    folder, encoder = tmp_path / "encoder", make_image_encoder()
    stored, card = EncoderFolder(str(folder)), EncoderCard(str(folder))
    stored.save(encoder)
    weights = (folder / "weights.safetensors").read_bytes()
    card.save("of this encoder")
    assert card.load() == (folder / CARD).read_text() == "of this encoder"
    assert (folder / "weights.safetensors").read_bytes() == weights
    assert stored.load() is not None  # nothing that is checked hangs on the card
    stored.save(encoder)
    assert not card.exists()  # the card of another training is none of this one
    card.save("of this encoder")
    stored.save(NO_ENCODER)
    assert not list(folder.iterdir())
    card.save("")
    assert not list(folder.iterdir())


def test_no_card_is_written_beside_the_encoder_of_another_environment(tmp_path):
    with pytest.raises(DatasetError, match="not lie in a folder mine"):
        EncoderCard(str(tmp_path / "other/encoder"), workspace="mine").save("a card")
    assert not (tmp_path / "other").exists()


def test_what_was_just_taken_away_is_not_called_missing(tmp_path, caplog):
    stored = EncoderFolder(str(tmp_path / "encoder"), optional=True)
    stored.save(NO_ENCODER)
    assert stored.load() is None and not caplog.text


def test_encoders_are_models_of_the_run_and_of_the_registry_where_asked_for(tmp_path, tracked):
    store, run = tracked
    makers = {"series_encoder": make_series_encoder, "image_encoder": make_image_encoder}
    for name, make in makers.items():
        save_encoder(make(), tmp_path / name)
        EncoderCard(str(tmp_path / name), registered="fields").save("a card")
        loaded = mlflow.pyfunc.load_model(f"models:/fields_{name}/1")
        expected = pimc.load_encoder(tmp_path / name).embed(**loaded.input_example)
        np.testing.assert_array_equal(loaded.predict(loaded.input_example), expected)
        assert np.isfinite(expected).all() and loaded.metadata.run_id == run.info.run_id
    files = {path.name for path in (store / "artifacts/models").rglob("*") if path.is_file()}
    assert {"weights.safetensors", CARD, "MLmodel", "input_example.json"} <= files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".pt", ".pth"))]


def test_a_season_may_be_asked_for(tmp_path, tracked):
    save_encoder(make_series_encoder(), tmp_path / "encoder")
    loaded = mlflow.pyfunc.load_model(log_encoder(tmp_path / "encoder"))
    asked = loaded.input_example
    other = loaded.predict(asked, params={"season": "2019-01-01"})
    np.testing.assert_array_equal(other, loaded.predict(asked))
    with pytest.raises(ValueError, match="season must be the first day"):
        loaded.predict(asked, params={"season": "2018-01-01"})


@pytest.fixture
def unused_port():
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def ask(address, request):
    body = json.dumps(request).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(address, body, headers), timeout=60) as answer:
        return json.load(answer)["predictions"]


@pytest.mark.slow
def test_a_server_answers_with_the_same_embeddings(tmp_path, tracked, unused_port):
    save_encoder(make_series_encoder(), tmp_path / "encoder")
    address = log_encoder(tmp_path / "encoder")
    model = mlflow.artifacts.download_artifacts(address)
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(unused_port)]
    # MLflow looks for uvicorn where an environment that is activated has it
    there = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    server = subprocess.Popen(command, env={**os.environ, "PATH": there})
    try:
        where, deadline = f"http://127.0.0.1:{unused_port}", time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urlopen(f"{where}/ping", timeout=5)
                break
            except URLError:
                time.sleep(0.5)
        example = mlflow.pyfunc.load_model(address).input_example
        asked = {name: values.tolist() for name, values in example.items()}
        asked["reflectance"][0][3] = [None] * len(asked["bands"])  # a cloud
        asked["reflectance"][1] = [[None] * len(asked["bands"])] * len(asked["dates"])
        answered = ask(f"{where}/invocations", {"inputs": asked, "params": {"season": ""}})
    finally:
        server.terminate()
        server.wait(timeout=30)
    example["reflectance"][0, 3] = example["reflectance"][1] = np.nan
    expected = pimc.load_encoder(tmp_path / "encoder").embed(**example)
    np.testing.assert_allclose(np.array(answered, float), expected, rtol=1e-6)
    assert np.isnan(expected[1]).all()
