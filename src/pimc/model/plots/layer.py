"""Images of series drawn batched, inside the forward pass, on the series' own device.

Storing plots costs 60 times the bytes of their series and reading them back is slower than
drawing them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pimc.model.plots.compiled import draw_compiled
from pimc.model.plots.drawings import DRAWINGS
from pimc.signal.recurrence import Recurrence


class ScaledSeries(nn.Module):
    """Series in the units of a fitted transform, and their row of observed dates."""

    centre: Tensor
    scale: Tensor

    def __init__(self, recurrence: Recurrence):
        super().__init__()
        self.indices = recurrence.indices
        # the transform travels in the encoder's JSON: its numbers are no weights
        self.register_buffer("centre", _column(recurrence.centre), persistent=False)
        self.register_buffer("scale", _column(recurrence.scale), persistent=False)

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """Scale the indices and split off the row that tells which dates were observed.

        Args:
            series: B x I x L floating point, in the order of the transform's indices; or
                B x (I + 1) x L, where the last row is 1 at observed and 0 at filled dates.

        Returns:
            Scaled B x I x L, and observed B x 1 x L, both of the series' dtype. Without the row
            every date counts as observed.

        Raises:
            ValueError: if the series are of another number of indices.
        """
        count = len(self.indices)
        if series.ndim != 3 or series.shape[1] not in {count, count + 1}:
            raise ValueError(
                f"expected series B x {count} x L ({', '.join(self.indices)}), or a row more "
                f"that is 1 at observed dates, got shape {tuple(series.shape)}"
            )
        values = series[:, :count]
        scaled = (values - self.centre.to(series.dtype)) / self.scale.to(series.dtype)
        if series.shape[1] > count:
            return scaled, series[:, count:]
        return scaled, torch.ones_like(values[:, :1])


class RecurrencePlots(nn.Module):
    """Series in, image channels out: one fitted recurrence transform, drawn as a layer.

    Attributes:
        recurrence: the fitted transform.
        channels: number of image channels drawn of the I indices.
    """

    thresholds: Tensor

    def __init__(self, recurrence: Recurrence) -> None:
        super().__init__()
        self.recurrence = recurrence
        self.channels = len(recurrence.channels)
        self.scaled = ScaledSeries(recurrence)
        self.register_buffer("thresholds", _column(recurrence.thresholds or ()), persistent=False)

    def forward(self, series: Tensor, out: Tensor | None = None) -> Tensor:
        """Draw the plots of a batch.

        Args:
            series: B x I x L floating point, in the order of the transform's indices; or
                B x (I + 1) x L, where the last row is 1 at observed and 0 at filled dates. It is
                drawn where the transform has a channel of validity, and else ignored; without
                it every date counts as observed.
            out: B x channels x L' x L' to draw into, where no gradient is needed.

        Returns:
            B x channels x L' x L' of the series' dtype and device.

        Raises:
            ValueError: if the series are of another number of indices.
        """
        scaled, observed = self.scaled(series)
        # each index once for each of its thresholds: series are small beside plots
        scaled = scaled.repeat_interleave(self.recurrence.scales, dim=1)
        thresholds = self.thresholds.to(series.dtype)
        if not self.recurrence.validity:
            return self._draw(scaled, thresholds, out)
        if out is None and (series.requires_grad or torch.compiler.is_exporting()):
            drawn = self._draw(scaled, thresholds, None)
            return torch.cat([drawn, self._valid(observed)], dim=1)
        if out is None:  # drawn where they belong, plots are not copied
            side = self.recurrence.side(series.shape[-1])
            out = series.new_empty(len(series), self.channels, side, side)
        self._draw(scaled, thresholds, out[:, :-1])
        out[:, -1:] = self._valid(observed)
        return out

    def _draw(self, scaled: Tensor, thresholds: Tensor, out: Tensor | None) -> Tensor:
        drawn = draw_compiled(scaled, self.recurrence, thresholds, out)
        if drawn is not None:
            return drawn
        return DRAWINGS[self.recurrence.kind](scaled, self.recurrence, thresholds, out)

    def _valid(self, observed: Tensor) -> Tensor:
        """B x 1 x L -> B x 1 x L' x L', 1 where both trajectories were observed throughout."""
        dimension, delay = self.recurrence.dimension, self.recurrence.time_delay
        trajectories = observed.unfold(-1, (dimension - 1) * delay + 1, 1)[..., ::delay]
        whole = trajectories.amin(dim=-1)
        return whole.unsqueeze(-1) * whole.unsqueeze(-2)


def _column(values: tuple[float, ...]) -> Tensor:
    # not float64: some accelerators have none
    return torch.tensor(values, dtype=torch.float32)[:, None]
