"""Recurrence plots beside batched pyts and beside a plain fill of the same bytes.

    python benchmarks/bench_plots.py [--rounds 60] [--threads 2]

768 series of 61 points (256 pixels, three indices), float32; medians of rounds, each in an order
of its own. "fill" writes the plots' bytes once into memory already there: the machine's limit.
Fields and trajectories are compared with pyts's own, all others with its recurrence plot.
"""

import argparse
from dataclasses import replace

import torch
from timing import interleaved

from pimc.model.plots.layer import RecurrencePlots
from pimc.signal.pyts_images import render_with_pyts
from pimc.signal.recurrence import Recurrence

PIXELS, LENGTH = 256, 61
INDICES = ("NDVI", "EVI", "SAVI")
PLAIN = Recurrence(INDICES, "unthresholded", (0.4,) * 3, (0.2,) * 3, None, 1, 1, 0.25)
THRESHOLDS = (0.5,) * 3
FITTED = {
    "unthresholded": PLAIN,
    "level": replace(PLAIN, kind="level"),
    "signed": replace(PLAIN, kind="signed"),
    "diagonal": replace(PLAIN, kind="diagonal"),
    "binary": replace(PLAIN, kind="binary", thresholds=THRESHOLDS),
    "soft": replace(PLAIN, kind="soft", thresholds=THRESHOLDS),
    "joint": replace(PLAIN, kind="joint", thresholds=THRESHOLDS),
    "gasf": replace(PLAIN, kind="gasf"),
    "gadf": replace(PLAIN, kind="gadf"),
    "mtf": replace(PLAIN, kind="mtf"),
    "unthresholded, m = 3": replace(PLAIN, dimension=3),
    "level, with validity": replace(PLAIN, kind="level", validity=True),
}
PEERS = {
    "pyts: recurrence": ("recurrence", {}),
    "pyts: unthresholded, m = 3": ("recurrence", {"dimension": 3}),
    "pyts: gasf": ("gramian_summation", {}),
    "pyts: gadf": ("gramian_difference", {}),
    "pyts: mtf": ("markov", {"n_bins": 8}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    series = torch.rand(PIXELS, len(INDICES), LENGTH, generator=torch.Generator().manual_seed(0))
    out = torch.empty(PIXELS, len(INDICES), LENGTH, LENGTH)
    layers = {name: RecurrencePlots(fitted) for name, fitted in FITTED.items()}
    contenders = {
        "fill": lambda: out.fill_(1.0),
        **{
            name: lambda image=image, given=given: render_with_pyts(series.numpy(), image, **given)
            for name, (image, given) in PEERS.items()
        },
        "unthresholded, into out": lambda: layers["unthresholded"](series, out),
        **{name: lambda layer=layer: layer(series) for name, layer in layers.items()},
    }
    medians = interleaved(contenders, arguments.rounds)
    fill, pyts = medians["fill"], medians["pyts: recurrence"]
    print(f"{'':28}{'ms':>8}{'x pyts':>9}{'% of fill':>11}")  # noqa: T201
    for name, seconds in medians.items():
        peer = medians.get(f"pyts: {name}", pyts)
        row = f"{name:28}{seconds * 1e3:8.2f}{peer / seconds:9.1f}{100 * fill / seconds:11.0f}"
        print(row)  # noqa: T201


if __name__ == "__main__":
    main()
