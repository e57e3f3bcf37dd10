"""Encoders on disk: ``weights.safetensors`` beside ``encoder.json``, never a pickled object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from pimc.data.atomic import replace_text, temporary_sibling
from pimc.data.fingerprint import array_digest, fingerprint
from pimc.model.backbone.network import Backbone
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder

VERSION = 1
"""Of the layout of ``encoder.json`` and of the names of the weights."""

WEIGHTS = "weights.safetensors"
CONFIG = "encoder.json"


def save_encoder(encoder: SeriesEncoder | ImageEncoder, folder: Path | str) -> None:
    """Write an encoder to a folder, each file whole or not at all.

    The configuration is written last: a folder without it holds no encoder.
    """
    folder = Path(folder)
    weights = {name: value.contiguous() for name, value in encoder.state_dict().items()}
    stored = {"kind": encoder.kind, "version": VERSION, "config": encoder.config.to_json()}
    temporary = temporary_sibling(folder / WEIGHTS)
    save_file(weights, temporary)
    temporary.replace(folder / WEIGHTS)
    replace_text(folder / CONFIG, json.dumps(stored, indent=2))


def load_encoder(folder: Path | str) -> SeriesEncoder | ImageEncoder:
    """Read an encoder that ``save_encoder`` wrote, on the CPU, in evaluation mode.

    Raises:
        FileNotFoundError: if the folder holds no encoder.
        ValueError: if it is of another kind or version, or its weights do not fit.
    """
    folder = Path(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"no encoder in {folder}: {name} is missing; pretrain one, or name a folder "
                f"that holds {CONFIG} and {WEIGHTS}"
            )
    encoder = _build(folder / CONFIG)
    try:
        # copied out of the file's map: weights that are written anew must not change a model
        weights = {name: value.clone() for name, value in load_file(folder / WEIGHTS).items()}
        encoder.load_state_dict(weights)
    except (RuntimeError, SafetensorError) as error:
        raise ValueError(
            f"{folder / WEIGHTS} does not fit the {encoder.kind} encoder of {CONFIG} beside it "
            f"(written by another version of this project? then pretrain it anew): {error}"
        ) from error
    return encoder.eval()


def _build(path: Path) -> SeriesEncoder | ImageEncoder:
    """An encoder with random weights from its configuration file."""
    try:
        stored: dict[str, Any] = json.loads(path.read_text())
        kind, version, config = stored["kind"], stored["version"], stored["config"]
    except (json.JSONDecodeError, KeyError) as error:
        raise ValueError(
            f"{path} is no encoder's configuration: expected JSON with kind, version and config "
            f"({error!r})"
        ) from error
    if version != VERSION:
        raise ValueError(f"{path}: expected an encoder of version {VERSION}, got {version}")
    try:
        if kind == SeriesEncoder.kind:
            return SeriesEncoder(SeriesEncoderConfig.from_json(config))
        if kind == ImageEncoder.kind:
            return ImageEncoder(ImageEncoderConfig.from_json(config))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: the configuration of the {kind} encoder: {error!r}") from error
    raise ValueError(f"{path}: expected an encoder of kind series or image, got {kind!r}")


def encoder_digest(encoder: SeriesEncoder | ImageEncoder | Backbone) -> str:
    """16 hexadecimal digits that change with an encoder's configuration or weights."""
    weights = encoder.state_dict()
    configuration = json.dumps(encoder.config.to_json(), sort_keys=True)
    values = array_digest(*(weights[name].cpu().numpy() for name in sorted(weights)))
    return fingerprint(configuration, sorted(weights), values)
