"""Whatever is wrong in the parameters is told before the first node, by its full name."""

import copy
from functools import cache
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines as project_pipelines
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, MemoryDataset
from kedro.validation import ParameterValidationError
from kedro.validation.parameter_validator import ParameterValidator
from kedro.validation.type_extractor import TypeExtractor

from pimc.hooks.parameters import check_given, check_read

PROJECT = Path(__file__).parents[2]
NAN, INFINITE = float("nan"), float("inf")
WRONG = {
    "seed": [-1, 2**32, 1.5, "one", True],
    "indices": [["FOO"], ["NDVI", "NDVI"], "NDVI", [3]],
    "folds.train": [[1, 2, 9], [4], "all"],
    "folds.validation": [[]],
    "calendar.step": [0, 7.5, NAN],
    "calendar.start": ["15-09", 915],
    "calendar.seasons": ["none", 0],
    "calendar.lenght": [61],
    "sampling.pixels_per_patch": [0, 2.5, "all"],
    "sampling.margin": [-1],
    "screening.brightening": [NAN, 0, "bright"],
    "screening.window": [INFINITE],
    "recurrence.kind": ["levels", None],
    "recurrence.threshold": [NAN, "low"],
    "recurrence.softness": [INFINITE, 0],
    "recurrence.validity": ["no"],
    "pretraining.temperature": [NAN, 0, -1, "warm"],
    "pretraining.temprature": [0.2],
    "pretraining.seed": [-1],
    "pretraining.accelerator": ["tpuu"],
    "pretraining.precision": ["8"],
    "pretraining.preset": ["huge"],
    "pretraining.max_epochs": [0, 2.5],
    "pretraining.progress_bar": ["no"],
    "pretraining.batch.size": [1, "256"],
    "pretraining.batch.seed": [-1],
    "pretraining.crop.gain": [NAN, -1],
    "pretraining.crop.turns": ["no", 1],
    "pretraining.series.masking": [1.5, NAN],
    "pretraining.view.shift": [INFINITE],
    "pretraining.objective.loss": ["infoNCE"],
    "pretraining.objective.pair": [NAN],
    "pretraining.objective.mask.share": [NAN],
    "pretraining.optimiser.learning_rate": ["1e-3", NAN],
    "pretraining.optimiser.weight_decay": [INFINITE],
    "pixel_classification.effort": ["quik"],
    "pixel_classification.resamples": [0, NAN],
    "pixel_classification.seed": [-1],
    "pixel_classification.arms.forest.kind": ["wood"],
    "pixel_classification.arms.forest.input": ["everything"],
    "pixel_classification.arms.forest.leaf": [["a"], 3],
    "pixel_classification.arms.forest.leaves": [[1]],
    "pixel_classification.arms.cnn1d.learning_rate": [NAN, "fast"],
    "pixel_classification.arms.cnn1d.label_smoothing": [NAN],
    "pixel_classification.arms.cnn1d.epoch": [3],
    "pixel_classification.efforts.quick.rotations": [9],
    "pixel_classification.efforts.quick.max_train": [0],
    "forecasting.arms.ridge.penalty": [["big"]],
    "forecasting.arms.ridge.bases": [["climate"]],
    "forecasting.arms.persistence.epochs": [3],
    "land_cover.arms.scratch.augmentation": [3],
    "land_cover.arms.scratch.augmentation.shift": [-1, 0.5],
    "land_cover.arms.scratch.epochs": [0],
    "ablation.variants.paper.pretraining": [{"seed": -1}, {"tempratur": 1}, {"temperature": NAN}],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@cache
def shipped():
    bootstrap_project(PROJECT)
    options = {"base_env": "base", "default_run_env": "local"}
    return OmegaConfigLoader(str(PROJECT / "conf"), **options)["parameters"]


@cache
def extractor():
    shipped()
    return Known(dict(project_pipelines))


class Known(TypeExtractor):
    """Looks at the nodes once."""

    @cache  # noqa: B019  there are two, for all tests
    def extract_types_from_pipelines(self):
        return super().extract_types_from_pipelines()


@cache
def everything():
    """All that is run by itself, and the ablation; what checks its parameters."""
    extractor()
    pipeline = project_pipelines["__default__"] + project_pipelines["ablation"]
    validator = ParameterValidator({})
    validator.type_extractor = Known({"all": pipeline})
    return pipeline, validator


def start(parameters):
    """What a run does before its first node."""
    check_given(parameters, extractor())
    pipeline, validator = everything()
    built = validator.validate_raw_params(parameters)
    check_read(pipeline, DataCatalog({f"params:{k}": MemoryDataset(v) for k, v in built.items()}))
    return built


def changed(name, value):
    """The shipped parameters, one of them another."""
    parameters = copy.deepcopy(shipped())
    *groups, last = name.split(".")
    group = parameters
    for each in groups:
        group = group.setdefault(each, {})
    group[last] = value
    return parameters


def test_what_ships_is_right():
    start(shipped())


@pytest.mark.parametrize(("name", "value"), CASES)
def test_what_is_wrong_is_told_by_its_name(name, value):
    with pytest.raises((ValueError, ParameterValidationError)) as told:
        start(changed(name, value))
    # its group, and itself or what it is
    first, last, text = name.split(".")[0], name.split(".")[-1], str(told.value)
    assert first in text or last in text
    assert last[:5] in text or repr(value)[:5] in text or str(value) in text
