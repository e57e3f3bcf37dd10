"""Contrastive losses, each beside its formula and source."""
