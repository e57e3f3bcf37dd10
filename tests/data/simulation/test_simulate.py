import hashlib

import numpy as np
import pytest

from pimc.data.patch import SENTINEL2_BANDS
from pimc.data.simulation.covers import TILES, VOID
from pimc.data.simulation.scenes import SIMULATION_VERSION, SimulationOptions, simulate_scenes

CHECKSUM = "af5a007331d322e84f0c292d9cbda22488a630579724646e07c2c92543952d45"
TINY = SimulationOptions(patches=10, size=32)


@pytest.fixture(scope="module")
def patches():
    return [source() for source in simulate_scenes(TINY).values()]


def checksum(patches):
    digest = hashlib.sha256()
    for patch in patches:
        for array in (patch.reflectance, patch.labels, patch.parcels, patch.folds):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(patch.dates.astype("<i8").tobytes())
        digest.update(f"{patch.patch_id} {patch.place} {patch.origin}".encode())
    return digest.hexdigest()


def index_series(patch, pixels):
    """NDVI, EVI and SAVI at every tenth day, clouds out by a plain threshold: pixel x feature."""
    cube = patch.reflectance.reshape(len(patch.dates), 10, -1)[..., pixels] / 10_000
    blue, red, infrared = cube[:, 0], cube[:, 2], cube[:, 6]
    with np.errstate(divide="ignore", invalid="ignore"):
        indices = np.stack(
            [
                (infrared - red) / (infrared + red),
                2.5 * (infrared - red) / (infrared + 6 * red - 7.5 * blue + 1),
                1.5 * (infrared - red) / (infrared + red + 0.5),
            ]
        )
    clear = (blue < np.median(blue, axis=0) + 0.06) & (np.abs(indices) < 1.5).all(axis=0)
    days = (patch.dates - np.datetime64("2019-01-01")).astype(float)
    grid = np.arange(-110.0, 300.0, 10.0)
    return np.array(
        [
            [np.interp(grid, days[seen], index[seen, pixel]) for index in indices]
            for pixel, seen in enumerate(clear.T)
        ]
    ).reshape(len(pixels), -1)


