"""Project hooks: parameters are checked before a run, runs are tracked, and say what came out."""

from pimc.hooks.parameters import ParameterCheck
from pimc.hooks.summary import RunSummary
from pimc.hooks.tracking import RunTracking
from pimc.hooks.workspace import WorkspaceLock

__all__ = ["ParameterCheck", "RunSummary", "RunTracking", "WorkspaceLock"]
