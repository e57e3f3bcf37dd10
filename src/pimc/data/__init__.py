"""Readers: files (or a simulation) become typed arrays. No Kedro, no torch."""
