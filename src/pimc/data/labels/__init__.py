"""Labels of one's own ground: points or polygons of a vector file."""
