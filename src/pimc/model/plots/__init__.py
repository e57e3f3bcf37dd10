"""Recurrence plots and their kin, drawn from batches of series within the encoder."""
