import subprocess
import sys

import pytest

from pimc.pretraining.options import BatchOptions, EvaluationOptions, PretrainingOptions
from pimc.training.augment_options import CropAugmentation, SeriesAugmentation
from pimc.training.optimiser import OptimiserOptions


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BatchOptions(size=1), "needs 2 pairs or more, got size 1"),
        (lambda: BatchOptions(size=4, patches=5), "patches of a batch must be 1..4, got 5"),
        (lambda: BatchOptions(crop_side=16), "must be odd, .* got 16"),
        (lambda: BatchOptions(crop_side=7), "at least 9, got 7"),
        (lambda: BatchOptions(crops=0), "crops of a pixel must be at least 1, got 0"),
        (lambda: CropAugmentation(gain=-1), "gain must not be negative, got -1"),
        (lambda: CropAugmentation(band_dropout=1), "band_dropout must lie in 0..1"),
        (lambda: SeriesAugmentation(masking=1.5), "masking must lie in 0..1"),
        (lambda: SeriesAugmentation(level=-0.1), "level must not be negative"),
        (
            lambda: OptimiserOptions(learning_rate=0),
            "learning_rate and gradient_clip must be above",
        ),
        (lambda: EvaluationOptions(gallery=1), "a gallery of 2 pairs"),
        (lambda: PretrainingOptions(preset="huge"), "no encoder preset 'huge'"),
        (lambda: PretrainingOptions(max_epochs=0), "max_epochs must be at least 1, got 0"),
        (
            lambda: PretrainingOptions(precision="16"),
            "precision must be one of auto, 32-true, bf16-mixed, 16-mixed",
        ),
        (lambda: PretrainingOptions(devices=0), "devices must be at least 1, got 0"),
        (lambda: PretrainingOptions(nodes=0), "nodes must be at least 1, got 0"),
        (
            lambda: PretrainingOptions(devices=3, nodes=2),
            r"batch.size .* multiple of devices x nodes, got 256 for 3 x 2 = 6",
        ),
        (
            lambda: PretrainingOptions(
                devices=4, objective={"image": 1.0}, image_view={"images": 30}
            ),
            r"image_view.images .* multiple of devices x nodes, got 30 for 4 x 1 = 4",
        ),
    ],
)
def test_wrong_options(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_images_that_no_term_reads_need_not_be_shared():
    assert PretrainingOptions(devices=4, image_view={"images": 30}).processes == 4


def test_keys_of_stored_encoders_know_no_devices():
    # the text that they hang on; the whole of it is pinned by the encoders that are stored
    assert repr(PretrainingOptions(devices=2, nodes=2)) == repr(PretrainingOptions())
    assert "devices" not in repr(PretrainingOptions())


def test_options_import_no_torch():
    code = (
        "import sys, pimc.pretraining.options; assert not {'torch', 'lightning'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
