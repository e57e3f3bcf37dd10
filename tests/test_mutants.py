"""Errors put in by hand, one at a time: the tests of the place must fail of each.

A mutant is a text of one file and what stands in its place; a text that is no longer there fails
too, so that the list keeps up with the code. ``pytest -m slow tests/test_mutants.py``.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

MUTANTS = {
    # name: file, text, what stands in its place, tests that must fail
    "a shadow need not be darker in blue": (
        "signal/screening.py",
        "for band in (red[:, pixels], blue[:, pixels]):",
        "for band in (red[:, pixels],):",
        "signal/test_screening.py",
    ),
    "a shadow need not be darker in red": (
        "signal/screening.py",
        "for band in (red[:, pixels], blue[:, pixels]):",
        "for band in (blue[:, pixels],):",
        "signal/test_screening.py",
    ),
    "one side decides on a cloud": (
        "signal/screening.py",
        "either = (found[0] | alone[0]) & (found[1] | alone[1])",
        "either = (found[0] | found[1])",
        "signal/test_screening.py",
    ),
    "the future screens a context": (
        "signal/forecast_windows.py",
        "clear = screen_clouds(seen, past, bands, screening)",
        "clear = screen_clouds(reflectance, known, bands, screening)[:, before]",
        "signal/test_forecast_windows.py",
    ),
    "the future is in a context": (
        "signal/forecast_windows.py",
        "before = 2 * (known - grid[window.context - 1]) < calendar.step",
        "before = known <= grid[-1]",
        "signal/test_forecast_windows.py",
    ),
    "an observation counts at the step before": (
        "signal/forecast_windows.py",
        "near = ((offset >= -width) & (offset < width))",
        "near = ((offset > -width) & (offset <= width))",
        "signal/test_forecast_windows.py",
    ),
    "pixels have no random phase": (
        "signal/sampling.py",
        "phase = rng.integers(len(order))",
        "phase = 0",
        "signal/test_sampling.py",
    ),
    "the curve is not mirrored": (
        "signal/sampling.py",
        "mirrored = ~lower & right",
        "mirrored = lower & right",
        "signal/test_sampling.py",
    ),
    "each run draws its own samples": (
        "evaluation/classify.py",
        "rng = np.random.default_rng([self.seed, run.rotation])",
        "rng = np.random.default_rng([run.seed, run.rotation])",
        "evaluation/test_classify.py",
    ),
    "all runs see the same labels": (
        "evaluation/classify.py",
        "drawn = np.random.default_rng([run.seed, run.rotation])",
        "drawn = np.random.default_rng([0, run.rotation])",
        "evaluation/test_classify.py",
    ),
    "an arm fits on validation too": (
        "evaluation/classify.py",
        "Labelled(x[train], self.labels[train]),",
        "Labelled(x[np.r_[train, split.validation]], self.labels[np.r_[train, split.validation]]),",
        "evaluation/test_classify.py",
    ),
    "an arm fits on test too": (
        "evaluation/classify.py",
        "Labelled(x[train], self.labels[train]),",
        "Labelled(x[np.r_[train, split.test]], self.labels[np.r_[train, split.test]]),",
        "pipelines/test_leaks.py",
    ),
    "test chooses": (
        "evaluation/classify.py",
        "Labelled(x[split.validation], self.labels[split.validation]),",
        "Labelled(x[split.test], self.labels[split.test]),",
        "pipelines/test_leaks.py",
    ),
    "a patch is in two parts": (
        "evaluation/protocol.py",
        'for name in ("train", "validation", "test")\n    }\n    empty',
        'for name in ("train", "validation", "test")\n    }\n'
        '    parts["test"] = np.r_[parts["train"][:1], parts["test"]]\n    empty',
        "evaluation/test_protocol.py",
    ),
    "rotations do not turn": (
        "evaluation/protocol.py",
        "split_by_fold(fold, eligible, rotate(folds, number))",
        "split_by_fold(fold, eligible, folds)",
        "evaluation/test_protocol.py",
    ),
    "a class is drawn too often": (
        "evaluation/protocol.py",
        "count = budget.shots or max(1, round(budget.share * len(members)))",
        "count = (budget.shots or max(1, round(budget.share * len(members)))) + 1",
        "evaluation/test_protocol.py",
    ),
    "the deviation is of samples": (
        "evaluation/probes.py",
        "scale = np.where(std > 0, std, np.float32(np.inf))",
        "scale = np.where(std > 0, 2 * std, np.float32(np.inf))",
        "evaluation/test_probes.py",
    ),
    "the plots' transform is fitted on all": (
        "pretraining/corpus.py",
        "thinned = rows[:: max(1, len(rows) // FIT_ROWS)]",
        "thinned = np.arange(len(series))",
        "pipelines/test_leaks.py",
    ),
    "an encoder does not say what it has seen": (
        "pretraining/ground.py",
        "return {str(patch): tuple(members.tolist()) for patch, members in folds}",
        "return {}",
        "pipelines/test_leaks.py",
    ),
    "overlapping ground passes": (
        "pretraining/ground.py",
        "if distances.min() < side:",
        "if distances.min() < 0:",
        "pretraining/test_pretrain.py",
    ),
    "a feature is in two folds": (
        "data/labels/ground.py",
        "territory = self.deal.folds[owner]",
        "territory = np.where(np.indices(owner.shape)[1] % 40 < 20, self.deal.folds[owner], 1)",
        "data/labels/test_labelling.py",
    ),
    "a feature across held-out ground is cut": (
        "data/labels/ground.py",
        "folds[labelled & (folds != self.deal.folds[parcels])] = UNUSED_FOLD",
        "folds[labelled & (folds == UNUSED_FOLD)] = UNUSED_FOLD",
        "data/labels/test_labelling.py",
    ),
    "a block of features is in two folds": (
        "data/labels/blocks.py",
        "dealer.split(known, codes[known - 1], blocks[known])",
        "dealer.split(known, codes[known - 1], known)",
        "data/labels/test_blocks.py",
    ),
    "folds of features touch": (
        "data/labels/ground.py",
        "folds = np.where(far_inside(territory, reach), territory, UNUSED_FOLD)[inner]",
        "folds = territory[inner]",
        "data/labels/test_labelling.py",
    ),
    "a pixel belongs to two patches": (
        "data/labels/ground.py",
        "    owned[part] = folds[part]\n",
        "    owned[:] = folds\n",
        "data/labels/test_labelling.py",
    ),
    "a block of a table is in two folds": (
        "data/points/scenes.py",
        "fold=int(folds[rows[0]]),",
        "fold=int(folds[rows[0]]) if len(rows) % 2 else 1,",
        "data/points/test_points.py",
    ),
    "pixels of a block part": (
        "data/points/scenes.py",
        "return np.asarray(folds[block.ravel()])",
        "return np.asarray(np.roll(folds[block.ravel()], 1))",
        "data/points/test_points.py",
    ),
    "an image is in two lists": (
        "data/eurosat/images.py",
        "    check_lists(lists)\n",
        "",
        "data/eurosat/test_eurosat.py",
    ),
    "an image trains and tests": (
        "evaluation/land_cover_arms.py",
        "np.flatnonzero(images.splits == name) for name in LISTS",
        "np.flatnonzero(np.isin(images.splits, [name, 'test'])) for name in LISTS",
        "pipelines/test_task_leaks.py",
    ),
    "statistics of images are of all": (
        "evaluation/image_inputs.py",
        "self.encoder, self.used, *self.band_statistics(split.train), stem_stride",
        "self.encoder, self.used, *self.band_statistics(np.arange(len(self.images))), stem_stride",
        "pipelines/test_task_leaks.py",
    ),
    "changes of images know test images": (
        "evaluation/land_cover.py",
        "std = self.inputs.band_statistics(split.train)[1]",
        "std = self.inputs.band_statistics(split.test)[1]",
        "pipelines/test_task_leaks.py",
    ),
    "images of all lists are learned from": (
        "catalog/unpaired_images.py",
        'np.flatnonzero(land.splits == "train")',
        "np.arange(len(land.splits))",
        "catalog/test_unpaired_images.py",
    ),
    "an encoder of other lists passes for one of these": (
        "evaluation/image_inputs.py",
        "known = self.encoder.config.trained_on is not None and not self.other_lists",
        "known = self.encoder.config.trained_on is not None",
        "evaluation/test_land_cover.py",
    ),
    "an encoder that saw test ground passes": (
        "evaluation/series_inputs.py",
        "if any(fold in seen.get(patch, ()) for patch, fold in tested):",
        "if all(fold in seen.get(patch, ()) for patch, fold in tested):",
        "evaluation/test_pixel_inputs.py",
    ),
    "an encoder of which nothing is known passes": (
        "evaluation/series_inputs.py",
        "        if seen is None:\n            return None\n",
        "        if seen is None:\n            return False\n",
        "evaluation/test_pixel_inputs.py",
    ),
    "a network's series are scaled by all": (
        "evaluation/series_inputs.py",
        "train = series[split.train]",
        "train = series[:]",
        "pipelines/test_task_leaks.py",
    ),
    "plots of first weights are fitted on all": (
        "evaluation/series_inputs.py",
        "fitted = fit_on_rows(self.series, split.train, given.recurrence, given.indices)",
        "every = np.arange(len(self.series))\n"
        "            fitted = fit_on_rows(self.series, every, given.recurrence, given.indices)",
        "pipelines/test_task_leaks.py",
    ),
    "forecasts are scaled by all contexts": (
        "evaluation/forecast.py",
        "train = self.inputs.series[split.train][:, self.channels]",
        "train = self.inputs.series[:][:, self.channels]",
        "pipelines/test_task_leaks.py",
    ),
    "the mean course is of all pixels": (
        "evaluation/forecast.py",
        "truth = problem.truth(problem.train)",
        "truth = problem.truth(np.arange(len(problem.task.targets)))",
        "pipelines/test_task_leaks.py",
    ),
    "a ridge is standardised by all": (
        "evaluation/forecast.py",
        "standardise = standardiser(x[problem.train])",
        "standardise = standardiser(x[:])",
        "pipelines/test_task_leaks.py",
    ),
    "test chooses a forecast": (
        "evaluation/forecast.py",
        "    rows = problem.split.validation\n",
        "    rows = problem.split.test\n",
        "pipelines/test_task_leaks.py",
    ),
    "a map's head is fitted on what it is scored on": (
        "mapping/head.py",
        "_fit(x[train], label[train], each, labelled.classes)",
        "_fit(x[fold > 0], label[fold > 0], each, labelled.classes)",
        "mapping/test_head.py",
    ),
    "a map's head is chosen on what it is scored on": (
        "mapping/head.py",
        "(_classify(head, x[validation]) == label[validation])",
        "(_classify(head, x[test]) == label[test])",
        "mapping/test_head.py",
    ),
    "bands of images are normalised by held-out ground too": (
        "pretraining/preparation.py",
        "_image_config(job, train, rows, ground) if",
        "_image_config(job, validation, training_rows(validation, train, options), ground) if",
        "pipelines/test_leaks.py",
    ),
    "contrast goes one way": (
        "model/losses/contrastive.py",
        "cross_entropy(similarity, own) + cross_entropy(similarity.T, own)",
        "cross_entropy(similarity, own) + cross_entropy(similarity, own)",
        "model/losses/test_contrastive.py",
    ),
    "false negatives stay": (
        "model/losses/contrastive.py",
        "alike.clone().fill_diagonal_(False), -math.inf",
        "alike.clone().fill_diagonal_(False) & False, -math.inf",
        "model/losses/test_contrastive.py",
    ),
    "covariance with itself counts": (
        "model/losses/vicreg.py",
        "between = covariance - covariance.diagonal().diag()",
        "between = covariance",
        "model/losses/test_vicreg.py",
    ),
    "missing pixels are not the mean": (
        "model/normalisation.py",
        "nan_to_num_(nan=0.0)",
        "nan_to_num_(nan=1.0)",
        "model/test_normalisation.py",
    ),
    "trajectories lag wrongly": (
        "model/plots/distances.py",
        "range(time_delay, dimension * time_delay, time_delay)",
        "range(1, dimension)",
        "model/plots/test_distances.py",
    ),
    "a percentile has no ranks between": (
        "model/plots/distances.py",
        "return low + (rank - below) * (high - low)",
        "return low",
        "model/plots/test_distances.py",
    ),
    "classes that do not occur count": (
        "report/metrics.py",
        "where=there & (below > 0)",
        "where=below > 0",
        "report/test_metrics.py",
    ),
}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package."""
    folder = tmp_path_factory.mktemp("mutants")
    shutil.copytree(PROJECT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "src"


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_keep_up_with_the_code(name):
    file, text, _, tests = MUTANTS[name]
    assert (PROJECT / "src/pimc" / file).read_text().count(text) == 1
    assert (PROJECT / "tests" / tests.partition("::")[0]).exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(package, name):
    file, text, other, tests = MUTANTS[name]
    path = package / "pimc" / file
    content = path.read_text()
    path.write_text(content.replace(text, other))
    try:
        result = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-n0",
                "-qx",
                "-p",
                "no:cacheprovider",
                f"tests/{tests}",
            ],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    finally:
        path.write_text(content)
    assert result.returncode == 1, f"survived: {result.stdout[-1500:]}"
    assert " failed" in result.stdout, result.stdout[-1500:]
