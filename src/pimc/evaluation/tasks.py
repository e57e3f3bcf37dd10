"""All tasks, in the order of tables and pages."""

from __future__ import annotations

from pimc.evaluation.ablation import ABLATION, TRANSFER
from pimc.evaluation.forecast_arms import FORECASTING
from pimc.evaluation.land_cover_arms import LAND_COVER
from pimc.evaluation.pixel_arms import PIXEL_CLASSIFICATION
from pimc.evaluation.task_facts import TaskFacts

TASKS: dict[str, TaskFacts] = {
    task.name: task for task in (LAND_COVER, PIXEL_CLASSIFICATION, FORECASTING, ABLATION, TRANSFER)
}
