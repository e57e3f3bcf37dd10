import json
from dataclasses import dataclass

import pytest

from pimc.data.stored_fields import restore_fields, store_fields


@dataclass(frozen=True)
class Season:
    crops: tuple[str, ...]
    start: int = 3
    irrigated: bool = False


def test_round_trip_through_json():
    season = Season(("corn", "rice"), 4, True)
    stored = json.loads(json.dumps(store_fields(season)))
    assert stored == {"crops": ["corn", "rice"], "start": 4, "irrigated": True}
    assert restore_fields(Season, stored, "season") == season


def test_newer_fields_alone_may_be_missing():
    stored = {"crops": ["corn"], "start": 4}
    assert restore_fields(Season, stored, "season", newer=("irrigated",)) == Season(("corn",), 4)
    with pytest.raises(
        ValueError, match=r"stored season .* crops, irrigated, start; missing: \['i"
    ):
        restore_fields(Season, stored, "season")
    with pytest.raises(ValueError, match=r"missing: \['start'\], unknown: \['end'\]"):
        restore_fields(Season, {"crops": [], "end": 5}, "season", newer=("irrigated",))
