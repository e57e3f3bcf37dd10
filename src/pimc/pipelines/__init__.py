"""Kedro pipelines: thin nodes and the wiring."""
