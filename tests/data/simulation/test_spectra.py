import json

import numpy as np
import pytest

from pimc.data.patch import SENTINEL2_BANDS
from pimc.data.simulation.spectra import (
    BAND_WINDOWS,
    CANOPIES,
    SURFACES,
    SpectralTable,
    band_means,
    load_spectra,
    make_spectra,
    save_spectra,
    surface_reflectance,
)


def tiny_table():
    # canopy 0: moist 0, 2 at leaf areas 0, 4; dry 10, 20; one band
    values = np.array([[[[0.0], [2.0]], [[10.0], [20.0]]]])
    return SpectralTable(("grass",), ("B04",), np.array([0.0, 4.0]), values)


def test_lookup_is_linear_in_leaf_area_and_dryness():
    found = tiny_table().lookup(
        np.array([0, 0, 0, 0]), np.array([0.0, 1.0, 4.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.5])
    )
    # at leaf area 1: moist 0.5, dry 12.5, between them 6.5
    np.testing.assert_allclose(found[:, 0], [0.0, 12.5, 20.0, 6.5])


def test_lookup_holds_the_ends():
    found = tiny_table().lookup(np.array([0, 0]), np.array([-1.0, 9.0]), np.array([-3.0, 7.0]))
    np.testing.assert_allclose(found[:, 0], [0.0, 20.0])


def test_band_means_of_a_straight_spectrum_are_near_its_centres():
    means = band_means(np.arange(400.0, 2501.0))
    centres = [centre for centre, _ in BAND_WINDOWS.values()]
    np.testing.assert_allclose(means, centres, atol=0.5)


def test_shipped_table_is_what_prosail_gives():
    made = make_spectra()
    shipped = load_spectra()
    assert shipped.canopies == tuple(CANOPIES)
    assert shipped.bands == made.bands
    np.testing.assert_allclose(shipped.reflectance, made.reflectance, rtol=0, atol=2e-6)


def test_saved_table_loads_again(tmp_path):
    path = tmp_path / "spectra.json"
    save_spectra(load_spectra(), path)
    assert json.loads(path.read_text())["bands"][0] == "B01"
    np.testing.assert_array_equal(load_spectra(path).reflectance, load_spectra().reflectance)


def test_green_leaves_are_dark_in_red_and_bright_in_near_infrared():
    table = load_spectra()
    blue, red, infrared = table.select(("B02", "B04", "B08")).reflectance[
        table.canopies.index("maize"), 1, list(table.leaf_area).index(3.0)
    ]
    # PROSAIL at leaf area 3: about 0.024, 0.022 and 0.51
    assert blue == pytest.approx(0.024, abs=0.005)
    assert red == pytest.approx(0.022, abs=0.003)
    assert infrared == pytest.approx(0.51, abs=0.02)


def test_without_leaves_only_the_soil_is_seen():
    bare = load_spectra().reflectance[:, :, 0]
    np.testing.assert_allclose(bare, np.broadcast_to(bare[:1], bare.shape), atol=2e-6)
    assert (bare[0, 1] > bare[0, 0]).all()


def test_ripe_straw_is_bright_in_red_and_has_no_red_edge():
    table = load_spectra().select(("B04", "B08"))
    row = list(table.leaf_area).index(3.0)
    red, infrared = table.reflectance[table.canopies.index("ripe"), 1, row]
    assert (infrared - red) / (infrared + red) < 0.5


def test_surfaces_follow_the_bands_asked_for():
    surfaces = surface_reflectance(("B11", "B02"))
    water = list(SURFACES).index("water")
    assert surfaces[water].tolist() == [0.006, 0.05]
    assert all(len(values) == len(BAND_WINDOWS) for values in SURFACES.values())


def test_a_band_without_spectra_is_an_error():
    with pytest.raises(ValueError, match="no spectra of B10"):
        load_spectra().select((*SENTINEL2_BANDS, "B10"))


def test_a_table_of_another_shape_is_an_error():
    with pytest.raises(ValueError, match=r"\(1, 2, 2, 1\), got \(1, 2, 1, 1\); make them again"):
        SpectralTable(("grass",), ("B04",), np.array([0.0, 4.0]), np.zeros((1, 2, 1, 1)))
