"""Tables, JSON, pages and figures that stages write, as Kedro's own datasets do.

What is damaged is told with what to do; Kedro's own words name the file alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io import DatasetError
from kedro_datasets.json import JSONDataset
from kedro_datasets.matplotlib import MatplotlibDataset
from kedro_datasets.pandas import CSVDataset, ParquetDataset
from kedro_datasets.text import TextDataset

from pimc.data.atomic import explain_disk
from pimc.data.kept import AGAIN
from pimc.data.regular_file import check_regular, told


class _Told:
    """Before a dataset of Kedro that has a ``filepath``: its errors in our words."""

    def load(self) -> Any:  # noqa: ANN401  as Kedro's
        """What the file holds.

        Raises:
            DatasetError: if it is not there, or damaged.
        """
        path = self._path
        expected = f"a {path.suffix[1:]} file as a stage of this project writes it"
        try:
            check_regular(path, expected)
            with told(path, expected, AGAIN):
                try:
                    return super().load()  # type: ignore[misc]
                except DatasetError as error:  # Kedro's words around the reason
                    raise error.__cause__ or error from None
        except (ValueError, FileNotFoundError) as error:
            raise DatasetError(str(error)) from error

    def save(self, data: Any) -> None:  # noqa: ANN401
        """Write it.

        Raises:
            DiskError: if the disk is full or the folder cannot be written.
        """
        with explain_disk(self._path):
            try:
                super().save(data)  # type: ignore[misc]
            except DatasetError as error:
                raise error.__cause__ or error from None

    @property
    def _path(self) -> Path:
        return Path(str(self._describe()["filepath"]))  # type: ignore[attr-defined]


class ParquetTable(_Told, ParquetDataset):
    """``pandas.ParquetDataset``."""


class CSVTable(_Told, CSVDataset):
    """``pandas.CSVDataset``."""


class JSONFile(_Told, JSONDataset):
    """``json.JSONDataset``."""


class TextFile(_Told, TextDataset):
    """``text.TextDataset``."""


class FigureFile(_Told, MatplotlibDataset):
    """``matplotlib.MatplotlibDataset``."""
