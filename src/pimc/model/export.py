"""Encoders for programs that know neither this package nor, as ONNX, torch.

    python -m pimc.model.export data/06_models/simulated/series_encoder /my/folder

What is exported begins at the filled series (scaling, plots and all), or at the reflectance of
images (normalisation). Series are made of reflectance by ``pimc.load_encoder``.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from pimc import __version__
from pimc.data.atomic import replacing
from pimc.model.embedders.load import load_network
from pimc.model.encoders import SMALLEST_IMAGE, ImageEncoder, SeriesEncoder
from pimc.model.storage import encoder_digest

if TYPE_CHECKING:
    from onnx import ModelProto

TORCH, ONNX = "encoder.pt2", "encoder.onnx"

FACTS = "pimc"
"""Under which both files keep what the encoder reads, as JSON."""

TOLERANCE = 1e-4
"""What an export may differ by from the encoder."""

CHECKED = 256
"""Inputs that both are compared on."""


@dataclass(frozen=True)
class Reading:
    """What an encoder reads, as an exported program names it.

    Attributes:
        name: of the input.
        example: two or more inputs that are alike those it was trained on.
        axes: of the input, which may be of any length.
    """

    name: str
    example: Tensor
    axes: dict[int, Dim]


def reading(encoder: SeriesEncoder | ImageEncoder, count: int, seed: int = 0) -> Reading:
    """Random inputs about the mean and deviation of an encoder's training ground.

    Raises:
        TypeError: for a copy of an encoder that reads another calendar, or a network of others.
    """
    draw = torch.Generator().manual_seed(seed)
    if type(encoder) is ImageEncoder:
        shape = (count, len(encoder.config.bands), 2 * SMALLEST_IMAGE, 2 * SMALLEST_IMAGE + 1)
        sides = {2: Dim("rows", min=SMALLEST_IMAGE), 3: Dim("columns", min=SMALLEST_IMAGE)}
        noise = torch.randn(shape, generator=draw)
        images = encoder.normalised.mean + encoder.normalised.std * noise
        images[0, 0, :2, 3] = torch.nan  # as where there is no data
        return Reading("images", images, {0: Dim("images"), **sides})
    if type(encoder) is not SeriesEncoder:
        raise TypeError(
            f"expected an encoder of series or images as it was pretrained, got "
            f"{type(encoder).__name__}: export the encoder that it was made of"
        )
    recurrence, length = encoder.config.recurrence, encoder.config.calendar.length
    noise = torch.randn((count, len(recurrence.indices), length), generator=draw)
    centre, scale = (torch.tensor(v)[:, None] for v in (recurrence.centre, recurrence.scale))
    series = (centre + scale * noise).float()
    if encoder.reads_observed:
        observed = torch.rand((count, 1, length), generator=draw) > 0.4
        series = torch.cat([series, observed.float()], dim=1)
    return Reading("series", series, {0: Dim("pixels")})


def trace(encoder: SeriesEncoder | ImageEncoder) -> ExportedProgram:
    """An encoder as ``torch.export`` has it, of any number of inputs.

    Raises:
        TypeError: as in ``reading``.
    """
    read = reading(encoder.eval(), 3)  # neither 0 nor 1, which torch takes for a constant
    return torch.export.export(encoder, (read.example,), dynamic_shapes=(read.axes,))


def to_onnx(encoder: SeriesEncoder | ImageEncoder, program: ExportedProgram) -> ModelProto:
    """A traced encoder as ONNX, what it reads in its metadata.

    Raises:
        ImportError: without the extra ``export``.
    """
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(f'ONNX needs `pip install "pimc[export]"` ({error})') from error
    read = reading(encoder, 3)
    with _quiet():
        converted = torch.onnx.export(
            program,
            input_names=[read.name],
            output_names=["embedding"],
            dynamic_shapes=(read.axes,),
            dynamo=True,
            verbose=False,
        )
    if converted is None:
        raise RuntimeError("torch.onnx.export gave nothing")
    model: ModelProto = converted.model_proto
    model.metadata_props.add(key=FACTS, value=json.dumps(facts(encoder)))
    return model


def facts(encoder: SeriesEncoder | ImageEncoder) -> dict[str, Any]:
    """What an exported encoder says of itself: kind, digest, and its configuration but for ground.

    A series encoder's calendar and indices are those of the series that it reads; an image
    encoder's bands those of its images, reflectance 0..1.
    """
    config = {k: v for k, v in encoder.config.to_json().items() if k != "trained_on"}
    digest = encoder_digest(encoder)
    return {"kind": encoder.kind, "digest": digest, "version": __version__, "config": config}


def run_onnx(model: bytes | str, inputs: np.ndarray) -> np.ndarray:
    """Embeddings by onnxruntime on the CPU.

    Args:
        model: its content, or the path of a file.
        inputs: series or images, float32.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    embedded: np.ndarray = session.run(None, {session.get_inputs()[0].name: inputs})[0]
    return embedded


def export_encoder(encoder: SeriesEncoder | ImageEncoder, folder: Path | str) -> None:
    """Write an encoder for torch and as ONNX, each compared with the encoder first.

    Raises:
        TypeError: as in ``reading``.
        ImportError: without the extra ``export``.
        ValueError: if an export gives other embeddings than the encoder.
        DiskError: if the folder cannot be written.
    """
    program = trace(encoder)
    model = to_onnx(encoder, program).SerializeToString()
    given = reading(encoder, CHECKED, seed=1).example
    with torch.inference_mode():
        expected = encoder(given).numpy()
        traced = program.module()(given).numpy()
    for name, found in {TORCH: traced, ONNX: run_onnx(model, given.numpy())}.items():
        if not (apart := float(np.abs(found - expected).max())) <= TOLERANCE:
            raise ValueError(
                f"{name}: expected the encoder's embeddings to {TOLERANCE:g}, got some {apart:g} "
                "off: this encoder cannot be exported with the installed torch and onnxruntime"
            )
    with replacing(Path(folder) / ONNX, len(model)) as file:
        file.write_bytes(model)
    with replacing(Path(folder) / TORCH) as file, _quiet(), file.open("wb") as stream:
        torch.export.save(program, stream, extra_files={FACTS: json.dumps(facts(encoder))})


@contextmanager
def _quiet() -> Iterator[None]:
    """Without torch's warnings of its own parts, and of a torchvision that is not installed."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def main(arguments: list[str]) -> None:
    """``FOLDER OUT``: both forms of the encoder in FOLDER (or ``shipped``) to OUT."""
    if len(arguments) != 2:
        raise SystemExit("usage: python -m pimc.model.export FOLDER|shipped OUT")
    export_encoder(load_network(arguments[0]), arguments[1])
    sys.stdout.write(f"{Path(arguments[1]) / ONNX}\n{Path(arguments[1]) / TORCH}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
