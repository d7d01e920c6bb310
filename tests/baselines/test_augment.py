from __future__ import annotations

import numpy as np
import pytest
import torch

from dejavu_baselines import augment

CPU = torch.device("cpu")


def test_plain_gives_rows_in_the_order_asked():
    features = np.arange(5 * 12, dtype=np.uint8).reshape(5, 12)
    batch = augment.plain(features, np.array([3, 0, 3]), 2, CPU)
    expected = (features[[3, 0, 3]].astype(np.float32) - augment.MEAN) / augment.SPREAD
    assert batch.reshape(3, 12).numpy() == pytest.approx(expected)
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_plain_reads_a_file_on_disk(tmp_path):
    features = np.memmap(tmp_path / "f", np.uint8, "w+", shape=(4, 12))
    features[:] = np.arange(48).reshape(4, 12)
    assert float(augment.plain(features, np.array([2]), 2, CPU)[0, 0, 0, 0]) == (24 - augment.MEAN) / augment.SPREAD


class Middle:
    """A random generator that always draws the middle of a range, and the first of a choice."""

    def uniform(self, low, high, n):
        return np.full(n, (low + high) / 2)

    def choice(self, of, n):
        return np.full(n, of[0])


def test_the_whole_area_in_plain_light_is_the_mirror_image():
    pictures = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    seen = augment.varied(pictures, Middle(), 1.0)
    assert seen.numpy() == pytest.approx(pictures.flip(-1).numpy(), abs=1e-5)


def test_a_smaller_area_is_a_part_magnified():
    # The middle of 0.28 to 1 is an area of 0.64, so a side of 0.8, centred: of a ramp of 2, 1.6 is seen.
    ramp = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64).contiguous()
    seen = augment.varied(ramp, Middle(), 0.28)[0, 0, 32]
    assert float(seen[0] - seen[-1]) == pytest.approx(1.6, rel=1e-4)


def test_hue_is_kept():
    # A picture of one colour stays of one colour, and only one gain and one lift are applied to its three channels.
    pictures = torch.tensor([1.0, 0.0, -1.0])[None, :, None, None].expand(64, 3, 8, 8).contiguous()
    seen = augment.varied(pictures, np.random.default_rng(1), 0.2)
    assert seen.std(dim=(2, 3)).max() < 1e-5
    red, green, blue = seen.mean(dim=(2, 3)).T
    assert (red - green).numpy() == pytest.approx((green - blue).numpy(), abs=1e-5)
    gain = (red - green).numpy()
    assert 0.8 - 1e-5 <= gain.min() < 0.9 and 1.1 < gain.max() <= 1.25 + 1e-5
    assert -0.2 - 1e-5 <= green.min() < -0.1 and 0.1 < green.max() <= 0.2 + 1e-5


def test_parts_lie_within_the_picture():
    # A picture whose channel is its x position from -1 to 1: values beyond would come from outside.
    ramp = torch.linspace(-1, 1, 16).expand(200, 3, 16, 16).contiguous()
    seen = augment.varied(ramp, np.random.default_rng(2), 0.25)
    slope = (seen[:, 0, 8, 12] - seen[:, 0, 8, 4]).abs() / 8 / (2 / 15)  # gain x width of the part
    assert seen.abs().max() <= 1.25 + 0.2 + 1e-5
    assert slope.min() < 0.6  # some parts are small
    assert (seen[:, 0, 8, 12] < seen[:, 0, 8, 4]).float().mean().item() == pytest.approx(0.5, abs=0.15)  # mirrored


def test_one_seed_one_view():
    pictures = torch.randn(4, 3, 8, 8)
    first, second = (augment.varied(pictures, np.random.default_rng(5), 0.3) for _ in range(2))
    assert torch.equal(first, second)
