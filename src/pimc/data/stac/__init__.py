"""STAC items: a saved collection of them, or a search, loaded onto one grid."""
