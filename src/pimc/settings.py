"""Kedro settings: hooks and how environments are merged."""

import warnings

from kedro.config import OmegaConfigLoader

from pimc.hooks import ParameterCheck, RunTracking

# Kedro and kedro-mlflow still call it by the name that omegaconf has since changed
warnings.filterwarnings("ignore", message=r"register_new_resolver\(\) is deprecated")

# `--pipeline` is what users of Kedro know; `--pipelines` is its newer name
warnings.filterwarnings("ignore", message="Option '--pipeline' is deprecated")

HOOKS = (ParameterCheck(), RunTracking())

# `RunTracking` is kedro-mlflow's hook with dataclass parameters logged field by field
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # an environment changes single values of a parameter group, not the whole group
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
