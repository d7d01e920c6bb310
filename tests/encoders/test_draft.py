"""--jpeg-draft changes results by less than the docs say, on real photographs and with real weights."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image
from skimage import data

from dejavu_audit.data.pictures import open_picture
from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.types import EncoderRequest
from tests.real_weights import ARCHITECTURE, efficientnet_lite0_file

TOLERANCE = 0.98
"""Least cosine between the embeddings of a drafted and a whole picture; stated in docs/encoders.md."""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    half = (0.5, 0.5, 0.5)
    return load_encoder(
        "timm",
        EncoderRequest(ARCHITECTURE, str(efficientnet_lite0_file(folder)), mean=half, std=half, cache_dir=str(folder)),
    )


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket", "retina", "immunohistochemistry"])
def test_a_drafted_picture_embeds_almost_alike(encoder, name):
    photograph = Image.fromarray(getattr(data, name)()).convert("RGB")
    photograph = photograph.resize((2 * photograph.width, 2 * photograph.height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    photograph.save(buffer, "JPEG", quality=90)
    whole, drafted = open_picture(buffer.getvalue()), open_picture(buffer.getvalue(), encoder.transform.size)
    assert encoder.transform.size <= min(drafted.size) < min(whole.size)
    one, two = encoder.embed_images(torch.stack([encoder.transform(whole), encoder.transform(drafted)]))
    assert TOLERANCE < float(one @ two) < 1
