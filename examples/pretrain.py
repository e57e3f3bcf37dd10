"""The method on plain arrays, without Kedro: `python examples/pretrain.py [patches] [steps]`.

Simulated images -> series -> two encoders -> a test of one of them on ground it never saw. Your own
images take the place of the simulation as `pimc.data.patch.Patch`; everything below stays.
"""

import sys

import numpy as np
import pandas as pd
import torch
from sklearn.neighbors import KNeighborsClassifier

from pimc.data.simulation.scenes import SimulationOptions, simulate_scenes
from pimc.pretraining.batches.pairs import NO_FRAME
from pimc.pretraining.corpus import Corpus, fit_on_rows
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.pretrain import pretrain
from pimc.signal.calendar import CalendarOptions, count_observations, regularise
from pimc.signal.indices import compute_pixel_indices
from pimc.signal.patch_sample import sample_patch
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.sampling import SamplingOptions
from pimc.signal.screening import ScreeningOptions, screen_clouds
from pimc.signal.series_axes import SeriesAxes

AXES = SeriesAxes(("NDVI", "EVI", "SAVI"), CalendarOptions())  # 61 weeks from mid September
INDICES, CALENDAR = AXES.indices, AXES.calendar
SAMPLING = SamplingOptions(pixels_per_patch=128, margin=5, frames_per_patch=4)


def sample_ground(options: SimulationOptions) -> Corpus:
    """Sampled pixels with their series, and the images around them."""
    parts = []
    for number, scene in enumerate(simulate_scenes(options).values()):
        # a patch holds millions of values: pixels along a Hilbert curve and its clearest images do
        sample = sample_patch(scene(), SAMPLING, ScreeningOptions())
        values = compute_pixel_indices(sample.reflectance, sample.bands, INDICES)
        clear = screen_clouds(sample.reflectance, sample.days, sample.bands, ScreeningOptions())
        kept = count_observations(values, clear, sample.days, CALENDAR) >= CALENDAR.min_observations
        # on one calendar, cell (i, j) of any two plots means the same two days
        series, observed = regularise(values[kept], clear[kept], sample.days, CALENDAR)
        # an image shows a pixel only where no cloud hides it; choices without one stand last
        images = number * SAMPLING.frames_per_patch + np.arange(len(sample.frames))
        choices = np.where(clear[kept][:, sample.frame_acquisitions], images, NO_FRAME)
        pixels = pd.DataFrame(sample.pixels[kept], columns="row col fold label parcel".split())
        pixels[["y", "x"]] = sample.pixels[kept, :2] + sample.origin
        pixels[["patch", "patch_index", "place"]] = sample.patch_id, number, sample.place
        parts.append((series, pixels, sample.frames, np.sort(choices)[:, ::-1], observed))
    series, pixels, frames, choices, observed = zip(*parts, strict=True)
    series, observed, frames, choices = map(np.concatenate, (series, observed, frames, choices))
    pixels = pd.concat(pixels, ignore_index=True)
    return Corpus(series, observed, pixels, frames, choices, AXES, sample.bands)


def main(patches: int = 30, steps: int = 40) -> None:
    """Pretrain on folds 1 to 3, choose the epoch on fold 4, test on fold 5."""
    ground = sample_ground(SimulationOptions(patches))
    train, test = ground.rows([1, 2, 3]), ground.rows([5])
    # nothing that is fitted sees held-out ground: the scale of the plots neither
    recurrence = fit_on_rows(ground.index_series, train, RecurrenceOptions(), INDICES)
    # as in the paper, pairs alone; a crop reaches as far as the margin
    given = {"objective": {"series": 0.0}, "batch": {"size": 64, "crop_side": 11}}
    options = PretrainingOptions("tiny", max_epochs=4, steps_per_epoch=steps, **given)
    pairs, folder = (ground.pairs([1, 2, 3]), ground.pairs([4])), "data/example"  # of checkpoints
    result = pretrain(*pairs, ground.inputs(recurrence), options, folder)
    found, chance = (result.metrics[f"across_patches_{n}_at_5"] for n in ("recall", "chance"))
    print(f"the own partner is among the first 5: {found:.3f}, by chance {chance:.3f}")
    with torch.inference_mode():
        embeddings = result.series_encoder(torch.from_numpy(ground.index_series)).numpy()
    # labels come in here for the first time
    label = ground.pixels["label"].to_numpy()
    knn = KNeighborsClassifier(10, metric="cosine").fit(embeddings[train], label[train])
    score = knn.score(embeddings[test], label[test])
    commonest = (label[test] == np.bincount(label[train]).argmax()).mean()
    print(f"10 neighbours name the crop: {score:.3f}, its commonest class {commonest:.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
