"""What faster maps and embeddings in eight bits cost: scores of simple probes on labelled pixels.

python benchmarks/bench_map_scores.py TABLE.npz [ten_bands|four_bands]

TABLE is one of pixel series as docs/data.md describes them, with `lonlat`, such as S2-CDL. A third
of the blocks of 0.25 degrees, drawn at random, is held back. Logistic regression (C = 0.1) with 20
labels a class, mean of 20 draws, and with all; five neighbours by cosine with all.
"""

import sys
from dataclasses import replace

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from pimc.data.patch import FILL
from pimc.mapping.choice import series_branch
from pimc.mapping.components import principal_axes
from pimc.mapping.ground import Embedder
from pimc.mapping.quantise import dequantise, quantise
from pimc.model.shipped import load_shipped
from pimc.signal.pixel_series import SeriesRecipe, make_series

DRAWS, SHOTS, BLOCK, DIMENSIONS = 20, 20, 0.25, 64
FIRST_DAY = int(np.datetime64("2021-01-01").astype(int))


def read_table(path):
    """Reflectance with fill values, bands, codes of the labels, and which pixels are held back."""
    table = np.load(path)
    stored = table["reflectance"]
    reflectance = np.where(stored == 0, FILL, stored).astype(np.int16)
    labels = np.unique(table["label"], return_inverse=True)[1]
    cells = np.floor(table["lonlat"] / BLOCK).astype(int)
    block = np.unique(cells, axis=0, return_inverse=True)[1]
    order = np.random.default_rng(0).permutation(block.max() + 1)
    held_back = np.isin(block, order[: len(order) // 3])
    return reflectance, [str(band) for band in table["bands"]], labels, held_back


def score(x, labels, test):
    train = np.flatnonzero(~test)
    x = (x - x[train].mean(axis=0)) / (x[train].std(axis=0) + 1e-9)

    def accuracy(model, rows):
        return (model.fit(x[rows], labels[rows]).predict(x[test]) == labels[test]).mean()

    few = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        of_class = (train[labels[train] == code] for code in np.unique(labels[train]))
        rows = np.concatenate([rng.permutation(members)[:SHOTS] for members in of_class])
        few.append(accuracy(LogisticRegression(C=0.1, max_iter=300), rows))
    every = accuracy(LogisticRegression(C=0.1, max_iter=200), train)
    near = accuracy(KNeighborsClassifier(5, metric="cosine"), train)
    return 100 * np.mean(few), 100 * every, 100 * near


def main():
    torch.set_num_threads(1)
    reflectance, bands, labels, test = read_table(sys.argv[1])
    network = load_shipped(*sys.argv[2:3])
    config = network.config
    calendar = replace(config.calendar, min_observations=4)
    days = FIRST_DAY + 10 * np.arange(reflectance.shape[1]) + 5
    recipe = SeriesRecipe(config.recurrence.indices, calendar)
    made = make_series(reflectance, days, bands, recipe, FIRST_DAY)
    labels, test = labels[made.has_series], test[made.has_series]

    def embed(reader, bf16=False):
        return Embedder(reader, bf16).embed(made)[made.has_series]

    whole, alone = embed(network), series_branch(network)
    axes, mean = principal_axes(whole[~test], DIMENSIONS)
    cases = {
        "both branches, float32": whole,
        "both branches, int8": dequantise(*quantise(whole)),
        "both branches, bf16": embed(network, bf16=True),
        f"{DIMENSIONS} components, int8": dequantise(*quantise((whole - mean) @ axes)),
        "series alone": embed(alone),
        "series alone, bf16, int8": dequantise(*quantise(embed(alone, bf16=True))),
    }
    sys.stdout.write(f"{(~test).sum()} training pixels, {test.sum()} held back\n")
    for name, values in cases.items():
        few, every, near = score(values, labels, test)
        sys.stdout.write(f"{name}: {few:.1f} with {SHOTS}, {every:.1f} with all, {near:.1f} near\n")


if __name__ == "__main__":
    main()
