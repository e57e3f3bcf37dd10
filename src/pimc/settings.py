"""Kedro settings: hooks, how environments are merged, and who is kept quiet."""

import logging
import warnings

from kedro.config import OmegaConfigLoader

# kedro-mlflow has a model without type hints, of which MLflow warns while it is imported, whatever
# the filters
with warnings.catch_warnings(record=True):
    from pimc.hooks import ParameterCheck, RunSummary, RunTracking, WorkspaceLock

# Kedro and kedro-mlflow still call it by the name that omegaconf has since changed
warnings.filterwarnings("ignore", message=r"register_new_resolver\(\) is deprecated")

# `--pipeline` is what users of Kedro know; `--pipelines` is its newer name
warnings.filterwarnings("ignore", message="Option '--pipeline' is deprecated")

# both choose a level of their own when they are imported, after conf/logging.yml was read
for name in ("kedro_mlflow", "mlflow"):
    logging.getLogger(name).setLevel(logging.WARNING)

# the last is asked first: a run waits for its workspace before it is one of MLflow's
HOOKS = (ParameterCheck(), RunTracking(), WorkspaceLock(), RunSummary())

# `RunTracking` is kedro-mlflow's hook, and more
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # an environment changes single values of a parameter group, not the whole group
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]},
}
