"""Which labels are read from a vector file, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelOptions:
    """How to read labels; without a path there are none.

    Attributes:
        path: GeoPackage, GeoJSON, Shapefile, GeoParquet or what else GDAL reads; points or
            polygons.
        column: whose values are the names of the classes.
        layer: of a file that holds several; None takes the first.
        crs: of a file that states none, such as EPSG:32631.
        per_feature: labelled pixels of a feature at most, evenly over it; None takes all.
        seed: of the dealing of blocks to folds.
    """

    path: str | None = None
    column: str | None = None
    layer: str | None = None
    crs: str | None = None
    per_feature: int | None = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the count, and that a column stands beside a path."""
        if self.per_feature is not None and self.per_feature < 1:
            raise ValueError(
                f"labels.per_feature must be at least 1, or null for all, got {self.per_feature}"
            )
        if self.path is None and self.column is not None:
            raise ValueError(
                f"label_column={self.column} names a column of no file: give labels=/my/fields.gpkg"
            )
