"""The encoder that comes with the package."""

from pathlib import Path

import pytest
import torch
from kedro.config import OmegaConfigLoader

from pimc.model.shipped import SPECTRA, load_shipped, shipped_encoder
from pimc.signal.calendar import CalendarOptions

CONF = Path(__file__).parents[2] / "conf"
INDICES = ("NDVI", "EVI", "SAVI", "NDMI", "NBR", "NDRE")


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_it_is_small_and_knows_no_ground_of_anybody(spectrum):
    folder = SPECTRA[spectrum]
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5_000_000
    assert load_shipped(spectrum).config.trained_on == {}
    assert "never seen a real pixel" in (folder / "README.md").read_text().replace("\n", " ")


@pytest.mark.parametrize("environment", ["base", "points", "stack", "pastis", "simulated_year"])
def test_it_reads_the_calendars_of_the_environments(environment):
    given = OmegaConfigLoader(str(CONF), env=environment, base_env="base")
    given.config_patterns["parameters"] = ["parameters*", "parameters*/**"]
    calendar = CalendarOptions(**given["parameters"]["calendar"])
    with torch.inference_mode():
        embedded = shipped_encoder(INDICES, calendar)(torch.rand(3, 6, calendar.length))
    assert embedded.shape == (3, 256)
    assert embedded.isfinite().all()


def test_series_of_four_bands_have_one_of_their_own():
    encoder = shipped_encoder(INDICES[:3], CalendarOptions())
    with torch.inference_mode():
        assert encoder(torch.rand(2, 3, 61)).isfinite().all()


def test_other_indices_are_refused():
    with pytest.raises(ValueError, match="this encoder reads the indices NDVI, EVI, SAVI, NDMI"):
        shipped_encoder(INDICES[:2], CalendarOptions())
