"""Options of arms, built as their fits will build them: what is wrong is told before anything runs.

This module imports torch where networks are among the arms, and nowhere earlier.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pimc.data.option_check import check_built
from pimc.evaluation.ablation import AblationOptions
from pimc.evaluation.arms import Arm, TaskOptions
from pimc.evaluation.classify import KINDS
from pimc.evaluation.forecast import KINDS as FORECASTERS
from pimc.evaluation.forecast import forecaster_options
from pimc.evaluation.forecast_arms import ForecastingOptions
from pimc.evaluation.image_options import image_options
from pimc.evaluation.kinds import NETWORK
from pimc.evaluation.land_cover_arms import LandCoverOptions
from pimc.evaluation.probes import CLASSIFIERS, build_arm_options
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.variants import build_variant
from pimc.signal.recurrence import RecurrenceOptions


def check_arms(task: str, options: TaskOptions) -> None:
    """Refuse arms of a kind, an input or an option that the task does not know.

    Args:
        task: name of its parameters.
        options: of the task.

    Raises:
        ValueError: with the name of the arm.
    """
    kinds = FORECASTERS if isinstance(options, ForecastingOptions) else KINDS
    options.check_arms(kinds, options.inputs)
    for arm in options.arms.values():
        name = f"{task}.arms.{arm.name}"
        try:
            check_built(_build(arm, options), name)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: {error}") from error


def check_variants(
    options: AblationOptions, recurrence: RecurrenceOptions, pretraining: PretrainingOptions
) -> None:
    """Refuse variants that cannot be trained.

    Raises:
        ValueError: with the name of the variant.
    """
    budget: Mapping[str, Any] = options.protocol.pretraining
    for name, overrides in options.variants.items():
        variant = build_variant(name, overrides, recurrence, pretraining, budget)
        check_built(variant, f"ablation.variants.{name}")


def _build(arm: Arm, options: TaskOptions) -> object:
    """What an arm's fit makes of its options."""
    if isinstance(options, ForecastingOptions):
        return forecaster_options(arm)
    if arm.kind != NETWORK:
        return build_arm_options(CLASSIFIERS[arm.kind].options, arm.options, arm.kind)
    if isinstance(options, LandCoverOptions):
        return image_options(arm.options, arm.kind)
    from pimc.evaluation.series_training import series_training

    return series_training(arm.options)
