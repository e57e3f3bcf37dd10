import numpy as np
from scipy import ndimage

from pimc.data.patch import SENTINEL2_BANDS
from pimc.data.simulation.covers import COVERS, TILES
from pimc.data.simulation.observation import (
    DARKEST,
    View,
    blur,
    draw_textures,
    observe,
    paint,
    view_units,
)
from pimc.data.simulation.phenology import draw_growth, reflectance
from pimc.data.simulation.spectra import load_spectra
from pimc.data.simulation.weather import Season


def clear_season(count=3):
    dates = np.datetime64("2019-04-01") + 30 * np.arange(count)
    zeros = np.zeros(count)
    return Season(dates, zeros, zeros, zeros, np.ones(count))


def test_blur_is_a_convolution_with_a_cross():
    image = np.random.default_rng(0).random((2, 7, 9)).astype(np.float32)
    cross = np.array([[0, 0.1, 0], [0.1, 0.6, 0.1], [0, 0.1, 0]])
    slow = np.stack([ndimage.convolve(band.astype(float), cross, mode="nearest") for band in image])
    np.testing.assert_allclose(blur(image), slow, atol=1e-6)


def test_paint_adds_texture_by_unit():
    base = np.array([[[0.2, 0.5]]], dtype=np.float32)
    slopes = [np.array([[[a, b]]], dtype=np.float32) for a, b in ((0.1, 0), (0, 0.1), (0.01, 0.01))]
    view = View(base, *slopes)
    textures = np.stack([np.full((4, 4), value, np.float32) for value in (1.0, 2.0, -1.0)])
    left = paint(view, 0, np.zeros((4, 4), int), textures)
    right = paint(view, 0, np.ones((4, 4), int), textures)
    np.testing.assert_allclose(left, 0.2 + 0.1 - 0.01, rtol=1e-6)
    np.testing.assert_allclose(right, 0.5 + 0.2 - 0.01, rtol=1e-6)
    dark = paint(view, 0, np.zeros((4, 4), int), textures * np.float32(-9))
    np.testing.assert_allclose(dark, DARKEST)


def test_border_pixels_are_mixed():
    base = np.array([[[0.1, 0.5]]], dtype=np.float32)
    view = View(base, *[np.zeros_like(base)] * 3)
    unit = np.repeat([[0, 0, 1, 1]], 4, axis=0)
    row = paint(view, 0, unit, np.zeros((3, 4, 4), np.float32))[0, 1]
    np.testing.assert_allclose(row, [0.1, 0.14, 0.46, 0.5], rtol=1e-6)


def test_slopes_are_differences_of_reflectance():
    table = load_spectra().select(SENTINEL2_BANDS)
    growth = draw_growth(np.random.default_rng(0), np.arange(len(COVERS)), TILES[0])
    days, wetness = np.array([100.0, 180.0]), np.array([0.0, 0.1])
    view = view_units(growth, table, days, wetness)
    base = reflectance(growth, table, days, wetness)
    later = reflectance(growth, table, days + 3, wetness)
    np.testing.assert_allclose(view.base, base.transpose(1, 2, 0), rtol=1e-6)
    np.testing.assert_allclose(view.by_date, (later - base).transpose(1, 2, 0), atol=1e-8)
    sealed = growth.surface >= 0
    np.testing.assert_allclose(
        view.by_vigour[..., sealed], 0.12 * view.base[..., sealed], rtol=1e-6
    )


def test_textures_have_about_unit_variance():
    textures = draw_textures(np.random.default_rng(0), 128)
    assert textures.dtype == np.float32
    np.testing.assert_allclose(textures.std(axis=(1, 2)), 1.0, atol=0.25)


def test_without_weather_the_images_are_the_ground():
    season = clear_season()
    growth = draw_growth(np.random.default_rng(1), np.array([0, 1, 2]), TILES[2])
    unit = np.repeat(np.arange(3), 24)[None].repeat(72, axis=0)
    images = observe(np.random.default_rng(0), unit, growth, season)
    assert images.dtype == np.int16
    assert images.shape == (3, 10, 72, 72)
    expected = reflectance(
        growth, load_spectra().select(SENTINEL2_BANDS), season.days, season.wetness
    )
    for number in range(3):
        inner = unit[0] == number
        inner[[0, 23, 24, 47, 48, 71]] = False
        means = images[..., inner].mean(axis=(2, 3)) / 10_000
        # haze is 0 here but for its scatter between patches
        np.testing.assert_allclose(means, expected[number], rtol=0.15, atol=0.02)


def test_clouds_are_bright_and_shadows_dark():
    clear = clear_season(30)
    cloudy = Season(clear.dates, clear.wetness, np.full(30, 0.5), clear.haze, clear.gain)
    growth = draw_growth(np.random.default_rng(1), np.array([0]), TILES[2])
    unit = np.zeros((48, 48), int)
    blue = observe(np.random.default_rng(0), unit, growth, cloudy)[:, 0]
    near_infrared = observe(np.random.default_rng(0), unit, growth, cloudy)[:, 6]
    without = observe(np.random.default_rng(0), unit, growth, clear)
    # thin cloud and edges of cloud stay below
    assert 0.2 < (blue > 3000).mean() < 0.6
    assert (without[:, 0] > 2000).mean() == 0
    # no less than half of the light is lost where an opaque cloud shades the ground
    unshaded = without[:, 6].mean(axis=(1, 2), keepdims=True)
    shaded = near_infrared < 0.5 * unshaded
    assert 0.03 < shaded.mean() < 0.3
    assert (without[:, 6] < 0.5 * unshaded).mean() < 0.001
