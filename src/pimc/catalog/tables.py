"""Tables and JSON that one stage writes and another reads, as Kedro's own datasets do.

What is damaged is told with what to do; Kedro's own words name the file alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io import DatasetError
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import CSVDataset, ParquetDataset

from pimc.data.atomic import explain_disk
from pimc.data.kept import AGAIN
from pimc.data.regular_file import check_regular, told


class ParquetTable(ParquetDataset):
    """``pandas.ParquetDataset``."""

    def load(self) -> Any:  # noqa: ANN401  as Kedro's
        """The table.

        Raises:
            DatasetError: if it is not there, or damaged.
        """
        return _load(super().load, self._describe())

    def save(self, data: Any) -> None:  # noqa: ANN401
        """Write it.

        Raises:
            DiskError: if the disk is full or the folder cannot be written.
        """
        _save(super().save, data, self._describe())


class CSVTable(CSVDataset):
    """``pandas.CSVDataset``."""

    def load(self) -> Any:  # noqa: ANN401
        """The table.

        Raises:
            DatasetError: if it is not there, or damaged.
        """
        return _load(super().load, self._describe())

    def save(self, data: Any) -> None:  # noqa: ANN401
        """Write it.

        Raises:
            DiskError: if the disk is full or the folder cannot be written.
        """
        _save(super().save, data, self._describe())


class JSONFile(JSONDataset):
    """``json.JSONDataset``."""

    def load(self) -> Any:  # noqa: ANN401
        """What the file holds.

        Raises:
            DatasetError: if it is not there, or damaged.
        """
        return _load(super().load, self._describe())

    def save(self, data: Any) -> None:  # noqa: ANN401
        """Write it.

        Raises:
            DiskError: if the disk is full or the folder cannot be written.
        """
        _save(super().save, data, self._describe())


def _load(load: Callable[[], Any], described: dict[str, Any]) -> Any:  # noqa: ANN401
    path = Path(str(described["filepath"]))
    expected = f"a {path.suffix[1:]} file as a stage of this project writes it"
    try:
        check_regular(path, expected)
        with told(path, expected, AGAIN):
            try:
                return load()
            except DatasetError as error:  # Kedro's words around the reason
                raise error.__cause__ or error from None
    except (ValueError, FileNotFoundError) as error:
        raise DatasetError(str(error)) from error


def _save(save: Callable[[Any], None], data: Any, described: dict[str, Any]) -> None:  # noqa: ANN401
    with explain_disk(Path(str(described["filepath"]))):
        try:
            save(data)
        except DatasetError as error:
            raise error.__cause__ or error from None
