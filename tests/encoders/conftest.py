"""Small models, real pictures, and a hub that is never asked."""

from __future__ import annotations

import copy
import json

import pytest
import skimage.data
import torch
from PIL import Image

from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.types import EncoderRequest

TINY = {
    "embed_dim": 24,
    "vision_cfg": {
        "timm_model_name": "test_resnet",
        "timm_model_pretrained": False,
        "timm_pool": "avg",
        "timm_proj": "linear",
        "image_size": 64,
    },
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("dejavu_audit.encoders.fingerprint.user_cache_path", lambda name: tmp_path_factory.mktemp(name))


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Three photographs, wide, square and small."""
    names = ("chelsea", "astronaut", "coffee")
    found = [Image.fromarray(getattr(skimage.data, name)()) for name in names]
    return [*found[:2], found[2].resize((150, 90))]


@pytest.fixture
def tiny() -> dict:
    return copy.deepcopy(TINY)


@pytest.fixture(scope="session")
def tiny_json(tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("openclip") / "tiny.json"
    file.write_text(json.dumps(TINY))
    return str(file)


@pytest.fixture
def make():
    """make("timm", "test_vit", "random", layer=…) -> encoder."""

    def make_encoder(family, model, pretrained=None, **settings):
        return load_encoder(family, EncoderRequest(model, pretrained, device="cpu", **settings))

    return make_encoder


@pytest.fixture
def embed(pictures):
    def embed_pictures(encoder):
        return encoder.embed_images(torch.stack([encoder.transform(picture) for picture in pictures]))

    return embed_pictures
