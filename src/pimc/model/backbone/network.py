"""Image networks of others, by their name in timm, with weights from a file."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from pimc.model.backbone.checkpoint import read_weights
from pimc.model.backbone.options import BackboneOptions
from pimc.model.encoder_config import check_normalisable
from pimc.model.normalisation import BandNormalisation

logger = logging.getLogger(__name__)

SHOWN = 3
"""Names that an error lists of many."""


@dataclass(frozen=True)
class BackboneConfig:
    """What a backbone is built from.

    Attributes:
        model: name of the network in timm.
        bands: names of the C bands, in order.
        mean: of each band, in the units of the images; subtracted.
        std: of each band; divided by.
        arguments: of ``timm.create_model`` besides.
    """

    model: str
    bands: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)

    trained_on: ClassVar[None] = None
    """Ground that it has seen: a file of weights does not tell."""

    unpaired: ClassVar[None] = None
    """Images without series that it has seen, likewise."""

    def __post_init__(self) -> None:
        """Check that every band can be normalised."""
        check_normalisable(self.bands, self.mean, self.std)

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return asdict(self)


class Backbone(nn.Module):
    """Image -> embedding by a network of timm without its head; first weights until loaded."""

    def __init__(self, config: BackboneConfig):
        """Build the network.

        Raises:
            ImportError: where timm is missing or does not load.
            ValueError: for a model or arguments that timm does not know, or a model whose input
                is read by anything but convolutions.
        """
        super().__init__()
        self.config = config
        self.normalised = BandNormalisation(config.mean, config.std)
        self.network = _build_network(config)
        first = self.network.default_cfg["first_conv"]
        names = (first,) if isinstance(first, str) else tuple(first)
        self.stems = tuple(f"network.{name}.weight" for name in names)
        """Names of the weights of the first convolutions, which read the bands."""
        weights = [self.state_dict().get(name) for name in self.stems]
        if not weights or any(w is None or w.shape[1] != len(config.bands) for w in weights):
            raise ValueError(
                f"{config.model} does not read its bands by first convolutions that timm names "
                f"({', '.join(names) or 'none'}); take another model"
            )

    @property
    def embedding_size(self) -> int:
        """Length of the embedding."""
        size: int = self.network.head_hidden_size
        return size

    def forward(self, reflectance: Tensor) -> Tensor:
        """Embed images.

        Args:
            reflectance: B x C x h x w float, bands and units as in ``config``. NaN is missing
                data and becomes the band's mean.

        Returns:
            B x embedding_size.

        Raises:
            ValueError: for another number of bands.
        """
        bands, shape = self.config.bands, tuple(reflectance.shape)
        if len(shape) != 4 or shape[1] != len(bands):
            raise ValueError(
                f"expected images of B x {len(bands)} bands ({', '.join(bands)}) x rows x columns, "
                f"got shape {shape}"
            )
        out: Tensor = self.network(self.normalised(reflectance))
        return out


def load_backbone(options: BackboneOptions, side: int) -> Backbone:
    """A backbone with the weights of its file, in evaluation mode; its bands are not normalised.

    What the file holds besides (heads, projections, another encoder) is left and counted in the
    log.

    Args:
        options: of the backbone.
        side: rows and columns of the images that it is to read.

    Raises:
        ImportError: where timm is missing or does not load.
        FileNotFoundError: without a file of weights.
        ValueError: if the file lacks a weight, if one has another shape, or if the network does
            not read images of that side.
    """
    count = len(options.bands)
    backbone = Backbone(
        BackboneConfig(
            options.model, options.bands, (0.0,) * count, (1.0,) * count, options.arguments
        )
    )
    stored = read_weights(Path(options.weights))
    found = {
        name.removeprefix(options.prefix): value
        for name, value in stored.items()
        if name.startswith(options.prefix)
    }
    _check_shapes(backbone, found, options.weights)
    # torch lets the count of batches of a normalisation be missing: old files have none
    loaded = backbone.network.load_state_dict(found, strict=False)
    if missing := loaded.missing_keys:
        alike = [name for name in stored if name.endswith(missing[0])]
        raise ValueError(
            f"{options.weights} lacks {len(missing)} of the {len(backbone.network.state_dict())} "
            f"weights of {options.model} ({_first(missing)}) with the prefix {options.prefix!r}; "
            f"it has {_first(alike or list(stored))}"
        )
    _check_embedding(backbone, side)
    logger.info(
        "%s: weights of %s; %d others in the file are left",
        options.model,
        options.weights,
        len(loaded.unexpected_keys) + len(stored) - len(found),
    )
    return backbone


def _build_network(config: BackboneConfig) -> Any:  # noqa: ANN401  timm's classes share no type
    try:
        import timm
    except Exception as error:  # beside another torch, torchvision fails with a RuntimeError
        raise ImportError(
            f"{config.model} is a network of timm, which does not load ({error}): pip install "
            '-e ".[backbones]", and take a torchvision that fits torch'
        ) from error
    try:
        return timm.create_model(
            config.model,
            pretrained=False,
            num_classes=0,
            in_chans=len(config.bands),
            **config.arguments,
        )
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"timm builds no {config.model} with arguments {dict(config.arguments)}: {error}"
        ) from error


def _check_shapes(backbone: Backbone, found: Mapping[str, Tensor], path: str) -> None:
    """Refuse weights of other shapes."""
    model, bands = backbone.config.model, backbone.config.bands
    for name, weight in backbone.network.state_dict().items():
        if name not in found or found[name].shape == weight.shape:
            continue
        here, there = tuple(weight.shape), tuple(found[name].shape)
        if f"network.{name}" in backbone.stems and here[2:] == there[2:]:
            raise ValueError(
                f"the first convolution in {path} reads {there[1]} bands, and {len(bands)} are "
                f"named ({', '.join(bands)}): name all that it reads, in its order"
            )
        raise ValueError(
            f"{name} is {there} in {path} and {here} in {model} with arguments "
            f"{dict(backbone.config.arguments)}: another model, or other arguments"
        )


def _check_embedding(backbone: Backbone, side: int) -> None:
    """Embed one blank image: networks of a fixed size refuse all others only when they read one."""
    config, blank = backbone.config, torch.zeros(1, len(backbone.config.bands), side, side)
    try:
        with torch.inference_mode():
            shape = tuple(backbone.eval()(blank).shape)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"{config.model} does not read images of {side} x {side} pixels; its arguments may "
            f"change that (dynamic_img_size: true of a vision transformer): {error}"
        ) from error
    if shape != (1, backbone.embedding_size):
        raise ValueError(
            f"expected {config.model} to give an embedding of length {backbone.embedding_size}, "
            f"got shape {shape}; its arguments were {dict(config.arguments)}"
        )


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")
