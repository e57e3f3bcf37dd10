"""Stacks of dated GeoTIFFs, the user's own images."""
