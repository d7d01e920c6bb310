"""The split transform against the libraries' whole one, on real pictures."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import timm
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from timm.data import create_transform, resolve_data_config
from torchvision import transforms as tv

from dejavu_audit.encoders.transforms import Normalizer, split


def wholes():
    for mode in ("shortest", "longest", "squash"):
        for interpolation in ("bicubic", "bilinear"):
            cfg = PreprocessCfg(size=96, resize_mode=mode, interpolation=interpolation)
            yield f"openclip-{mode}-{interpolation}", image_transform_v2(cfg, is_train=False)
    yield "openclip-oblong", image_transform_v2(PreprocessCfg(size=(96, 64)), is_train=False)
    for name in ("resnet50", "vit_base_patch16_224", "tf_efficientnet_lite0"):
        config = resolve_data_config({}, pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())
        yield f"timm-{name}", create_transform(**config)
    for crop_mode in ("squash", "border"):
        yield f"timm-{crop_mode}", create_transform((3, 96, 96), crop_mode=crop_mode, crop_pct=0.9)


WHOLES = dict(wholes())


@pytest.mark.parametrize("name", WHOLES)
def test_split_equals_whole(name, pictures):
    whole = WHOLES[name]
    transform, normalizer = split(whole)
    for picture in pictures:
        part = transform(picture)
        assert part.dtype == torch.uint8
        torch.testing.assert_close(normalizer(part[None])[0], whole(picture), rtol=0, atol=1e-6)


def test_keys_tell_every_geometry_apart_and_size_is_the_resize():
    keys = [split(whole)[0].key for whole in WHOLES.values()]
    # Of the three models, resnet50 and lite0 differ in crop_pct, ViT in its own.
    assert len(set(keys)) == len(keys)
    assert split(WHOLES["openclip-shortest-bicubic"])[0].key == (
        "Resize(interpolation=bicubic, size=96)|CenterCrop(size=(96, 96))|uint8"
    )
    assert split(WHOLES["openclip-squash-bicubic"])[0].size == 96
    assert split(WHOLES["openclip-longest-bicubic"])[0].size == 96
    assert split(WHOLES["timm-vit_base_patch16_224"])[0].size == 248  # 224 / 0.9, rounded down
    assert (
        split(tv.Compose([tv.CenterCrop(64), tv.Resize(32), tv.ToTensor(), tv.Normalize([0] * 3, [1] * 3)]))[0].size
        is None
    )


@pytest.mark.parametrize("name", WHOLES)
def test_transforms_pickle_alone_and_small(name, pictures):
    transform, _ = split(WHOLES[name])
    content = pickle.dumps(transform)
    assert len(content) < 4_000 and pickle.loads(content).key == transform.key
    assert torch.equal(pickle.loads(content)(pictures[0]), transform(pictures[0]))


def test_own_mean_and_std_take_the_place(pictures):
    transform, normalizer = split(WHOLES["openclip-shortest-bicubic"], mean=(0.0, 0.5, 1.0), std=(1.0, 0.5, 2.0))
    batch = transform(pictures[0])[None]
    expected = (batch.numpy() / 255 - np.reshape([0, 0.5, 1], (3, 1, 1))) / np.reshape([1, 0.5, 2], (3, 1, 1))
    assert np.allclose(normalizer(batch).numpy(), expected, atol=1e-6)


def test_another_compose_is_kept_whole(pictures):
    whole = tv.Compose([tv.Resize((32, 32)), tv.ToTensor()])
    transform, normalizer = split(whole)
    out = transform(pictures[0])
    assert out.dtype == torch.float32 and torch.equal(out, whole(pictures[0])) and transform.key.endswith("|float")
    assert torch.equal(normalizer(out[None])[0], out)
    with pytest.raises(ValueError, match="normalisation"):
        split(whole, mean=(0, 0, 0), std=(1, 1, 1))


def test_grey_and_transparent_pictures_come_as_rgb():
    transform, _ = split(WHOLES["openclip-shortest-bicubic"])
    for mode in ("L", "RGBA", "P", "CMYK"):
        assert transform(Image.new(mode, (120, 110))).shape == (3, 96, 96)


def test_normaliser_keeps_channels_last():
    batch = torch.zeros(2, 3, 8, 8, dtype=torch.uint8).contiguous(memory_format=torch.channels_last)
    out = Normalizer((0.5,) * 3, (0.5,) * 3)(batch)
    assert out.is_contiguous(memory_format=torch.channels_last) and torch.equal(out, torch.full_like(out, -1))
