"""What others need to know of a kind of arm and of what arms read. No torch.

A kind is declared where it is fitted (``pimc.evaluation.probes``, ``pimc.evaluation.classify``,
``pimc.evaluation.forecast``), an input here: planner, tables and figures ask neither by its name.
"""

from __future__ import annotations

from dataclasses import dataclass

PRETRAINED, RANDOM = "pretrained", "random"
"""Encoders of ours: as they were trained, or of the same architecture with first weights."""

BACKBONE, RANDOM_BACKBONE = "backbone", "random_backbone"
"""Encoders of others (``pimc.model.backbone``), which an arm names: theirs, or first weights."""

NETWORK = "network"
"""The kind that is trained by gradients; its encoder is changed with it."""

TRIVIAL, BASELINE, CONTROL = "trivial", "baseline", "control"
FIRST_WEIGHTS, PEER = "first weights", "peer"
"""Roles of an arm in a comparison; that of an encoder's arm is the encoder's own."""


@dataclass(frozen=True)
class Kind:
    """How an arm learns.

    Attributes:
        deterministic: one training set gives one result, so that a second seed would add none.
        trivial: it knows no more than a mean.
        epochs: it is trained for epochs, which an effort limits.
        raw: it reads series or images themselves, no vectors such as embeddings.
    """

    deterministic: bool = False
    trivial: bool = False
    epochs: bool = False
    raw: bool = False


@dataclass(frozen=True)
class Input:
    """What an arm reads.

    Attributes:
        encoder: whose embedding; None for none.
        crops: whose image encoder's embedding of the crops around a pixel (their mean over its
            clear dates); None for none.
        series: whether the series themselves are read, alone or beside the encoder.
        control: of ``pimc.model.heads.CONTROLS``, in the place of the encoder's plots.
        trivial: it tells no more than a mean.
        bands: whether the series of all bands of the source are read, alone or beside the encoder.
        embeddings: whether others' embeddings are read, alone or beside ours, from the file that
            the arm names.
    """

    encoder: str | None = None
    crops: str | None = None
    series: bool = False
    control: str | None = None
    trivial: bool = False
    bands: bool = False
    embeddings: bool = False

    @property
    def encoders(self) -> set[str]:
        """Whose encoders it reads."""
        return {each for each in (self.encoder, self.crops) if each is not None}

    @property
    def fixed(self) -> bool:
        """Whether nothing in it is drawn from a seed."""
        return self.control is None and self.encoders <= {PRETRAINED, BACKBONE}

    @property
    def learned(self) -> bool:
        """Whether an encoder is read as it was trained before, here or by others."""
        return bool(self.encoders & {PRETRAINED, BACKBONE})

    @property
    def role(self) -> str:
        """What an arm that reads it is in a comparison."""
        if self.trivial:
            return TRIVIAL
        if self.control:
            return CONTROL
        if self.embeddings:
            return PEER
        if self.encoders & {RANDOM, RANDOM_BACKBONE}:
            return FIRST_WEIGHTS
        return self.encoder or self.crops or BASELINE


SERIES_INPUTS = {
    "series": Input(series=True),
    "pretrained": Input(PRETRAINED),
    "random": Input(RANDOM),
    "pretrained_with_series": Input(PRETRAINED, series=True),
    "random_with_series": Input(RANDOM, series=True),
    "pretrained_shuffled": Input(PRETRAINED, control="shuffled"),
    "pretrained_noise": Input(PRETRAINED, control="noise"),
    "random_shuffled": Input(RANDOM, control="shuffled"),
    "random_noise": Input(RANDOM, control="noise"),
}
"""Inputs of arms on series, by name."""

PIXEL_INPUTS = {
    **SERIES_INPUTS,
    "bands": Input(bands=True),
    "pretrained_with_bands": Input(PRETRAINED, bands=True),
    "random_with_bands": Input(RANDOM, bands=True),
    "embeddings": Input(embeddings=True),
    "embeddings_with_series": Input(embeddings=True, series=True),
    "embeddings_with_pretrained": Input(PRETRAINED, embeddings=True),
}
"""Inputs of arms that tell classes of pixels, by name. Of a forecast's context there are neither
bands nor embeddings: these have seen what comes after."""

IMAGED_INPUTS = {
    **PIXEL_INPUTS,
    "pretrained_image": Input(crops=PRETRAINED),
    "random_image": Input(crops=RANDOM),
    "pretrained_both": Input(PRETRAINED, crops=PRETRAINED),
    "random_both": Input(RANDOM, crops=RANDOM),
}
"""The same, where there is an encoder of the images around a pixel too."""

IMAGE_INPUTS = {
    "statistics": Input(trivial=True),
    "pretrained": Input(PRETRAINED),
    "random": Input(RANDOM),
    "backbone": Input(BACKBONE),
    "random_backbone": Input(RANDOM_BACKBONE),
}
"""Inputs of arms on images, by name."""

INPUTS = {"": Input(), **IMAGED_INPUTS, **IMAGE_INPUTS}
"""All of them; the empty name stands for an arm that names none."""
