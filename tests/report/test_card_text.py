"""The card of an encoder, as a reader and as Hugging Face see it."""

from dataclasses import asdict, replace

import pandas as pd
import pytest
import yaml
from cases.strangers import make_image_encoder, make_series_encoder

from pimc.model.encoders import ImageEncoder
from pimc.pretraining.options import PretrainingOptions
from pimc.report.encoder_card import CardOptions, SeenGround, see_ground, write_card

OPTIONS = PretrainingOptions(steps_per_epoch=7, seed=3, precision="32-true")
METRICS = {"epochs": 4.0, "best_epoch": 2.0, "val_loss": 1.5, "series_rank": 8.25}
GALLERY = {
    "galleries": 1, "size": 64.0, "queries": 64, "recall_at_1": 0.125, "recall_at_5": 0.5,
    "chance_at_1": 1 / 64, "chance_at_5": 5 / 64,
}  # fmt: skip
RETRIEVAL = pd.DataFrame(
    [
        {"gallery": "across_patches", "place": "all", "direction": "series_to_image", **GALLERY},
        {"gallery": "across_patches", "place": "rome", "direction": "series_to_image", **GALLERY},
        {"gallery": "within_patch", "place": "all", "direction": "image_to_series", **GALLERY},
    ]
)
PIXELS = pd.DataFrame(
    {
        "patch": ["a", "a", "b", "c"],
        "place": ["rome", "rome", "paris", "paris"],
        "fold": [1, 1, 2, 4],
        "season": ["2018-01-01", "2019-01-01", "2019-01-01", "2018-01-01"],
    }
)
GROUND = {"trained on": see_ground(PIXELS, (1, 2)), "epoch chosen on": see_ground(PIXELS, (4,))}


def card_of(encoder, card=None, metrics=METRICS):
    return write_card(encoder, GROUND, OPTIONS, metrics, RETRIEVAL, card or CardOptions())


def test_the_ground_by_hand():
    assert str(GROUND["trained on"]) == (
        "3 series of 2 patches (folds 1, 2) in paris, rome; 2 seasons, from 2018-01-01 to that "
        "from 2019-01-01"
    )
    assert str(GROUND["epoch chosen on"]).endswith("(folds 4) in paris; season from 2018-01-01")
    assert see_ground(PIXELS.drop(columns="season"), [1]).seasons == ""
    many = SeenGround((1,), 20, tuple(f"p{n:02d}" for n in range(20)), 9_000, "")
    assert str(many).startswith("9,000 series") and str(many).endswith(", p11 and 8 more")


@pytest.mark.parametrize("make", [make_series_encoder, make_image_encoder])
def test_the_head_of_a_card_is_metadata(make):
    given = CardOptions(data="own <images> & more", licence="other")
    page = card_of(make(), given)
    empty, head, _ = page.split("---\n", 2)
    assert not empty and yaml.safe_load(head)["license"] == "other"
    assert "pretrained on own <images> & more\n" in page  # Markdown, not HTML


def test_a_card_says_what_was_read_seen_and_measured():
    encoder = make_series_encoder()
    page = card_of(encoder)
    assert "pixels x 2 (NDVI, SAVI) x 18 steps of 20 days from 01-01" in page
    count = sum(p.numel() for p in encoder.parameters())
    assert (
        f"{count:,} parameters" in page and "gives 12 numbers, from their plots (level) and" in page
    )
    assert "4 epochs of 7 batches of 256 pixels, 32-true, seed 3; weights of epoch 2" in page
    assert "infonce: pair x 1, series x 1; no label" in page
    for name, ground in GROUND.items():
        assert f"| {name} | {ground} |" in page
    rows = [line for line in page.splitlines() if line.startswith(("| spread", "| within"))]
    numbers = "| 1 | 64 | 12.5 | 1.6 | 50.0 | 7.8 |"
    assert rows == [
        f"| spread over all held-out patches | series to image {numbers}",
        f"| within one patch | image to series {numbers}",
    ]
    assert "1.500 |" in page and "series 8.2 |" in page
    assert "1.500 (of a guess 4.159)" in card_of(
        encoder, metrics={**METRICS, "val_loss_of_a_guess": 4.159}
    )
    block = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    assert PretrainingOptions(**block) == OPTIONS and block["batch"] == asdict(OPTIONS.batch)
    assert CardOptions().limits in page and "fewer than 4 clear dates" in page


def test_the_card_of_images_names_bands_and_stand_ins():
    config = make_image_encoder().config
    page = card_of(ImageEncoder(replace(config, substitutions={"rome": {"B08": "B8A"}})))
    assert "images x 3 bands (B02, B04, B08)" in page and "B8A for B08" in page
    assert "encoder.embed(images, bands)" in page and "reflectance, dates" not in page


def test_the_same_encoder_has_the_same_card():
    assert card_of(make_series_encoder()) == card_of(make_series_encoder())
