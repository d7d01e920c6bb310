"""Real pictures, small models, and a hub that is never asked."""

from __future__ import annotations

import pytest
import skimage.data
from PIL import Image


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("dejavu_audit.encoders.fingerprint.user_cache_path", lambda name: tmp_path_factory.mktemp(name))


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Three photographs: a cat, wide; an astronaut, square; a cup of coffee, wide."""
    return [Image.fromarray(getattr(skimage.data, name)()) for name in ("chelsea", "astronaut", "coffee")]
