"""Contrastive pretraining: corpus, batches, objective, and the encoders that are kept."""
