"""Encoders as torch.export and ONNX have them, beside the encoders."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from cases.strangers import CALENDAR, LEVEL, make_image_encoder, make_series_encoder

from pimc.model.adapt import ResampledEncoder
from pimc.model.export import (
    FACTS,
    ONNX,
    TORCH,
    export_encoder,
    main,
    reading,
    run_onnx,
    to_onnx,
    trace,
)
from pimc.model.storage import encoder_digest, save_encoder
from pimc.signal.plot_kinds import PLOT_KINDS

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def of_kind(kind, **options):
    thresholds = (0.5, 0.9, 0.6, 1.1) if PLOT_KINDS[kind].thresholded else None
    dimension = 2 if PLOT_KINDS[kind].embedded else 1
    fitted = replace(LEVEL, kind=kind, thresholds=thresholds, dimension=dimension)
    return replace(fitted, **options)


ALL = {kind: of_kind(kind) for kind in PLOT_KINDS}
ALL |= {f"{kind}, observed": of_kind(kind, validity=True) for kind in ("level", "signed", "soft")}


def embed(encoder, inputs):
    with torch.inference_mode():
        return encoder(inputs).numpy()


def test_both_forms_of_a_series_encoder_are_the_encoder(tmp_path, capsys):
    encoder = make_series_encoder(ALL["signed, observed"])  # drawn another way where traced
    save_encoder(encoder, tmp_path / "encoder")
    main([str(tmp_path / "encoder"), str(tmp_path / "out")])
    written = capsys.readouterr().out.split()
    assert written == [str(tmp_path / "out" / name) for name in (ONNX, TORCH)]

    series = reading(encoder, 1000, seed=2).example
    expected = embed(encoder, series)
    assert expected.std(axis=0).min() > 1e-3  # each dimension tells series apart
    given = {FACTS: ""}
    program = torch.export.load(tmp_path / "out" / TORCH, extra_files=given).module()
    np.testing.assert_allclose(embed(program, series), expected, atol=1e-4)
    path = str(tmp_path / "out" / ONNX)
    np.testing.assert_allclose(run_onnx(path, series.numpy()), expected, atol=1e-4)
    np.testing.assert_allclose(run_onnx(path, series[:1].numpy()), expected[:1], atol=1e-4)

    said = json.loads(given[FACTS])
    assert said == json.loads(onnx.load(path).metadata_props[0].value)
    assert said["digest"] == encoder_digest(encoder)
    assert said["config"]["calendar"] == CALENDAR.to_json()


def test_an_image_encoder_is_exported_for_images_of_any_size():
    encoder = make_image_encoder()
    program = trace(encoder)
    model = to_onnx(encoder, program).SerializeToString()
    for shape in ((1000, 3, 9, 9), (1, 3, 8, 31)):
        images = 0.4 * torch.rand(shape, generator=torch.Generator().manual_seed(0))
        images[0, 1, :3, 2] = torch.nan
        expected = embed(encoder, images)
        np.testing.assert_allclose(embed(program.module(), images), expected, atol=1e-4)
        np.testing.assert_allclose(run_onnx(model, images.numpy()), expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(ALL))
def test_encoders_of_every_kind_are_exported(kind, tmp_path):
    encoder = make_series_encoder(ALL[kind])
    export_encoder(encoder, tmp_path)
    series = reading(encoder, 1000, seed=2).example
    found = run_onnx(str(tmp_path / ONNX), series.numpy())
    np.testing.assert_allclose(found, embed(encoder, series), atol=1e-4)


def test_what_is_no_encoder_as_it_was_pretrained_is_refused(tmp_path):
    encoder = ResampledEncoder(make_series_encoder(), replace(CALENDAR, step=10, length=36))
    with pytest.raises(TypeError, match="got ResampledEncoder: export the encoder that it was"):
        export_encoder(encoder, tmp_path)
    with pytest.raises(SystemExit, match=r"usage: python -m pimc.model.export"):
        main(["one"])


def test_an_export_that_differs_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("pimc.model.export.run_onnx", lambda model, inputs: np.ones((256, 12)))
    monkeypatch.setattr("pimc.model.export.to_onnx", lambda *_: onnx.ModelProto())
    with pytest.raises(ValueError, match=r"encoder.onnx: expected the encoder's .* to 0.0001, got"):
        export_encoder(make_series_encoder(), tmp_path)
    assert not list(tmp_path.iterdir())
