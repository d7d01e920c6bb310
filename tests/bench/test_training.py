from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from torchvision.transforms.functional import resize

from dejavu_audit.bench.recipe import Recipe
from dejavu_audit.bench.training import Crops, _batches, _training_set, train_encoder

TINY = Recipe(repeats=2, n_members=20, n_others=40, classes=10, image_size=32, steps=12, batch_size=16)


class Drawn:
    """A generator whose uniform numbers are known: area, ratio, x, y, flip."""

    def __init__(self, *values):
        self.values = np.array(values)

    def random(self, shape):
        return np.broadcast_to(self.values[:, None], shape)


@pytest.fixture(scope="module")
def pixels():
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 3, 96, 96), dtype=np.uint8))


def test_a_crop_of_everything_at_full_size_is_the_picture(pixels):
    recipe = replace(TINY, image_size=96)
    same = Crops(recipe, Drawn(1, 0.5, 0.3, 0.9, 0.7))(pixels)
    torch.testing.assert_close(same, pixels / 127.5 - 1, atol=2e-4, rtol=0)
    flipped = Crops(recipe, Drawn(1, 0.5, 0.3, 0.9, 0.2))(pixels)
    torch.testing.assert_close(flipped, pixels.flip(3) / 127.5 - 1, atol=2e-4, rtol=0)


def test_a_crop_is_the_resized_rectangle(pixels):
    # Area 1/9, square, in the lower left corner: columns 0 to 31 and rows 64 to 95; enlarged, so nothing aliases.
    recipe = replace(TINY, image_size=64, least_area=1 / 9)
    found = Crops(recipe, Drawn(0, 0.5, 0, 1, 0.9))(pixels)
    expected = resize(pixels[:, :, 64:96, 0:32].float(), [64, 64], antialias=True) / 127.5 - 1
    # At the rim grid_sample still sees the pixels beyond the rectangle.
    torch.testing.assert_close(found[:, :, 1:-1, 1:-1], expected[:, :, 1:-1, 1:-1], atol=1e-3, rtol=0)


def test_crops_never_leave_the_picture():
    # A ramp from left to right and top to bottom: nothing outside its range, and the crop's extent shows its size.
    ramp = torch.arange(96, dtype=torch.uint8).expand(500, 3, 96, 96)
    out = Crops(TINY, np.random.default_rng(3))(ramp)
    extent = (out[:, 0, 0].amax(dim=1) - out[:, 0, 0].amin(dim=1)) * 127.5 / (31 / 32) / 96
    assert out.min() >= -1 and out.max() <= 95 / 127.5 - 1 + 1e-6
    # Width is sqrt(area * ratio): between sqrt(0.08 * 3 / 4) = 0.245 and 1.
    assert 0.24 < extent.min() < 0.35 and 0.97 < extent.max() <= 1.01


def test_every_epoch_shows_every_row_as_often_as_it_was_asked_for():
    order = np.array([0, 1, 2, 3, 3, 3, 4])
    batches = _batches(order, 3, np.random.default_rng(0))
    seen = list(itertools.chain.from_iterable(next(batches) for _ in range(14)))  # 42 rows: six epochs of seven
    assert [sorted(seen[i : i + 7]) for i in range(0, 42, 7)] == [sorted(order)] * 6
    assert seen[:7] != seen[7:14]


def test_a_batch_may_be_longer_than_an_epoch():
    assert len(next(_batches(np.arange(5), 12, np.random.default_rng(0)))) == 12


def test_members_are_repeated_and_others_shown_once():
    pixels, labels, order = _training_set(TINY)
    assert pixels.shape == (60, 3, 96, 96) and labels.shape == (60,)
    assert np.bincount(order).tolist() == [1] * 40 + [2] * 20
    _, _, without = _training_set(replace(TINY, repeats=0))
    assert np.bincount(without).tolist() == [1] * 40


def test_the_same_recipe_gives_the_same_weights_whatever_came_before():
    first = train_encoder(TINY)
    torch.rand(3)
    state, deterministic = torch.get_rng_state(), torch.are_deterministic_algorithms_enabled()
    second = train_encoder(TINY)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.are_deterministic_algorithms_enabled() == deterministic
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
    timm.create_model("test_resnet", num_classes=10).load_state_dict(first, strict=True)


@pytest.mark.parametrize("projector", [(), (24, 12)])
def test_weights_on_the_way_are_kept_and_change_nothing(projector):
    recipe = replace(TINY, projector=projector)
    kept = {}
    last = train_encoder(recipe, keep=kept.__setitem__, at=[3, 12])
    plain = train_encoder(recipe)
    assert list(kept) == [3, 12]
    assert last.keys() == plain.keys() and all(torch.equal(last[name], plain[name]) for name in last)
    assert all(torch.equal(kept[12][name], last[name]) for name in last)
    # Copies: training went on, and the weights of step 3 did not.
    counted = next(name for name in last if name.endswith("num_batches_tracked"))
    assert kept[3][counted] == 3 and last[counted] == 12
    assert not any(torch.equal(kept[3][name], last[name]) for name in last if name.endswith("weight"))


def test_members_and_seed_change_the_weights():
    one, twin, other = (train_encoder(recipe)["fc.weight"] for recipe in (TINY, TINY.twin(), replace(TINY, seed=1)))
    assert not torch.equal(one, twin) and not torch.equal(one, other)


def test_it_learns_and_says_how_far_it_is():
    said = []
    train_encoder(replace(TINY, steps=200, n_others=0, batch_size=10, image_size=24), said.append)
    assert [line.split(",")[0] for line in said] == ["target: step 100 of 200", "target: step 200 of 200"]
    early, late = (float(line.split("loss ")[1].split(",")[0]) for line in said)
    assert late < 0.7 * early


def test_a_training_goes_on_from_given_weights():
    first = train_encoder(TINY)
    # A step at a rate of next to nothing leaves them where they were; without a start it would begin elsewhere.
    still = replace(TINY, seed=5, steps=2, peak_rate=1e-12, weight_decay=0.0)
    on, anew = train_encoder(still, start=first), train_encoder(still)
    weights = [name for name in first if name.endswith("weight")]
    assert all(torch.allclose(on[name], first[name], atol=1e-6) for name in weights)
    assert not torch.allclose(anew["fc.weight"], first["fc.weight"], atol=1e-3)


def test_a_training_without_members_is_one_of_others_alone():
    pixels, labels, order = _training_set(replace(TINY, n_members=0, repeats=0))
    assert len(pixels) == len(labels) == len(order) == 40
