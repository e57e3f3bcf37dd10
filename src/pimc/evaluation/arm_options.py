"""Options of arms, built as their fits will build them: what is wrong is told before anything runs.

This module imports torch where networks are among the arms, and nowhere earlier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pimc.data.option_check import OptionError, build_named, check_built
from pimc.evaluation.ablation import AblationOptions
from pimc.evaluation.arms import Arm
from pimc.evaluation.classify import KINDS
from pimc.evaluation.forecast import KINDS as FORECASTERS
from pimc.evaluation.forecast import forecaster_options
from pimc.evaluation.forecast_arms import ForecastingOptions
from pimc.evaluation.image_options import image_options
from pimc.evaluation.kinds import NETWORK
from pimc.evaluation.land_cover_arms import LandCoverOptions
from pimc.evaluation.probes import CLASSIFIERS, build_arm_options
from pimc.evaluation.task_options import TaskOptions
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.variants import build_variant
from pimc.signal.recurrence import RecurrenceOptions


def check_arms(task: str, options: TaskOptions) -> None:
    """Refuse arms of a kind, an input or an option that the task does not know.

    Args:
        task: name of its parameters.
        options: of the task.

    Raises:
        ValueError: with the full name of the option.
    """
    kinds = FORECASTERS if isinstance(options, ForecastingOptions) else KINDS
    try:
        options.check_arms(kinds, options.inputs)
    except OptionError as error:
        raise OptionError(f"{task}.{error}") from error
    for arm in options.arms.values():
        name = f"{task}.{options.entry_of(arm)}"
        check_built(build_named(partial(_build, arm, options), arm.options, name), name)


def check_variants(
    options: AblationOptions, recurrence: RecurrenceOptions, pretraining: PretrainingOptions
) -> None:
    """Refuse variants that cannot be trained.

    Raises:
        ValueError: with the full name of the option.
    """
    budget: Mapping[str, Any] = options.protocol.pretraining

    def build(name: str, overrides: Mapping[str, Any], effort: Mapping[str, Any]) -> object:
        return build_variant(name, overrides, recurrence, pretraining, effort)

    build_named(partial(build, "", {}), budget, f"ablation.efforts.{options.effort}.pretraining")
    for name, overrides in options.variants.items():
        shown = f"ablation.variants.{name}"
        made = partial(build, name, effort=budget)
        check_built(build_named(made, overrides, shown), shown)


def _build(arm: Arm, options: TaskOptions, given: Mapping[str, Any]) -> object:
    """What an arm's fit makes of its options."""
    arm = replace(arm, options=given)
    if isinstance(options, ForecastingOptions):
        return forecaster_options(arm)
    if arm.kind != NETWORK:
        return build_arm_options(CLASSIFIERS[arm.kind].options, arm.options, arm.kind)
    if isinstance(options, LandCoverOptions):
        return image_options(arm.options, arm.kind)
    from pimc.evaluation.series_training import series_training

    return series_training(arm.options)