def macro_f1(options, pixels, test_folds):
    """Macro-F1 of a random forest on index series, one value a test fold, void left out."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(0)
    series, labels, folds = [], [], []
    for source in simulate_scenes(options).values():
        patch = source()
        chosen = rng.choice(patch.labels.size, pixels, replace=False)
        series.append(index_series(patch, chosen))
        labels.append(patch.labels.reshape(-1)[chosen])
        folds.append(patch.folds.reshape(-1)[chosen])
    x, y, fold = map(np.concatenate, (series, labels, folds))
    scores = []
    for test in test_folds:
        training = np.isin(fold, [(test + step) % 5 + 1 for step in range(3)]) & (y != VOID)
        tested = (fold == test) & (y != VOID)
        forest = RandomForestClassifier(100, random_state=0, n_jobs=2).fit(x[training], y[training])
        predicted = forest.predict(x[tested])
        scores.append(f1_score(y[tested], predicted, average="macro", zero_division=0))
    return scores


def test_output_of_this_version_is_fixed(patches):
    """Another checksum needs another SIMULATION_VERSION: results and caches hang on it."""
    assert SIMULATION_VERSION == "1"
    assert checksum(patches) == CHECKSUM


def test_a_patch_hangs_on_nothing_but_its_number():
    few = simulate_scenes(SimulationOptions(patches=4, size=16))
    many = simulate_scenes(SimulationOptions(patches=400, size=16))
    assert list(many)[:4] == list(few)
    for name, source in few.items():
        assert source.fingerprint == many[name].fingerprint
        np.testing.assert_array_equal(source().reflectance, many[name]().reflectance)


def test_fingerprints_tell_patches_and_options_apart():
    options = [TINY, SimulationOptions(10, 48), SimulationOptions(10, 32, seed=1)]
    prints = [s.fingerprint for chosen in options for s in simulate_scenes(chosen).values()]
    assert len(set(prints)) == 30


def test_another_seed_gives_other_ground_and_dates():
    first, other = (
        simulate_scenes(SimulationOptions(patches=1, size=32, seed=seed))["10000"]()
        for seed in (0, 1)
    )
    assert not np.array_equal(first.labels, other.labels)
    assert not np.array_equal(first.dates, other.dates)


def test_patches_look_like_those_of_pastis(patches):
    for patch in patches:
        assert patch.patch_id.isdecimal()
        assert patch.bands == SENTINEL2_BANDS
        assert 38 <= len(patch.dates) <= 61
        assert patch.labels.max() <= VOID
        assert patch.labels.dtype == np.uint8
        assert patch.parcels.dtype == np.int32
        assert patch.clear is None
        assert -1000 < patch.reflectance.min()
    assert sorted({int(fold) for patch in patches for fold in np.unique(patch.folds)}) == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
    assert {patch.place for patch in patches} == {tile.name for tile in TILES}


def test_tiles_differ_in_dates_and_their_patches_share_them(patches):
    dates = {}
    for patch in patches:
        dates.setdefault(patch.place, []).append(patch.dates)
    for same in dates.values():
        assert all(np.array_equal(same[0], other) for other in same)
    assert len({tuple(same[0].tolist()) for same in dates.values()}) == len(TILES)


def test_every_tile_has_every_fold():
    sources = simulate_scenes(SimulationOptions(patches=20, size=16)).values()
    seen = {(patch.place, int(patch.folds[0, 0])) for patch in (source() for source in sources)}
    assert len(seen) == 20


def test_patches_lie_a_kilometre_apart_on_the_grid_of_their_tile(patches):
    for one in patches:
        for other in patches:
            if one.place == other.place and one is not other:
                apart = np.abs(np.subtract(one.origin, other.origin)).max()
                assert apart >= 32 + 100
    moved = patches[4]
    assert (moved.place, moved.origin) == ("t30uxv", (0, 132))
    assert moved.georeference.transform == (10, 0.0, 601320.0, 0.0, -10, 5500020.0)
    assert "UTM zone 30N" in moved.georeference.crs


def test_no_two_patches_share_a_parcel(patches):
    numbers = [set(np.unique(patch.parcels)) - {0} for patch in patches]
    assert len(set.union(*numbers)) == sum(map(len, numbers))


def test_clouds_come_without_a_mask_and_values_are_like_pastis_s():
    """PASTIS's NORM file has a blue mean of about 1170 and a near infrared one of 3210."""
    sources = simulate_scenes(SimulationOptions(patches=40, size=32)).values()
    images = [source().reflectance for source in sources]
    blue, infrared = (
        np.concatenate([cube[:, band].reshape(-1) for cube in images]) for band in (0, 6)
    )
    assert blue.mean() == pytest.approx(1170, rel=0.25)
    assert blue.std() == pytest.approx(1960, rel=0.25)
    assert infrared.mean() == pytest.approx(3210, rel=0.1)
    assert 0.08 < (blue > 3000).mean() < 0.2
    # as in PASTIS: haze over-corrected on dark ground
    assert 0 < (blue < 0).mean() < 0.02


def test_pixels_of_a_parcel_are_alike_but_not_equal():
    patch = simulate_scenes(SimulationOptions(patches=3, size=64))["10002"]()
    clearest = patch.reflectance[:, 0].mean(axis=(1, 2)).argmin()
    infrared = patch.reflectance[clearest, 6].astype(float)
    numbers, sizes = np.unique(patch.parcels[patch.parcels > 0], return_counts=True)
    within = np.mean([infrared[patch.parcels == n].std() for n in numbers[sizes > 40]])
    assert 50 < within < infrared.std()


def test_a_random_forest_learns_something_but_not_all():
    """A quick look at few small patches; the slow test has the figure that counts."""
    options = SimulationOptions(patches=30, size=32)
    assert 0.4 < np.mean(macro_f1(options, pixels=100, test_folds=(4, 5))) < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_random_forest_is_neither_hopeless_nor_perfect(seed):
    scores = macro_f1(SimulationOptions(seed=seed), pixels=200, test_folds=(1, 2, 3, 4, 5))
    assert 0.6 < min(scores)
    assert max(scores) < 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patches": 0}, r"patches must be 1\.\.17424, got 0"),
        ({"patches": 20_000, "size": 128}, r"patches must be 1\.\.9216, got 20000: 4 tiles"),
        ({"size": 8}, r"size must be 16\.\.512 pixels, got 8"),
        ({"size": 1024}, r"size must be 16\.\.512 pixels, got 1024"),
        ({"seed": -1}, "seed and season_spread must be at least 0, got -1"),
        ({"tiles": 5}, r"tiles must be 1\.\.4, got 5"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SimulationOptions(**options)


def test_growing_seasons_of_other_climates_move_what_grows_and_nothing_else():
    here, spread = (
        simulate_scenes(SimulationOptions(patches=4, size=32, season_spread=days))["10001"]()
        for days in (0, 90)
    )
    np.testing.assert_array_equal(here.labels, spread.labels)
    np.testing.assert_array_equal(here.dates, spread.dates)
    assert (here.reflectance != spread.reflectance).mean() > 0.3
