"""Datasets that no node writes."""

from __future__ import annotations

from typing import ClassVar, Generic, NoReturn, TypeVar

from kedro.io import AbstractDataset, DatasetError

Loaded = TypeVar("Loaded")


class ReadOnly(AbstractDataset[NoReturn, Loaded], Generic[Loaded]):
    """A dataset that is only read.

    Attributes:
        because: what it is, for the error of who would write it.
    """

    because: ClassVar[str] = "raw data, which is only read"

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(f"{type(self).__name__} is {self.because}")
