import numpy as np
import pytest

from pimc.data.simulation.covers import TILES
from pimc.data.simulation.weather import (
    FEWEST_DATES,
    MOST_DATES,
    SHADOW_REACH,
    Season,
    draw_season,
    draw_skies,
)


def season_of(clouds):
    count = len(clouds)
    dates = np.datetime64("2019-01-01") + 5 * np.arange(count)
    return Season(dates, np.zeros(count), np.array(clouds), np.zeros(count), np.ones(count))


@pytest.mark.parametrize("seed", range(8))
def test_dates_are_irregular_on_the_five_day_cadence(seed):
    season = draw_season(np.random.default_rng(seed), TILES[seed % 4])
    steps = np.diff(season.dates).astype(int)
    assert FEWEST_DATES <= len(season.dates) <= MOST_DATES
    assert (steps % 5 == 0).all()
    assert len(set(steps)) > 1
    assert season.dates[0] >= np.datetime64("2018-09-01")
    assert season.dates[-1] < np.datetime64("2019-11-10")
    assert season.days[0] == (season.dates[0] - np.datetime64("2019-01-01")).astype(int)


def test_all_lengths_occur():
    lengths = {len(draw_season(np.random.default_rng(seed), TILES[0]).dates) for seed in range(300)}
    assert lengths == set(range(FEWEST_DATES, MOST_DATES + 1))


def test_winter_has_fewer_images():
    days = np.concatenate([draw_season(np.random.default_rng(s), TILES[0]).days for s in range(50)])
    winter = ((days > -42) & (days < 45)).sum() / 87
    summer = ((days > 120) & (days < 207)).sum() / 87
    assert winter < 0.7 * summer


def test_clear_dates_have_no_sky_and_overcast_ones_no_ground():
    skies = list(draw_skies(np.random.default_rng(0), season_of([0.0, 1.0, 0.0]), 32))
    assert skies[0] is None
    assert skies[2] is None
    assert (skies[1].opacity > 0.2).mean() > 0.9


def test_cloudier_dates_have_more_cloud():
    cover = [
        np.mean([0.0 if sky is None else (sky.opacity > 0.2).mean()
                 for sky in draw_skies(np.random.default_rng(1), season_of([cloud] * 40), 48)])
        for cloud in (0.2, 0.5, 0.8)
    ]  # fmt: skip
    assert cover[0] < cover[1] < cover[2]


def test_shadows_lie_north_west_of_their_clouds():
    for sky in draw_skies(np.random.default_rng(2), season_of([0.45] * 12), 64):
        if sky is None:
            continue
        shifts = [
            (down, right)
            for down in range(4, SHADOW_REACH + 1)
            for right in range(4, SHADOW_REACH + 1)
            if np.array_equal(sky.shadow[:-down, :-right], sky.opacity[down:, right:])
        ]
        assert shifts
        assert sky.opacity.min() >= 0
        assert sky.opacity.max() <= 1
