import subprocess
import sys

import numpy as np
import pytest
from cases.strangers import DATES, make_image_encoder, make_reflectance, make_series_encoder

import pimc
from pimc.model.embedders.images import ImageEmbedder
from pimc.model.embedders.series import SeriesEmbedder
from pimc.model.storage import save_encoder


def test_encoders_of_folders_embed(tmp_path):
    for make, kind in ((make_series_encoder, SeriesEmbedder), (make_image_encoder, ImageEmbedder)):
        save_encoder(make(), tmp_path)
        loaded = pimc.load_encoder(tmp_path)
        assert type(loaded) is kind and not loaded.network.training
    with pytest.raises(FileNotFoundError, match="no encoder in"):
        pimc.load_encoder(tmp_path / "none")


def test_the_shipped_encoder_reads_a_strangers_pixels():
    encoder = pimc.load_encoder()
    assert encoder.bands == ("B02", "B04", "B05", "B08", "B11", "B12")
    known = make_reflectance()
    reflectance = known[..., [0, 2, 3, 3, 2, 1]]
    embedded = encoder.embed(reflectance, DATES, encoder.bands)
    assert embedded.shape == (30, 256) and np.isfinite(embedded[3:]).all()


def test_the_package_itself_is_light():
    code = "import sys, pimc; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
