"""What a training step costs beside its two encoders, and how fast samples reach an encoder.

    python benchmarks/bench_training_step.py [--preset small] [--rounds 15] [--threads 2]

With the options of conf/base but for what is trained: plots alone, on pairs alone, so that each
network goes forward once a step.

Prints two tables, medians of rounds in one process:

1. a training step of one batch (plots 3 x 61 x 61, crops 10 x 11 x 11) as Lightning runs it, and
   the share of it that the forward and backward pass of the two encoders' networks take;
2. samples a second to the input of the series encoder (plots) and of both encoders (plots and
   crops), composed, gathered and drawn a batch at a time, beside a torch Dataset that calls pyts
   for each sample and a DataLoader that stacks them.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from kedro.config import OmegaConfigLoader
from torch.utils.data import DataLoader, Dataset

from pimc.data.patch import SENTINEL2_BANDS
from pimc.model.architecture import PRESETS, find_preset
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.batches.loader import BatchLoader, PairModule, load_batch
from pimc.pretraining.batches.pairs import PairData, PairSampler
from pimc.pretraining.callbacks import BestWeights, TrainingRecord
from pimc.pretraining.fitting import fit
from pimc.pretraining.module import ContrastiveModule
from pimc.pretraining.objective.likeness import SeriesScale
from pimc.pretraining.options import PretrainingOptions
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence
from pimc.training.augment import to_reflectance

PROJECT = Path(__file__).parents[1]
PARAMETERS = OmegaConfigLoader(str(PROJECT / "conf"), base_env="base", default_run_env="base")[
    "parameters"
]
PATCHES, FRAMES, PIXELS, SIDE = 16, 4, 256, 128
INDICES = ("NDVI", "EVI", "SAVI")
CALENDAR = CalendarOptions()
KIND = PARAMETERS["recurrence"]["kind"]
RECURRENCE = Recurrence(INDICES, KIND, (0.0,) * 3, (1.0,) * 3, None, 1, 1, 0.25)


def make_data(folder: Path) -> PairData:
    """Noise of the size of 16 PASTIS patches, memory-mapped as in a run."""
    rng = np.random.default_rng(0)
    count = PATCHES * PIXELS
    patch = np.repeat(np.arange(PATCHES), PIXELS)
    row, col = rng.integers(7, SIDE - 7, (2, count))
    pixels = pd.DataFrame({"patch_index": patch, "row": row, "col": col, "y": row, "x": col})
    pixels["patch"] = pixels["place"] = patch.astype(str)
    pixels["parcel"] = rng.integers(0, 60, count)
    arrays = {
        "frames": rng.integers(
            0, 6000, (PATCHES * FRAMES, len(SENTINEL2_BANDS), SIDE, SIDE), dtype=np.int16
        ),
        "series": rng.random((count, len(INDICES), CALENDAR.length), dtype=np.float32),
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    mapped = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in arrays}
    choices = (FRAMES * patch[:, None] + np.arange(FRAMES)).astype(np.int32)
    return PairData(mapped["series"], pixels, mapped["frames"], choices)


def build(options: PretrainingOptions) -> ContrastiveModule:
    preset, bands = find_preset(options.preset), SENTINEL2_BANDS
    image = ImageEncoderConfig(preset.image, bands, (0.2,) * len(bands), (0.1,) * len(bands))
    series = SeriesEncoderConfig(preset.series, CALENDAR, RECURRENCE)
    scale = SeriesScale((0.0,) * len(INDICES), (1.0,) * len(INDICES))
    return ContrastiveModule(SeriesEncoder(series), ImageEncoder(image), options, scale)


class StepClock(TrainingRecord):
    """Times each step, and within it the forward and backward pass of the two networks.

    Both within one step, so that a busy machine slows both alike. The backward pass of the
    networks begins when the gradient of an embedding is there (heads and loss come before) and
    ends with the backward pass itself: nothing before the networks has weights.
    """

    def __init__(self, module: ContrastiveModule):
        super().__init__(lambda metrics, step: None, lambda module: {})
        self.steps: list[float] = []
        self.networks: list[float] = []
        self._end = self._started = self._gradient = 0.0
        self._within = 0.0
        for encoder in (module.series_encoder, module.image_encoder):
            encoder.network.register_forward_pre_hook(self._start)
            encoder.network.register_forward_hook(self._stop)

    def _start(self, *_: object) -> None:
        self._started = time.perf_counter()

    def _stop(self, network: object, inputs: object, embedding: torch.Tensor) -> None:
        self._within += time.perf_counter() - self._started
        if embedding.requires_grad:
            embedding.register_hook(self._arrive)

    def _arrive(self, gradient: torch.Tensor) -> None:
        self._gradient = self._gradient or time.perf_counter()

    def on_after_backward(self, trainer, pl_module):
        """The networks are done."""
        self._within += time.perf_counter() - self._gradient

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        """The step is done."""
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        now = time.perf_counter()
        self.steps.append(1e3 * (now - self._end))
        self.networks.append(1e3 * self._within)
        self._end, self._within, self._gradient = now, 0.0, 0.0


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def bench_step(data: PairData, options: PretrainingOptions, folder: Path) -> pd.DataFrame:
    """The median step, and how it divides."""
    module, sampler = build(options), PairSampler(data, options.batch)
    clock = StepClock(module)
    loader = BatchLoader(data, sampler.epoch(0, 1), options.batch.crop_side)
    batches = PairModule(data, sampler, options.steps_per_epoch, loader)
    fit(module, batches, [clock, BestWeights()], options, folder)
    # the first steps find memory and kernels
    step, networks = np.array(clock.steps[5:]), np.array(clock.networks[5:])
    outside = step - networks
    composing = milliseconds(lambda: sampler.epoch(1, 50)) / 50
    return pd.DataFrame(
        {
            "ms": [np.median(step), np.median(networks), np.median(outside), composing],
            "share of a step, %": [
                100.0,
                *(100 * np.median(part / step) for part in (networks, outside)),
                100 * composing / np.median(step),
            ],
        },
        index=["training step", "networks", "outside the networks", "of it: composing a batch"],
    )


class PlotDataset(Dataset):
    """The plots of one sample at a time, by pyts."""

    def __init__(self, data: PairData):
        self.data = data
        from pyts.image import RecurrencePlot

        self.plot = RecurrencePlot()

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, item: int) -> tuple[torch.Tensor, ...]:
        plots = self.plot.fit_transform(self.data.index_series[item])
        return (torch.from_numpy(plots).float(),)


class PairDataset(PlotDataset):
    """The plots and the crop of one sample at a time."""

    def __init__(self, data: PairData, side: int):
        super().__init__(data)
        self.half = side // 2
        self.pixels = data.pixels[["row", "col"]].to_numpy()

    def __getitem__(self, item: int) -> tuple[torch.Tensor, ...]:
        row, col = self.pixels[item]
        frame = self.data.frames[int(self.data.frame_choices[item, 0])]
        rows = slice(row - self.half, row + self.half + 1)
        cols = slice(col - self.half, col + self.half + 1)
        crop = torch.from_numpy(frame[:, rows, cols].astype(np.float32) / 10_000)
        return (*super().__getitem__(item), crop)


def bench_input(data: PairData, options: PretrainingOptions, rounds: int) -> pd.DataFrame:
    """Samples a second to the input of the series encoder, and of both encoders."""
    sampler, side = PairSampler(data, options.batch), options.batch.crop_side
    draw = build(options).series_encoder.plots
    peers = {"plots": PlotDataset(data), "plots and crops": PairDataset(data, side)}

    def batched(what: str, epoch: int) -> int:
        batches = sampler.epoch(epoch, 50)
        for batch in batches:
            if what == "plots":
                draw(torch.from_numpy(data.index_series[batch.rows]))
            else:
                loaded = load_batch(data, batch, side)
                draw(loaded.series)
                to_reflectance(loaded.crops)
        return sum(len(batch) for batch in batches)

    def single(what: str, epoch: int) -> int:
        order = [batch.rows.tolist() for batch in sampler.epoch(epoch, 2)]
        return sum(len(parts[0]) for parts in DataLoader(peers[what], batch_sampler=order))

    rates = []
    for epoch in range(rounds + 1):
        for what in peers:
            for name, work in (("batched", batched), ("pyts, one at a time", single)):
                start = time.perf_counter()
                rate = work(what, epoch) / (time.perf_counter() - start)
                rates.append({"input": what, "way": name, "rate": rate, "round": epoch})
    warm = pd.DataFrame(rates).query("round > 0")
    table = warm.pivot_table(values="rate", index="input", columns="way", aggfunc="median")
    return table.assign(ratio=table["batched"] / table["pyts, one at a time"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    given = PARAMETERS["pretraining"]
    plots = [name for name, preset in PRESETS.items() if not preset.series.temporal_width]
    parser.add_argument("--preset", default="small", choices=plots)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    changes = {
        "preset": arguments.preset,
        "objective": {**given["objective"], "series": 0.0},
        "max_epochs": 1,
        "accelerator": "cpu",
    }
    options = PretrainingOptions(**{**given, **changes, "steps_per_epoch": 2 * arguments.rounds})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = make_data(folder)
        step = bench_step(data, options, folder)
        samples = bench_input(data, options, arguments.rounds)
    for table in (step, samples):
        print(table.round(1).to_string(), end="\n\n")  # noqa: T201 - the output of a script


if __name__ == "__main__":
    main()
