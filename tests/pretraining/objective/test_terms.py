from dataclasses import replace

import pytest
import torch
from cases.synthetic import BANDS, CALENDAR, RECURRENCE, make_pairs
from torch.nn.functional import normalize

from pimc.model.architecture import find_preset
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.batches.loader import load_batch
from pimc.pretraining.batches.pairs import PairSampler
from pimc.pretraining.batches.unpaired import BandMap
from pimc.pretraining.objective.likeness import SeriesScale
from pimc.pretraining.objective.masking import draw_hidden
from pimc.pretraining.objective.terms import Encoders, Step, build_terms, crops_of, two_views
from pimc.pretraining.objective_options import MaskOptions, ObjectiveOptions
from pimc.pretraining.options import BatchOptions, PretrainingOptions

SCALE = SeriesScale((0.3, 0.2), (0.2, 0.1))
BATCH = BatchOptions(size=6, patches=3, crops=2)
OPTIONS = PretrainingOptions(
    preset="tiny",
    batch=BATCH,
    objective=ObjectiveOptions(pair=1, series=1, masked=1),
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def encoders():
    torch.manual_seed(0)
    preset = find_preset("tiny")
    image = ImageEncoderConfig(preset.image, BANDS, (0.2,) * 3, (0.1,) * 3)
    series = SeriesEncoderConfig(preset.series, CALENDAR, RECURRENCE)
    return Encoders(SeriesEncoder(series), ImageEncoder(image))


@pytest.fixture
def batch():
    data = make_pairs(3, 0)
    observed = torch.rand(len(data), CALENDAR.length, generator=generator()) < 0.7
    data = replace(data, observed=observed.numpy())
    return load_batch(data, PairSampler(data, BATCH).epoch(0, 1)[0], 15)


def terms(encoders, options=OPTIONS):
    torch.manual_seed(1)
    return build_terms(encoders, options, SCALE)


@torch.no_grad()
def test_masked_error_is_that_of_the_hidden_observations(encoders, batch):
    term = terms(encoders)["masked"]
    value = term(encoders, Step(batch, None, generator(), True))
    hidden = draw_hidden(batch.observed, OPTIONS.objective.mask, generator())
    kept = batch.observed & ~hidden
    series, total, count = batch.series.clone(), 0.0, 0
    for row in range(len(series)):  # a line between the dates that are left
        left = kept[row].nonzero()[:, 0].tolist()
        for date in range(CALENDAR.length):
            before = max((d for d in left if d <= date), default=left[0])
            after = min((d for d in left if d >= date), default=left[-1])
            weight = (date - before) / (after - before) if after > before else 0
            ends = batch.series[row, :, before], batch.series[row, :, after]
            series[row, :, date] = ends[0] + weight * (ends[1] - ends[0])
    predicted = term.decoders[0](encoders.series(series))
    for row, date in hidden.nonzero().tolist():
        for index in range(2):
            target = (batch.series[row, index, date] - SCALE.mean[index]) / SCALE.std[index]
            total += float(predicted[row, index, date] - target) ** 2
            count += 1
    assert value.item() == pytest.approx(total / count, rel=1e-4)


@torch.no_grad()
def test_what_is_hidden_cannot_be_seen(encoders, batch):
    term = terms(encoders)["masked"]
    hidden = draw_hidden(batch.observed, OPTIONS.objective.mask, generator())
    seen = []
    encoders.series.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    term(encoders, Step(batch, None, generator(), True))
    unknown = hidden | ~batch.observed
    other = batch.series.masked_fill(unknown[:, None], 9.0)
    term(encoders, Step(batch._replace(series=other), None, generator(), True))
    torch.testing.assert_close(seen[0], seen[1])


@torch.no_grad()
def test_crops_of_several_dates_are_joined_by_their_mean(encoders, batch):
    term = terms(encoders)["pair"]
    assert crops_of(batch).shape == (12, 3, 15, 15)
    joined = term.embed(encoders, batch)
    images = [encoders.image(crops_of(batch)[date::2]) for date in (0, 1)]
    torch.testing.assert_close(joined.others, (images[0] + images[1]) / 2)
    projected = (term.image_head(images[0]) + term.image_head(images[1])) / 2
    torch.testing.assert_close(joined.other_projection, normalize(projected))


@torch.no_grad()
def test_pairs_are_changed_in_training_alone(encoders, batch):
    term = terms(encoders)["pair"]
    embedded = term.embed(encoders, batch)
    plain = term.losses[0](embedded.series_projection, embedded.other_projection)
    torch.testing.assert_close(term(encoders, Step(batch, None, generator(), False)), plain)
    assert term(encoders, Step(batch, None, generator(), True)) != plain


def two_branches(encoders):
    config = encoders.series.config
    both = replace(config, architecture=replace(config.architecture, temporal_width=8))
    return encoders._replace(series=SeriesEncoder(both))


def gradients(encoder, value):
    encoder.zero_grad(set_to_none=True)
    value.backward()
    return {name: weight.grad for name, weight in encoder.named_parameters()}


@pytest.mark.parametrize("name", ["pair", "series", "masked"])
def test_branches_learn_apart(encoders, batch, name):
    encoders = two_branches(encoders)
    term, embed = terms(encoders)[name], encoders.series.forward
    step = Step(batch, None, generator(), False)
    whole = gradients(encoders.series, term(encoders, step))
    size = encoders.series.branch_sizes[0]
    for branch, spoilt in (("network", slice(size, None)), ("temporal", slice(size))):

        def without_the_other(series, spoilt=spoilt):
            embedded = embed(series).clone()
            embedded[:, spoilt] = 0.3
            return embedded

        encoders.series.forward = without_the_other
        step = Step(batch, None, generator(), False)
        alone = gradients(encoders.series, term(encoders, step))
        own = [each for each in whole if each.startswith(branch)]
        assert own and all(whole[each].abs().sum() > 0 for each in own)
        for each in own:
            torch.testing.assert_close(alone[each], whole[each])


@torch.no_grad()
def test_retrieval_sees_the_mean_cosine_of_the_branches(encoders, batch):
    encoders = two_branches(encoders)
    term = terms(encoders)["pair"]
    embedded = term.embed(encoders, batch)
    sides = zip(
        *term.project(encoders, embedded.series, encoders.image(crops_of(batch))), strict=True
    )
    cosines = [normalize(ours) @ normalize(theirs).T for ours, theirs in sides]
    ours, theirs = normalize(embedded.series_projection), normalize(embedded.other_projection)
    torch.testing.assert_close(ours @ theirs.T, (cosines[0] + cosines[1]) / 2)


@torch.no_grad()
def test_two_views_are_two_different_resamplings(encoders, batch):
    first, second = two_views(encoders, batch, OPTIONS.view, generator(), SCALE)
    assert first.shape == second.shape == (6, encoders.series.embedding_size)
    assert not torch.allclose(first, second)
    again = two_views(encoders, batch, OPTIONS.view, generator(), SCALE)
    assert torch.equal(first, again[0]) and torch.equal(second, again[1])


@torch.no_grad()
def test_an_encoder_that_reads_what_was_observed_is_told_what_is_left(batch):
    recurrence = replace(RECURRENCE, validity=True)
    config = SeriesEncoderConfig(find_preset("tiny").series, CALENDAR, recurrence)
    encoders = Encoders(SeriesEncoder(config), None)
    options = replace(OPTIONS, objective=ObjectiveOptions(pair=0, masked=1))
    seen = []
    encoders.series.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    terms(encoders, options)["masked"](encoders, Step(batch, None, generator(), True))
    hidden = draw_hidden(batch.observed, options.objective.mask, generator())
    assert torch.equal(seen[0][:, -1], (batch.observed & ~hidden).float())


def test_terms_of_images_need_them(encoders, batch):
    alone = Encoders(encoders.series, None)
    with pytest.raises(ValueError, match="need an image encoder"):
        terms(alone)
    with pytest.raises(ValueError, match="this objective trains no image encoder"):
        alone.embed_images(torch.zeros(1, 3, 9, 9))
    with pytest.raises(ValueError, match="this batch has no images"):
        crops_of(batch._replace(crops=None))
    options = replace(OPTIONS, objective=ObjectiveOptions(image=1))
    with pytest.raises(ValueError, match="an image encoder and unpaired images"):
        terms(encoders, options)
    bands = BandMap([0, 1, 2], 3, torch.ones(3, 1, 1), torch.zeros(3, 1, 1))
    term = build_terms(encoders, options, SCALE, bands)["image"]
    with pytest.raises(ValueError, match="this batch has no unpaired images"):
        term(encoders, Step(batch, None, generator(), True))


def test_a_mask_that_hides_nothing_is_refused(encoders):
    mask = MaskOptions(share=0, block=0.01)  # of 24 steps
    with pytest.raises(ValueError, match="mask hides nothing: its share is 0, and its block"):
        terms(encoders, replace(OPTIONS, objective=ObjectiveOptions(masked=1, mask=mask)))
