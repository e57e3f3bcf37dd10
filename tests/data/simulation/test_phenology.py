import numpy as np
import pytest

from pimc.data.pastis.scenes import PASTIS_CLASSES
from pimc.data.patch import SENTINEL2_BANDS
from pimc.data.simulation.covers import BACKGROUND, COVERS, CROPS, TILES, VOID
from pimc.data.simulation.phenology import (
    Growth,
    draw_crops,
    draw_growth,
    leaf_area,
    reflectance,
)
from pimc.data.simulation.spectra import CANOPIES, SURFACES, load_spectra, surface_reflectance

BURGUNDY = TILES[2]
RED, INFRARED = 2, 6


def growth(stages, surface=-1):
    """One unit of stages (canopy name, rise, fall, peak), 5 days either way."""
    canopies = list(CANOPIES)
    columns = list(zip(*stages, strict=True))
    return Growth(
        canopy=np.array([[canopies.index(name) for name in columns[0]]]),
        rise=np.array([columns[1]], dtype=float),
        fall=np.array([columns[2]], dtype=float),
        rise_days=np.full((1, len(stages)), 5.0),
        fall_days=np.full((1, len(stages)), 5.0),
        peak=np.array([columns[3]], dtype=float),
        dryness=np.array([0.4]),
        brightness=np.array([1.0]),
        surface=np.array([surface]),
    )


def ndvi(label, count=40, tile=BURGUNDY):
    """count x T NDVI of parcels of one class at every fifth day of 2019, cloudless."""
    row = next(row for row, cover in enumerate(COVERS) if cover.label == label)
    days = np.arange(0.0, 300.0, 5.0)
    drawn = draw_growth(np.random.default_rng(label), np.full(count, row), tile)
    spectra = reflectance(drawn, load_spectra().select(SENTINEL2_BANDS), days, np.zeros(60))
    red, infrared = spectra[..., RED], spectra[..., INFRARED]
    return days, (infrared - red) / (infrared + red)


def test_leaf_area_is_a_double_logistic():
    areas = leaf_area(growth([("grass", 100, 200, 4.0)]), np.array([100.0, 105.0, 150.0, 200.0]))
    # at the rise half; one time constant later 1 / (1 + 1 / e) = 0.731059
    expected = 4.0 * np.array([0.5, 0.731059, 1.0, 0.5])
    np.testing.assert_allclose(areas[0, 0], expected, rtol=1e-4)


def test_a_stage_that_ends_before_it_starts_never_grows():
    areas = leaf_area(growth([("grass", 200, 100, 4.0)]), np.arange(0.0, 300.0))
    assert (areas == 0).all()


def test_canopies_mix_by_leaf_area():
    table = load_spectra().select(SENTINEL2_BANDS)
    stages = [("grass", -500, 900, 3.0), ("ripe", -500, 900, 1.0)]
    found = reflectance(growth(stages), table, np.array([100.0]), np.zeros(1))[0, 0]
    four, dryness = np.array([4.0]), np.array([0.4])
    green, straw = (
        table.lookup(np.array([list(CANOPIES).index(name)]), four, dryness)[0]
        for name in ("grass", "ripe")
    )
    np.testing.assert_allclose(found, 0.75 * green + 0.25 * straw)


def test_bare_soil_brightens_as_it_dries():
    bare = growth([("grass", 0, 0, 0.0)])
    table = load_spectra().select(SENTINEL2_BANDS)
    moist, dry = reflectance(bare, table, np.array([1.0, 2.0]), np.array([0.2, -0.2]))[0]
    assert (dry > moist).all()
    soils = table.reflectance[0, :, 0]
    np.testing.assert_allclose(moist, 0.8 * soils[0] + 0.2 * soils[1])


def test_sealed_ground_has_its_own_spectrum_all_year():
    sealed = growth([("grass", 0, 300, 4.0)], surface=list(SURFACES).index("asphalt"))
    table = load_spectra().select(SENTINEL2_BANDS)
    found = reflectance(sealed, table, np.array([10.0, 200.0]), np.zeros(2))[0]
    expected = surface_reflectance(SENTINEL2_BANDS)[list(SURFACES).index("asphalt")]
    np.testing.assert_allclose(found, np.stack([expected, expected]))


def test_a_stage_starts_when_the_one_before_ends():
    wheat = np.full(20, 1)
    drawn = draw_growth(np.random.default_rng(0), wheat, BURGUNDY)
    stages = COVERS[1].variants[0]
    for before in range(len(stages) - 1):
        late_end = drawn.fall[:, before] - stages[before].fall
        late_start = drawn.rise[:, before + 1] - stages[before + 1].rise
        np.testing.assert_allclose(late_end, late_start)


def test_regions_shift_the_season():
    tiles = {tile.name: tile for tile in TILES}
    rises = [
        draw_growth(np.random.default_rng(0), np.full(400, 2), tiles[name]).rise[:, 2].mean()
        for name in ("t31tfj", "t30uxv")
    ]
    assert rises[1] - rises[0] == pytest.approx(16, abs=0.1)


@pytest.mark.parametrize(
    ("label", "earliest", "latest"),
    [(2, 100, 165), (4, 90, 150), (3, 185, 245), (7, 170, 215), (15, 195, 245)],
)
def test_crops_are_greenest_in_their_season(label, earliest, latest):
    days, series = ndvi(label)
    assert earliest <= days[np.median(series, axis=0).argmax()] <= latest


def test_harvest_and_mowing_show():
    days, wheat = ndvi(2)
    assert (wheat[:, days == 130] > 0.85).all()
    assert np.median(wheat[:, days == 225]) < 0.4
    _, meadow = ndvi(1)
    assert np.mean((np.diff(meadow, axis=1) < -0.1).any(axis=1)) > 0.5


def test_parcels_of_one_class_differ():
    _, wheat = ndvi(2)
    assert np.std(wheat, axis=0).max() > 0.05


def test_classes_are_those_of_pastis():
    assert [crop.label for crop in CROPS] == list(range(1, VOID))
    assert tuple(crop.name for crop in CROPS) == PASTIS_CLASSES[1:VOID]
    assert all(cover.label == 0 for cover in BACKGROUND)
    canopies = {s.canopy for cover in COVERS for stages in cover.variants for s in stages}
    assert canopies == set(CANOPIES)


def test_shares_are_unequal_and_differ_by_region():
    shares = {
        tile.name: np.bincount(draw_crops(np.random.default_rng(0), 20_000, tile), minlength=18)
        / 20_000
        for tile in TILES
    }
    assert shares["t31tfm"].argmax() == 0
    assert shares["t31tfj"][7] > 10 * shares["t30uxv"][7]
    assert all((share > 0).all() for share in shares.values())
    affinity = np.array([BURGUNDY.affinity.get(crop.label, 1) * crop.share for crop in CROPS])
    np.testing.assert_allclose(shares["t31tfm"], affinity / affinity.sum(), atol=0.01)
