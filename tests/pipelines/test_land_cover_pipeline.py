from dataclasses import replace

import numpy as np
import pytest
import torch

from pimc.catalog.land_images import LandImageArray, SimulatedEuroSat
from pimc.catalog.results import ArmResults
from pimc.data.eurosat.images import CLASSES
from pimc.evaluation.land_cover_arms import LandCoverOptions
from pimc.model.architecture import Architecture
from pimc.model.backbone.network import Backbone, BackboneConfig
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.model.encoders import ImageEncoder
from pimc.pipelines.land_cover.nodes import draw_figures, plan_arms, read_images, score_arms

NETWORK = {"kind": "network", "min_steps": 2, "epochs": 1, "checks": 1, "stem_stride": 2}
ARMS = {
    "majority": {"kind": "majority"},
    "statistics": {"kind": "linear", "input": "statistics"},
    "linear_probe": {"kind": "linear", "input": "pretrained"},
    "random_init": {"kind": "linear", "input": "random"},
    "scratch": {**NETWORK, "input": "random", "budgets": ["all"]},
}
EFFORTS = {"quick": {"budgets": {"all": {}, "half": {"share": 0.5, "draws": 2}}}}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("land_cover")
    files = SimulatedEuroSat(path=str(folder / "files"), images_per_class=5).load()
    dataset = LandImageArray(path=str(folder / "images"))
    dataset.save(read_images(files))
    return dataset.load()


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    architecture = Architecture((8, 8), embedding_size=8)
    bands = ("B02", "B03", "B04", "B08")
    return ImageEncoder(ImageEncoderConfig(architecture, bands, (0.1,) * 4, (0.05,) * 4))


def options(**changes):
    given = {"arms": ARMS, "efforts": EFFORTS, "references": ["statistics"], "resamples": 50}
    return LandCoverOptions(**{**given, "device": "cpu", "precision": "32-true", **changes})


def keys(tasks):
    return {name: task.key for name, task in tasks.items()}


def test_from_images_to_tables_and_figures(images, encoder, tmp_path):
    results = ArmResults(path=str(tmp_path))
    results.save(plan_arms(images, encoder, options()))
    stored = results.load()
    assert len(stored) == 5 + 4 * 2
    scores, differences, each_class, metrics = score_arms(stored, images, options())
    assert set(scores["score"]) >= {"accuracy", "macro_f1"}
    assert set(scores["unit"]) == {"image"}
    accuracy = scores[(scores["score"] == "accuracy") & (scores["budget"] == "all")]
    by_arm = accuracy.set_index("arm")
    (linear,) = (each for each in stored if (each.arm, each.budget) == ("statistics", "all"))
    rows, predicted = linear.result.arrays["test_rows"], linear.result.arrays["test"]
    assert set(images.splits[rows]) == {"test"}
    expected = (images.labels[rows] == predicted).mean()
    assert by_arm.loc["statistics", "value"] == metrics["statistics.accuracy"] == expected
    assert by_arm.loc["majority", "value"] == 0.1
    assert by_arm.loc["linear_probe", "pretraining"] == "unknown"
    assert set(differences["reference"]) == {"statistics"}
    assert set(each_class["class"]) <= set(CLASSES)
    figures = draw_figures(stored, scores, images)
    assert len(figures) == 3 and set(scores["split"]) == {"official"}
    by_longitude = replace(images, split="spatial")
    assert set(score_arms(stored, by_longitude, options())[0]["split"]) == {"spatial"}
    title = draw_figures(stored, scores, by_longitude)[0].get_suptitle()
    assert "split by longitude" in title


def test_without_an_encoder_its_arms_are_absent(images, caplog):
    tasks = plan_arms(images, None, options())
    assert not [name for name in tasks if name.startswith("linear_probe")]
    assert "absent: linear_probe" in caplog.text


def test_a_key_changes_with_what_the_arm_hangs_on(images, encoder):
    first = keys(plan_arms(images, encoder, options()))
    assert keys(plan_arms(images, encoder, options(references=[], resamples=9))) == first
    other = ImageEncoder(encoder.config)  # other weights
    changed = keys(plan_arms(images, other, options()))
    assert {name.split("-")[0] for name in first if first[name] != changed[name]} == {
        "linear_probe"
    }
    arms = {**ARMS, "scratch": {**ARMS["scratch"], "min_steps": 3}}
    changed = keys(plan_arms(images, encoder, options(arms=arms)))
    assert [name for name in first if first[name] != changed[name]] == [
        "scratch-all-seed0-rotation0"
    ]
    assert np.unique(list(first.values())).size == len(first)


def test_a_key_knows_what_auto_is_on_this_machine(images, encoder, monkeypatch):
    def named(precision):
        return keys(plan_arms(images, encoder, options(precision=precision)))

    for flag, precision in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda flag=flag: {"amx_bf16": flag})
        assert named("auto") == named(precision)
    assert not set(named("bf16-mixed").values()) & set(named("32-true").values())


