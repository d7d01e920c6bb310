"""Published weights that are already on the machine load without a network."""

from __future__ import annotations

import numpy as np
import open_clip
import pytest
import timm
import torch
from open_clip import pretrained
from safetensors.torch import save_file

ARCH = "ViT-S-32-alt"


def cached(hub_cache, repository, file, state):
    """Lay a file into a Hugging Face cache, as a download leaves it."""
    folder = hub_cache / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    (folder / "snapshots" / ("0" * 40)).mkdir(parents=True)
    save_file(state, folder / "snapshots" / ("0" * 40) / file)


@pytest.mark.parametrize("pretrained_flag", [None, "r160_in1k", "hf-hub:timm/test_resnet.r160_in1k"])
def test_a_cached_timm_tag(pretrained_flag, tmp_path, monkeypatch, make, embed):
    torch.manual_seed(0)
    cached(tmp_path, "timm/test_resnet.r160_in1k", "model.safetensors", timm.create_model("test_resnet").state_dict())
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path), raising=False)
    encoder = make("timm", "test_resnet", pretrained_flag)
    assert np.array_equal(embed(encoder), embed(make("timm", "test_resnet", "random", seed=0)))
    assert encoder.pretrained == (
        pretrained_flag if pretrained_flag and "/" in pretrained_flag else "test_resnet.r160_in1k"
    )
    assert encoder.notes == (
        [] if pretrained_flag else [f"took the weights {encoder.pretrained}, the default of test_resnet"]
    )


def test_an_openclip_tag_brings_its_mean_and_its_activation(tmp_path, monkeypatch, make, embed):
    torch.manual_seed(0)
    model = open_clip.create_model(ARCH)
    file = tmp_path / "w.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, file)
    published = {"file": str(file), "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "interpolation": "bilinear"}
    tags = {"openai": {**published, "quick_gelu": True}, "laion2b_a": published, "laion2b_b": published}
    monkeypatch.setitem(pretrained._PRETRAINED, ARCH, tags)
    plain = make("openclip", ARCH)
    assert plain.pretrained == "laion2b_b"
    assert plain.notes == [
        "took the weights laion2b_b by default, of 3 that open_clip lists; another by --pretrained TAG"
    ]
    assert plain._to_pixels.mean == (0.5, 0.5, 0.5) and "bilinear" in plain.transform.key
    quick = make("openclip", ARCH, "openai")
    assert quick.notes == ["the weights openai were trained with QuickGELU, so the model runs with it"]
    assert quick.weights == plain.weights and not np.allclose(embed(quick), embed(plain), atol=1e-4)
    from_file = make("openclip", ARCH, str(file))
    assert from_file._to_pixels.mean != plain._to_pixels.mean and "--mean 0.5,0.5,0.5" in from_file.notes[0]
    assert from_file.weights == plain.weights
