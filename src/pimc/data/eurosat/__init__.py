"""EuroSAT: images of land cover in three lists."""
