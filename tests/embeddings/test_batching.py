from __future__ import annotations

import numpy as np
import pytest
import timm
import torch

from dejavu_audit.embeddings import batching
from dejavu_audit.embeddings.batching import Batches, blank, find_batch_size, sample
from dejavu_audit.errors import AuditError
from tests.embeddings.conftest import Linear, Shrink


class Short(Linear):
    """Has memory for `most` pictures at once."""

    def __init__(self, most, error=RuntimeError, **options):
        super().__init__(**options)
        self.most, self.error = most, error

    def embed_images(self, batch):
        if len(batch) > self.most:
            raise self.error("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().embed_images(batch)


class Timed(Linear):
    """Takes as long as `seconds(batch size)` says, by a clock that only it moves."""

    def __init__(self, seconds, clock, **options):
        super().__init__(**options)
        self.seconds, self.clock = seconds, clock

    def embed_images(self, batch):
        self.clock[0] += self.seconds(len(batch))
        return super().embed_images(batch)


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(batching.time, "perf_counter", lambda: now[0])
    return now


def pictures(n):
    return torch.from_numpy(np.random.default_rng(n).integers(0, 256, (n, 3, 24, 24), dtype=np.uint8))


def test_the_size_grows_while_a_picture_becomes_cheaper(clock):
    # A fixed cost of 16 a call: a picture costs 1 + 16 / n: 2, 1.5, 1.25, 1.125, 1.0625 (6 % less); 256 is the most.
    encoder = Timed(lambda n: (16 + n) / 1e6, clock)
    assert find_batch_size(encoder, sample(encoder.transform)) == 256
    encoder = Timed(lambda n: (2 + n) / 1e6, clock)  # 1.125, 1.0625 (6 %), 1.03 (3 %: not worth it)
    assert find_batch_size(encoder, sample(encoder.transform)) == 32


def test_trials_end_with_the_budget(clock):
    # 0.12 s a call, whatever its size: one picture twice, 16 twice (0.48 s), then a doubling as long as twice the last
    # call fits into the second: 32 (0.60), 64 (0.72), 128 (0.84); 256 would need 0.84 + 0.24.
    encoder = Timed(lambda n: 0.12, clock)
    assert find_batch_size(encoder, sample(encoder.transform)) == 128
    slow = Timed(lambda n: 2.0 * n, clock)
    assert find_batch_size(slow, sample(slow.transform)) == 8
    assert slow.calls == [1, 1]


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, torch.OutOfMemoryError])
def test_memory_bounds_the_size(error, clock):
    for most, size in ((1, 1), (3, 2), (20, 16)):
        encoder = Short(most, error)
        encoder.embed_images = lambda batch, e=encoder: (
            clock.__setitem__(0, clock[0] + 1e-6),
            Short.embed_images(e, batch),
        )[1]
        assert find_batch_size(encoder, sample(encoder.transform)) == size
    with pytest.raises(AuditError, match="memory"):
        find_batch_size(Short(0, error), sample(Shrink()))


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, torch.OutOfMemoryError])
def test_running_out_of_memory_midway_halves_the_batch(error):
    plain = Linear().embed_images(pictures(13))
    batches = Batches(Short(3, error), 8)
    np.testing.assert_array_equal(batches.embed(pictures(13)), plain)
    assert batches.size == 2
    with pytest.raises(AuditError, match="memory"):
        Batches(Short(0, error), 8).embed(pictures(2))


def test_other_errors_pass():
    class Broken(Linear):
        def embed_images(self, batch):
            raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        Batches(Broken(), 4).embed(pictures(2))


def test_numbers_that_are_not_finite_end_the_run():
    class Overflows(Linear):
        def embed_images(self, batch):
            return super().embed_images(batch) * np.float32(np.inf)

    with pytest.raises(AuditError, match="fp32"):
        Batches(Overflows(), 4).embed(pictures(2))


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "resnet18"])
def test_a_row_has_the_same_bits_whatever_its_companions(name):
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=0).eval().to(memory_format=torch.channels_last)
    side = model.pretrained_cfg["input_size"][-1]
    images = torch.randn(11, 3, side, side)

    class Model(Linear):
        def embed_images(self, batch):
            with torch.inference_mode():
                return model(batch.contiguous(memory_format=torch.channels_last)).numpy()

    batches = Batches(Model(dim=model.num_features), 8)
    whole = batches.embed(images)  # a full batch and a padded one
    order = torch.randperm(11, generator=torch.Generator().manual_seed(1))
    np.testing.assert_array_equal(batches.embed(images[order]), whole[order.numpy()])
    for row in (0, 4, 10):
        np.testing.assert_array_equal(batches.embed(images[row : row + 1])[0], whole[row])


def test_room_keeps_the_layout_of_a_picture():
    as_pillow_has_it = torch.zeros((5, 7, 3), dtype=torch.uint8).permute(2, 0, 1)
    room = blank(4, as_pillow_has_it)
    assert room.shape == (4, 3, 5, 7) and room.is_contiguous(memory_format=torch.channels_last)
    assert blank(4, torch.zeros(3, 5, 7)).is_contiguous()
    assert blank(4, torch.zeros(3, 5, 14)[:, :, ::2]).is_contiguous()  # gaps are not kept


def test_padding_keeps_the_layout():
    seen = []

    class Watching(Linear):
        def embed_images(self, batch):
            seen.append((batch.shape, batch.stride()))
            return super().embed_images(batch)

    Batches(Watching(), 4).embed(pictures(6).contiguous(memory_format=torch.channels_last))
    assert seen[0] == seen[1]
