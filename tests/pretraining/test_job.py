from dataclasses import replace

import numpy as np
import pandas as pd
from cases.small_corpus import PRETRAINING, make_corpus
from cases.synthetic import BANDS, CALENDAR, RECURRENCE, make_pairs

from pimc.data.unpaired_images import UnpairedImages
from pimc.pretraining.corpus import EncoderInputs
from pimc.pretraining.job import TrainingJob, read_job, write_job

INPUTS = EncoderInputs(RECURRENCE, CALENDAR, BANDS, {"here": {"B11": "B12"}})
IMAGES = UnpairedImages(np.ones((40, 2, 8, 8), np.uint8), BANDS[:2], np.arange(20, 40), "f", "n")


def test_a_job_comes_back_as_it_was_sent(tmp_path):
    options = replace(PRETRAINING, devices=2, temperature=0.1 + 0.2)
    job = TrainingJob(make_pairs(3, 0), make_pairs(2, 1), INPUTS, options, IMAGES)
    write_job(tmp_path, job, ("host", 1234), tmp_path / "last.ckpt")
    read, meeting, resume = read_job(tmp_path)
    assert meeting == ("host", 1234) and resume == tmp_path / "last.ckpt"
    assert read.options == options and read.inputs == INPUTS
    for ours, theirs in ((job.train, read.train), (job.validation, read.validation)):
        assert ours.digest() == theirs.digest()
        pd.testing.assert_frame_equal(ours.pixels, theirs.pixels)
    assert read.unpaired.fingerprint == "f" and read.unpaired.names == "n"
    np.testing.assert_array_equal(read.unpaired.images, IMAGES.images)
    np.testing.assert_array_equal(read.unpaired.rows, IMAGES.rows)


def test_series_alone_and_their_observations_come_back(tmp_path):
    corpus = make_corpus()
    job = TrainingJob(corpus.pairs([1, 2]), corpus.pairs([4]), INPUTS, PRETRAINING)
    write_job(tmp_path, job, ("host", 1), None)
    read, _, resume = read_job(tmp_path)
    assert resume is None and read.unpaired is None
    assert read.train.digest() == job.train.digest() and not read.train.has_images
    alone = TrainingJob(job.train.series_alone(), job.validation, INPUTS, PRETRAINING)
    write_job(tmp_path, alone, ("host", 1), None)
    assert read_job(tmp_path)[0].train.digest() == alone.train.digest()


def test_a_corpus_that_lies_in_files_is_not_copied(tmp_path):
    corpus = make_corpus(images=True)
    for name in ("index_series", "observed", "frames"):
        np.save(tmp_path / f"{name}.npy", getattr(corpus, name))
        corpus = replace(corpus, **{name: np.load(tmp_path / f"{name}.npy", mmap_mode="r")})
    job = TrainingJob(corpus.pairs([1, 2]), corpus.pairs([4]), INPUTS, PRETRAINING)
    folder = tmp_path / "job"
    folder.mkdir()
    write_job(folder, job, ("host", 1), None)
    # rows and choices of frames; series, observations and images are where they were
    sizes = [array.nbytes for array in (corpus.index_series, corpus.observed, corpus.frames)]
    assert sum(path.stat().st_size for path in folder.glob("*.npy")) < min(sizes)
    assert read_job(folder)[0].train.digest() == job.train.digest()
