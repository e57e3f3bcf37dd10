"""The example as a reader runs it, on less ground."""

import re
import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples/pretrain.py"


def test_the_example_is_short_and_ends_with_numbers_beside_chance(capsys, tmp_path, monkeypatch):
    assert len(EXAMPLE.read_text().splitlines()) <= 80
    monkeypatch.chdir(tmp_path)  # an unfinished training would leave its checkpoint here
    runpy.run_path(str(EXAMPLE))["main"](patches=10, steps=2)
    found, named = capsys.readouterr().out.splitlines()[-2:]
    recall, chance = map(float, re.findall(r"\d\.\d{3}", found))
    score, commonest = map(float, re.findall(r"\d\.\d{3}", named))
    # eight steps teach little, but the encoder reads series from the first
    assert 0 < chance < recall <= 1
    assert 0 < commonest < score <= 1
