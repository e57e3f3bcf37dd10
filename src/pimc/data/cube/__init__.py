"""Cubes: NetCDF and Zarr with time, bands and a regular grid."""