def test_a_key_changes_with_the_lists(images, encoder, caplog):
    first = keys(plan_arms(images, encoder, options()))
    dealt_anew = replace(images, splits=np.roll(images.splits, 5), fingerprint="other lists")
    other = keys(plan_arms(dealt_anew, encoder, options()))
    assert other.keys() == first.keys() and not set(other.values()) & set(first.values())
    assert "learned from training images of other lists" not in caplog.text
    learned = ImageEncoder(replace(encoder.config, unpaired=images.training_list))
    plan_arms(images, learned, options())
    assert "learned from training images of other lists" not in caplog.text
    plan_arms(dealt_anew, learned, options())
    assert "learned from training images of other lists" in caplog.text


BACKBONE_ARMS = {
    "seco_probe": {"kind": "linear", "input": "backbone", "encoder": "seco"},
    "seco_fine_tune": {**NETWORK, "input": "backbone", "encoder": "seco", "stem_stride": None},
    "seco_random": {"kind": "linear", "input": "random_backbone", "encoder": "seco"},
}


def save_backbone(path, seed=0):
    torch.manual_seed(seed)
    config = BackboneConfig("small", ("B04", "B03", "B99"), (0.0,) * 3, (1.0,) * 3)
    torch.save({"model": Backbone(config).network.state_dict()}, path)


def with_backbones(path, **changes):
    seco = {"model": "small", "weights": str(path), "bands": ["B04", "B03", "B99"]}
    backbones = {"seco": seco, "nobody_asks": {**seco, "weights": "nowhere.pth"}, "gone": None}
    return options(**{"arms": {**ARMS, **BACKBONE_ARMS}, "backbones": backbones, **changes})


def test_a_backbone_runs_beside_all_others(images, encoder, fake_timm, tmp_path):
    save_backbone(tmp_path / "seco.pth")
    efforts = {"quick": {"budgets": {"all": {"draws": 2}}}}
    given = with_backbones(tmp_path / "seco.pth", efforts=efforts)
    results = ArmResults(path=str(tmp_path / "results"))
    results.save(plan_arms(images, encoder, given))
    stored = {(each.arm, each.seed): each.result for each in results.load()}
    assert ("seco_probe", 1) not in stored and ("seco_fine_tune", 1) in stored
    probe = stored["seco_probe", 0]
    assert (probe.facts["bands"], probe.facts["missing_bands"]) == (["B04", "B03"], ["B99"])
    assert stored["linear_probe", 0].facts["bands"] == ["B02", "B03", "B04"]
    for part in ("test_rows", "validation_rows"):
        np.testing.assert_array_equal(probe.arrays[part], stored["statistics", 0].arrays[part])
    scores, differences, _, _ = score_arms(results.load(), images, given)
    labels = scores.set_index("arm")["pretraining"]
    assert set(labels["seco_probe"]) == set(labels["seco_fine_tune"]) == {"unknown"}
    assert set(labels["seco_random"]) == {"none"} and ("seco_random", 1) in stored
    assert {"seco_probe", "seco_fine_tune"} <= set(differences["arm"])


def test_keys_hang_on_the_weights_of_a_backbone_not_on_their_path(
    images, encoder, fake_timm, tmp_path
):
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        save_backbone(tmp_path / name, seed)
    one, same, other = (
        keys(plan_arms(images, encoder, with_backbones(tmp_path / name)))
        for name in ("one", "same", "other")
    )
    assert one == same
    changed = {name.split("-")[0] for name in one if one[name] != other[name]}
    assert changed == {"seco_probe", "seco_fine_tune"}  # not the one with first weights
    without = keys(plan_arms(images, encoder, options()))
    assert without == {name: one[name] for name in without}
    alone = plan_arms(images, None, with_backbones(tmp_path / "one"))
    assert {name: one[name] for name in one if name.startswith("seco")} == {
        name: key for name, key in keys(alone).items() if name.startswith("seco")
    }


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        ({"input": "backbone"}, r"land_cover.backbones \(seco, nobody_asks\), got None"),
        ({"input": "backbone", "encoder": "dino"}, r"nobody_asks\), got 'dino'"),
        ({"input": "pretrained", "encoder": "seco"}, "with input backbone or random_backbone, got"),
        (
            {"input": "backbone", "encoder": "seco", "stem_stride": 2},
            "stem_stride must be null, got 2",
        ),
    ],
)
def test_arms_and_their_backbones_must_fit(arm, message):
    with pytest.raises(ValueError, match=f"arm mine: .*{message}"):
        with_backbones("seco.pth", arms={"mine": {"kind": "linear", **arm}}, references=[])


def test_options_are_checked(images, encoder):
    with pytest.raises(ValueError, match="precision must be of auto, 32-true, bf16-mixed"):
        options(precision="16")
    with pytest.raises(ValueError, match="cannot rotate them; got 5 rotations"):
        options(efforts={"quick": {"budgets": {"all": {}}, "rotations": 5}})
    arms = {"cnn": {"kind": "network", "input": "series"}}
    with pytest.raises(ValueError, match=r"arms\.cnn\.input: no input 'series'"):
        plan_arms(images, encoder, options(arms=arms, references=[]))


def test_an_encoder_of_another_kind_is_no_missing_one(images):
    with pytest.raises(TypeError, match="expected an encoder of images, got Architecture"):
        plan_arms(images, Architecture((8, 8)), options())
