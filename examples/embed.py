"""An encoder on reflectance as it is: `python examples/embed.py [folder of an encoder]`.

Simulated images stand in for yours: any array pixels x dates x bands will do.
"""

import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

import pimc
from pimc.data.simulation.scenes import SimulationOptions, simulate_scenes


def main(folder: str = "shipped") -> None:
    """Embed pixels of four patches; name the crops of the last by those of the others."""
    encoder = pimc.load_encoder(folder)
    patches, embeddings, labels = simulate_scenes(SimulationOptions(patches=4)), [], []
    for read in patches.values():
        patch = read()
        dates, bands = patch.reflectance.shape[:2]
        pixels = patch.reflectance.reshape(dates, bands, -1).transpose(2, 0, 1)[::12]
        embeddings.append(encoder.embed(pixels, patch.dates, patch.bands))
        labels.append(patch.labels.ravel()[::12])
    seen = [np.isfinite(each).all(axis=1) for each in embeddings]
    embeddings = [each[rows] for each, rows in zip(embeddings, seen, strict=True)]
    labels = [each[rows] for each, rows in zip(labels, seen, strict=True)]
    known = np.concatenate(labels[:3])
    head = LogisticRegression(max_iter=200).fit(np.concatenate(embeddings[:3]), known)
    score = head.score(embeddings[3], labels[3])
    commonest = (labels[3] == np.bincount(known).argmax()).mean()
    print(f"the fourth patch, accuracy {score:.3f}, its commonest class {commonest:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
