"""The decoder of masked reconstruction; not part of the encoder."""

from __future__ import annotations

from torch import Tensor, nn


class SeriesDecoder(nn.Module):
    """Embedding -> every value of the series, in one hidden layer.

    The embedding is all that it sees: what it reconstructs must lie there. It is small, as the
    decoders of masked autoencoders are (He et al. 2022, section 4), so that the work is the
    encoder's.
    """

    def __init__(self, embedding_size: int, indices: int, length: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(embedding_size, 2 * embedding_size),
            nn.GELU(),
            nn.Linear(2 * embedding_size, indices * length),
            nn.Unflatten(1, (indices, length)),
        )

    def forward(self, embedding: Tensor) -> Tensor:
        """B x embedding_size -> B x indices x length."""
        out: Tensor = self.layers(embedding)
        return out
