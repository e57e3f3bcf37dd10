"""Blocks of a map: each embedded and stored by itself, so that a cut run goes on where it stopped.

While a block goes through the encoder, the series of the next one are made and the last one is
written: reading and writing cost no time of their own where there is a second core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from pimc.compute.options import ComputeOptions
from pimc.compute.pieces import Piece
from pimc.compute.run import run_pieces
from pimc.data.file_name import file_name
from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.kept import is_kept
from pimc.data.tensor_file import map_tensors, read_tensors, write_tensors
from pimc.mapping.ground import Embedder, Ground, Window, count_bytes, cut_windows
from pimc.mapping.options import FLOAT32, MapOptions
from pimc.mapping.quantise import dequantise, quantise

BLOCK_VERSION = 1
"""Raise it when the code gives other blocks from the same images, encoder and options."""


@dataclass(frozen=True)
class BlockPlace:
    """Where blocks lie and are made.

    Attributes:
        folder: of all maps.
        compute: where they are embedded.
    """

    folder: Path
    compute: ComputeOptions = field(default_factory=ComputeOptions)


@dataclass(frozen=True, eq=False)
class GroundBlocks:
    """All blocks of a place and season.

    Attributes:
        ground: that they are of.
        windows: of each block.
        embedder: gives their embeddings.
        options: of the map.
        encoder: digest of the encoder.
    """

    ground: Ground
    windows: Sequence[Window]
    embedder: Embedder
    options: MapOptions
    encoder: str

    @property
    def pixels(self) -> int:
        """Of the place."""
        return sum(window.size for window in self.windows)

    @cached_property
    def key(self) -> str:
        """Changes whenever a block would hold something else."""
        options, projection = self.options, self.embedder.projection
        return fingerprint(
            BLOCK_VERSION,
            self.ground.fingerprint,
            self.encoder,
            (options.stored_as, options.block, options.branch, options.precision),
            None if projection is None else array_digest(*projection),
        )


@dataclass(frozen=True, eq=False)
class Block:
    """One block as it is stored.

    Attributes:
        window: of the place.
        embedding: P x D int8 codes, or float32.
        scale: P float32 of the codes; ones where embeddings are float32; NaN for no data.
        observations: P uint8.
    """

    window: Window
    embedding: np.ndarray
    scale: np.ndarray
    observations: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """Embeddings P x D float32, NaN for no data, as they are read back."""
        if self.embedding.dtype == np.float32:
            return np.asarray(self.embedding)
        return dequantise(self.embedding, self.scale)

    def take(self, cells: np.ndarray) -> np.ndarray:
        """Embeddings of some of its pixels, n x D float32."""
        if self.embedding.dtype == np.float32:
            return np.asarray(self.embedding[cells])
        return dequantise(self.embedding[cells], self.scale[cells])

    @property
    def has_data(self) -> np.ndarray:
        """P bool."""
        known: np.ndarray = np.isfinite(self.scale)
        return known


def plan_blocks(
    grounds: Sequence[Ground], embedder: Embedder, options: MapOptions, encoder: str
) -> list[GroundBlocks]:
    """The blocks of every place and season."""
    return [
        GroundBlocks(
            ground,
            tuple(cut_windows(ground.place.grid.shape, options.block)),
            embedder,
            options,
            encoder,
        )
        for ground in grounds
    ]


@dataclass(frozen=True, eq=False)
class BlockStore:
    """Blocks on disk, one file each, in a folder that their content names.

    Attributes:
        folder: of all maps.
        blocks: that are wanted.
    """

    folder: Path
    blocks: GroundBlocks = field(repr=False)

    @property
    def path(self) -> Path:
        """Of these blocks."""
        return self.folder / f"{file_name(self.blocks.ground.name)}-{self.blocks.key}"

    def file(self, window: Window) -> Path:
        """Of one block."""
        return self.path / f"r{window.row:06d}_c{window.col:06d}.safetensors"

    @property
    def pixel_bytes(self) -> int:
        """Of a pixel in a block, header apart."""
        values = 4 if self.blocks.options.stored_as == FLOAT32 else 1
        return values * self.blocks.embedder.size + 5

    def missing(self) -> list[Window]:
        """Blocks that are not there, or not whole."""
        return [
            window for window in self.blocks.windows if not is_kept(self.file(window), read_tensors)
        ]

    def window_at(self, row: int, col: int) -> Window:
        """The block that begins at a row and column."""
        side, (rows, cols) = self.blocks.options.block, self.blocks.ground.place.grid.shape
        return Window(row, col, min(side, rows - row), min(side, cols - col))

    def read(self, window: Window) -> Block:
        """A block, its arrays as memory maps."""
        _, arrays = map_tensors(self.file(window))
        return Block(window, **arrays)

    def __iter__(self) -> Iterator[Block]:
        """All blocks, row by row."""
        return map(self.read, self.blocks.windows)


def make_block(blocks: GroundBlocks, window: Window, made: Any) -> Block:  # noqa: ANN401
    """Embed the series of a block."""
    embedding = blocks.embedder.embed(made)
    if blocks.options.stored_as == FLOAT32:
        known = np.isfinite(embedding[:, 0])
        scale = np.where(known, np.float32(1), np.float32(np.nan))
    else:
        embedding, scale = quantise(embedding)
    return Block(window, embedding, scale, count_bytes(made.counts))


def write_block(path: Path, block: Block) -> None:
    """Write a block, whole or not at all."""
    names = ("embedding", "scale", "observations")
    write_tensors(path, {name: getattr(block, name) for name in names}, {})


def make_missing(store: BlockStore, missing: Sequence[Window] | None = None) -> Iterator[Window]:
    """Make and write the blocks that are missing; gives the window of each, once it is on disk.

    Args:
        store: of the blocks.
        missing: as ``store.missing`` gave it; None asks.
    """
    blocks, wanted = store.blocks, store.missing() if missing is None else missing
    with ThreadPoolExecutor(1) as readers, ThreadPoolExecutor(1) as writers:
        ahead = iter(wanted)
        series: list[tuple[Window, Future[Any]]] = []
        written: tuple[Window, Future[None]] | None = None

        def read_on() -> None:
            if (window := next(ahead, None)) is not None:
                series.append((window, readers.submit(blocks.ground.series, window)))

        read_on()
        while series:
            window, made = series.pop(0)
            ready = made.result()
            read_on()  # its series are made while this one is embedded
            block = make_block(blocks, window, ready)
            if written is not None:
                written[1].result()
                yield written[0]
            written = window, writers.submit(write_block, store.file(window), block)
        if written is not None:
            written[1].result()
            yield written[0]


def make_all(
    wanted: Sequence[tuple[BlockStore, Sequence[Window]]],
    place: BlockPlace,
    told: Callable[[Window], None],
) -> None:
    """Make and write blocks of several places, where ``place`` says.

    Args:
        wanted: blocks of each place.
        place: of all blocks.
        told: is called with each window whose block is on disk.
    """
    if place.compute.here:
        for store, missing in wanted:
            for window in make_missing(store, missing):
                told(window)
        return
    windows = {
        _piece_name(store, window): (store, window)
        for store, missing in wanted
        for window in missing
    }

    @contextmanager
    def follow(name: str) -> Iterator[Callable[[object], None]]:
        yield lambda _: told(windows[name][1])

    pieces = (_piece(name, *each) for name, each in windows.items())
    run_pieces(pieces, place.compute, place.folder, follow)


def _piece_name(store: BlockStore, window: Window) -> str:
    return f"{store.blocks.ground.name}, {store.file(window).stem}"


def _piece(name: str, store: BlockStore, window: Window) -> Piece[Block, None]:
    return Piece(
        name,
        partial(_make_alone, store.blocks, window),
        partial(write_block, store.file(window)),
    )


def _make_alone(blocks: GroundBlocks, window: Window) -> Block:
    return make_block(blocks, window, blocks.ground.series(window))
