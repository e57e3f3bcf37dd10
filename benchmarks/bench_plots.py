"""Recurrence plots beside batched pyts and beside a plain fill of the same bytes.

    python benchmarks/bench_plots.py [--rounds 60]

768 series of 61 points (256 pixels, three indices), float32, 2 threads; medians of interleaved
rounds. "fill" writes the plots' bytes once into memory already there: the machine's limit.
"""

import argparse

import torch
from timing import interleaved

from pimc.model.plots import RecurrencePlots
from pimc.signal.pyts_images import render_with_pyts
from pimc.signal.recurrence import Recurrence

PIXELS, LENGTH, THREADS = 256, 61, 2
INDICES = ("NDVI", "EVI", "SAVI")
FITTED = {
    "unthresholded": Recurrence(INDICES, "unthresholded", (0.0,) * 3, (1.0,) * 3, None, 1, 1, 0.25),
    "level": Recurrence(INDICES, "level", (0.4,) * 3, (0.2,) * 3, None, 1, 1, 0.25),
    "binary": Recurrence(INDICES, "binary", (0.4,) * 3, (0.2,) * 3, (0.5,) * 3, 1, 1, 0.25),
    "soft": Recurrence(INDICES, "soft", (0.4,) * 3, (0.2,) * 3, (0.5,) * 3, 1, 1, 0.25),
    "embedded, m = 3": Recurrence(
        INDICES, "unthresholded", (0.0,) * 3, (1.0,) * 3, None, 3, 1, 0.25
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(THREADS)
    series = torch.rand(PIXELS, len(INDICES), LENGTH, generator=torch.Generator().manual_seed(0))
    out = torch.empty(PIXELS, len(INDICES), LENGTH, LENGTH)
    layers = {name: RecurrencePlots(fitted) for name, fitted in FITTED.items()}
    contenders = {
        "fill": lambda: out.fill_(1.0),
        "pyts, batched": lambda: render_with_pyts(series.numpy(), "recurrence"),
        "unthresholded, into out": lambda: layers["unthresholded"](series, out),
        **{name: lambda layer=layer: layer(series) for name, layer in layers.items()},
    }
    medians = interleaved(contenders, rounds)
    fill, pyts = medians["fill"], medians["pyts, batched"]
    print(f"{'':26}{'ms':>8}{'x pyts':>9}{'% of fill':>11}")  # noqa: T201
    for name, seconds in medians.items():
        row = f"{name:26}{seconds * 1e3:8.2f}{pyts / seconds:9.1f}{100 * fill / seconds:11.0f}"
        print(row)  # noqa: T201


if __name__ == "__main__":
    main()
