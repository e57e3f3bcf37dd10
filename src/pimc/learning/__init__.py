"""Batches of pairs, pretraining, probes."""
