import pytest

from pimc.model.architecture import PRESETS, Architecture, find_preset


def test_json_round_trip():
    architecture = Architecture((8, 16), blocks=2, stem_stride=2, embedding_size=32)
    assert Architecture.from_json(architecture.to_json()) == architecture


def test_json_of_before_the_temporal_branch():
    architecture = Architecture((8, 16))
    stored = architecture.to_json()
    del stored["temporal_width"]
    assert Architecture.from_json(stored) == architecture


def test_presets_by_name():
    assert find_preset("small") is PRESETS["small"]
    with pytest.raises(
        ValueError,
        match="no encoder preset 'huge'; there are tiny, small, fused, temporal, wide, base",
    ):
        find_preset("huge")


@pytest.mark.parametrize("widths", [(4,), (8, 12)])
def test_widths_are_groups_of_eight(widths):
    with pytest.raises(ValueError, match="multiples of 8"):
        Architecture(widths)


def test_other_wrong_sizes():
    with pytest.raises(ValueError, match="blocks of an encoder must be at least 1"):
        Architecture((8,), blocks=0)
    with pytest.raises(ValueError, match=r"temporal_width .* multiple of 8, got 12"):
        Architecture((8,), temporal_width=12)
    with pytest.raises(ValueError, match="needs widths or a temporal_width"):
        Architecture(())
    with pytest.raises(ValueError, match=r"missing: \['blocks', 'embedding_size', 'stem_stride'\]"):
        Architecture.from_json({"widths": [8]})
