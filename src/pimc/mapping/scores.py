"""What a map's classes are worth on ground that was held out."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from pimc.data.folds import FOLDS
from pimc.mapping.head import Head, HeldOut
from pimc.mapping.labelled import LabelledPixels

logger = logging.getLogger(__name__)


def score_classes(head: Head, labelled: LabelledPixels, held_out: HeldOut | None) -> pd.DataFrame:
    """A row a class: labelled pixels, features, and recall, precision, F1 on held-out folds.

    A class that is not in every fold has no score: some of the heads have never seen it, or none
    of its ground was held out.
    """
    from sklearn.metrics import precision_recall_fscore_support

    label = labelled.pixels["label"].to_numpy()
    features = labelled.pixels.drop_duplicates(["place", "parcel"])["label"].to_numpy()
    folds = labelled.pixels.groupby("label")["fold"].agg(lambda fold: len(set(FOLDS) & set(fold)))
    everywhere = folds.loc[list(head.codes)].to_numpy() == len(FOLDS)
    scores = np.full((3, len(head.codes)), np.nan)
    if held_out is not None:
        precision, recall, f1, _ = precision_recall_fscore_support(
            label[held_out.rows], held_out.predicted, labels=head.codes, zero_division=0
        )
        scores = np.where(everywhere, np.stack([recall, precision, f1]), np.nan)
        if not everywhere.all():
            names = ", ".join(np.array(head.names)[~everywhere])
            logger.warning("no honest score exists of %s: not in all five blocks of folds", names)
    return pd.DataFrame(
        {
            "class": head.names,
            "labelled_pixels": [int((label == code).sum()) for code in head.codes],
            "features": [int((features == code).sum()) for code in head.codes],
            "recall": scores[0],
            "precision": scores[1],
            "f1": scores[2],
        }
    )
