"""Encoders on disk: ``weights.safetensors`` beside ``encoder.json``, never a pickled object."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from pimc.data.atomic import replacing
from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.json_file import read_json
from pimc.data.regular_file import check_regular, told
from pimc.model.backbone.network import Backbone
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder

VERSION = 1
"""Of the layout of ``encoder.json`` and of the names of the weights."""

WEIGHTS = "weights.safetensors"
CONFIG = "encoder.json"

FACTS = {"kind", "version", "config"}
"""What ``encoder.json`` states of any encoder; since encoders have a digest, that too."""

DIGEST = "digest"
ANEW = "pretrain it anew"

LARGEST = 2**33
"""Bytes of weights; those of the largest preset have 20 million."""


def save_encoder(encoder: SeriesEncoder | ImageEncoder, folder: Path | str) -> None:
    """Write an encoder to a folder as one: a cut leaves the former encoder, none, or this one.

    Raises:
        ValueError: if a weight is not finite; what lies in the folder stays.
        DiskError: if the disk is full or the folder cannot be written; likewise.
    """
    folder = Path(folder)
    weights = {name: value.contiguous() for name, value in encoder.state_dict().items()}
    _check_finite(weights, "the encoder to be saved")
    content = save(weights)
    facts = {"kind": encoder.kind, "version": VERSION, "config": encoder.config.to_json()}
    stored = json.loads(json.dumps(facts))
    stored[DIGEST] = _digest(stored, content)
    # they are renamed from the last to the first: weights, then configuration
    with replacing(folder / CONFIG) as config, replacing(folder / WEIGHTS, len(content)) as file:
        file.write_bytes(content)
        config.write_text(json.dumps(stored, indent=2))
        # a folder without a configuration holds no encoder, least of all one of two halves
        (folder / CONFIG).unlink(missing_ok=True)


def load_encoder(folder: Path | str) -> SeriesEncoder | ImageEncoder:
    """Read an encoder that ``save_encoder`` wrote, on the CPU, in evaluation mode.

    Raises:
        FileNotFoundError: if the folder holds no encoder.
        ValueError: if it is of another kind or version, its weights do not fit or are not finite,
            or either file is not as it was written; encoders of before digests state none.
    """
    folder = Path(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).exists():
            raise FileNotFoundError(
                f"no encoder in {folder}: {name} is missing; pretrain one, or name a folder "
                f"that holds {CONFIG} and {WEIGHTS}"
            )
    check_regular(folder / WEIGHTS, "weights of an encoder", LARGEST)
    stored = read_json(folder / CONFIG, dict, ANEW, FACTS)
    size = (folder / WEIGHTS).stat().st_size
    encoder, content = _build(folder / CONFIG, stored, size), (folder / WEIGHTS).read_bytes()
    fitting = f"weights of the {encoder.kind} encoder of {CONFIG} beside it"
    anew = f"was it written by another version of this project? then {ANEW}"
    with told(folder / WEIGHTS, fitting, anew):
        weights = load(content)
        encoder.load_state_dict(weights)
    _check_finite(weights, str(folder / WEIGHTS))
    if stored.get(DIGEST, whole := _digest(stored, content)) != whole:
        raise ValueError(
            f"{folder}: expected {CONFIG} and {WEIGHTS} as they were written together, digest "
            f"{stored[DIGEST]}, got {whole}: one of them was changed since; {ANEW}"
        )
    return encoder.eval()


def _digest(stored: Mapping[str, Any], weights: bytes) -> str:
    """16 hexadecimal digits of what both files hold, the digest itself left out."""
    facts = {name: value for name, value in stored.items() if name != DIGEST}
    hashed = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    hashed.update(weights)
    return hashed.hexdigest()[:16]


def _check_finite(weights: Mapping[str, Tensor], what: str) -> None:
    if bad := [name for name, value in weights.items() if not torch.isfinite(value).all()]:
        raise ValueError(
            f"{what}: expected finite weights, got NaN or infinite ones in {', '.join(bad)}: no "
            f"embedding would mean anything; {ANEW}"
        )


def _build(path: Path, stored: Mapping[str, Any], size: int) -> SeriesEncoder | ImageEncoder:
    """An encoder with random weights from its configuration, if they go into ``size`` bytes."""
    kind, version, config = stored["kind"], stored["version"], stored["config"]
    if version != VERSION:
        raise ValueError(f"{path}: expected an encoder of version {VERSION}, got {version}; {ANEW}")
    with told(path, "the configuration of an encoder", ANEW):
        make: Callable[[], SeriesEncoder | ImageEncoder]
        if kind == SeriesEncoder.kind:
            make = partial(SeriesEncoder, SeriesEncoderConfig.from_json(config))
        elif kind == ImageEncoder.kind:
            make = partial(ImageEncoder, ImageEncoderConfig.from_json(config))
        else:
            raise ValueError(f"an encoder of kind {kind!r}, neither series nor image")
        with torch.device("meta"):  # sizes alone: nothing is allocated
            needed = sum(each.nbytes for each in make().state_dict().values())
        if needed > size:
            raise ValueError(
                f"{path}: its encoder has {needed:,} bytes of weights, {WEIGHTS} beside it has "
                f"{size:,} bytes; {ANEW}"
            )
        return make()


def encoder_digest(encoder: SeriesEncoder | ImageEncoder | Backbone) -> str:
    """16 hexadecimal digits that change with an encoder's configuration or weights."""
    weights = encoder.state_dict()
    configuration = json.dumps(encoder.config.to_json(), sort_keys=True)
    values = array_digest(*(weights[name].cpu().numpy() for name in sorted(weights)))
    return fingerprint(configuration, sorted(weights), values)
