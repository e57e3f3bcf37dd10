"""Kedro datasets: scenes, sharded and streamed arrays, encoders."""
