"""Networks of the tasks: an encoder and a head, and the one-dimensional peer of the encoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class SeriesNetwork(nn.Module):
    """Series -> embedding by convolutions in time, after TempCNN.

    Pelletier et al. 2019 (doi 10.3390/rs11050523): three convolutions over five dates with 64
    filters, batch normalisation and dropout, then a dense layer over all dates.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        length: int,
        width: int = 64,
        embedding_size: int = 256,
        dropout: float = 0.3,
    ):
        """Build the network.

        Args:
            mean: of each of the I indices over training series; subtracted.
            std: of each index; divided by.
            length: L, dates of a series.
            width: filters of a convolution.
            embedding_size: of the dense layer.
            dropout: share of activations that are dropped after each layer.
        """
        super().__init__()
        for name, values in (("mean", mean), ("std", std)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32)[:, None])
        layers: list[nn.Module] = []
        for inputs in (len(mean), width, width):
            layers += [
                nn.Conv1d(inputs, width, 5, padding=2, bias=False),
                nn.BatchNorm1d(width),
                nn.ReLU(),
                nn.Dropout(dropout),
            ]
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(width * length, embedding_size), nn.ReLU()
        )
        self.embedding_size = embedding_size

    def forward(self, series: Tensor) -> Tensor:
        """B x I x L float32 -> B x embedding_size; a row more, of observed dates, is not read."""
        indices = series[:, : len(self.mean)]
        out: Tensor = self.dense(self.convolutions((indices - self.mean) / self.std))
        return out


class TaskNetwork(nn.Module):
    """An encoder and linear heads, one for each view of the input.

    The branches of an encoder and a second encoder beside it are views of one input, and the
    outputs of their heads are averaged. Each learns as if it were alone: heads that read several
    views at once let the one that fits the training samples faster keep the others from learning
    (Wang et al. 2020, arXiv 1905.12681).
    """

    def __init__(
        self,
        encoder: nn.Module,
        sizes: Sequence[int],
        outputs: int,
        beside: SeriesNetwork | None = None,
        mixed: bool = False,
        dropout: float = 0.3,
    ):
        """Build the network.

        Args:
            encoder: inputs to B x size.
            sizes: of the parts of the encoder's embedding, one a branch.
            outputs: numbers for each input: classes, or values to forecast.
            beside: a second encoder of the same inputs.
            mixed: whether all but the heads compute in bfloat16.
            dropout: share of an embedding that is dropped in training.
        """
        super().__init__()
        self.encoder, self.beside, self.sizes = encoder, beside, list(sizes)
        self.mixed = mixed
        widths = self.sizes if beside is None else [*self.sizes, beside.embedding_size]
        self.heads = nn.ModuleList(_head(width, outputs, dropout) for width in widths)

    @property
    def reads_observed(self) -> bool:
        """Whether a row of observed dates below the series changes the outputs."""
        return bool(getattr(self.encoder, "reads_observed", False))

    def forward(self, inputs: Tensor) -> Tensor:
        """B x ... inputs -> B x outputs; of several views in training B x views x outputs."""
        device = next(self.parameters()).device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.mixed):
            embedded = list(torch.split(self.encoder(inputs), self.sizes, dim=1))
            if self.beside is not None:
                embedded.append(self.beside(inputs))
        parts = zip(self.heads, embedded, strict=True)
        views: list[Tensor] = [head(part.float()) for head, part in parts]
        if len(views) == 1:
            return views[0]
        stacked = torch.stack(views, dim=1)
        return stacked if self.training else stacked.mean(dim=1)


def _head(size: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(size), nn.Dropout(dropout), nn.Linear(size, outputs))


class ShuffledPlots(nn.Module):
    """Control: the cells of each plot in random order; values stay, structure goes."""

    def __init__(self, plots: nn.Module, seed: int = 0):
        super().__init__()
        self.plots, self.seed = plots, seed

    def forward(self, series: Tensor) -> Tensor:
        """B x I x L -> B x channels x L' x L'."""
        cells = self.plots(series).flatten(2)
        generator = torch.Generator(cells.device).manual_seed(self.seed)
        keys = torch.rand((len(cells), 1, cells.shape[2]), generator=generator, device=cells.device)
        order = keys.argsort(dim=2).expand_as(cells)
        side = round(cells.shape[2] ** 0.5)
        shuffled: Tensor = cells.gather(2, order).unflatten(2, (side, side))
        return shuffled


class NoisePlots(nn.Module):
    """Control: noise in the place of plots, which tells nothing of the series.

    The noise of a sample hangs on its place in the batch; what is learned from it is chance.
    """

    def __init__(self, plots: nn.Module, seed: int = 0):
        super().__init__()
        self.plots, self.seed = plots, seed

    def forward(self, series: Tensor) -> Tensor:
        """B x I x L -> B x channels x L' x L'."""
        drawn = self.plots(series)
        generator = torch.Generator(drawn.device).manual_seed(self.seed)
        return torch.rand(drawn.shape, generator=generator, device=drawn.device)


CONTROLS: dict[str, type[ShuffledPlots] | type[NoisePlots]] = {
    "shuffled": ShuffledPlots,
    "noise": NoisePlots,
}
"""Controls that take the place of an encoder's plots."""
