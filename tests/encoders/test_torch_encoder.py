"""Device, precision, memory format and fingerprint of the shared wrapper."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.encoders.torch_encoder import choose_device
from dejavu_audit.errors import AuditError
from dejavu_audit.types import EncoderRequest


def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == choose_device("cpu").type == "cpu"
    with pytest.raises(AuditError, match=r"--device cuda: .*sees no cuda device here: use --device auto"):
        choose_device("cuda")
    with pytest.raises(AuditError, match="unknown device 'gpu'"):
        choose_device("gpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("auto").type == "cuda" and choose_device("cuda:1").index == 1
    with pytest.raises(AuditError, match="2 GPUs"):
        choose_device("cuda:2")


@pytest.mark.parametrize("model", ["test_resnet", "test_vit"])
def test_lower_precision_is_near_and_has_its_own_fingerprint(model, make, embed):
    full = make("timm", model, "random")
    for precision in ("bf16", "fp16"):
        low = make("timm", model, "random", precision=precision)
        out = embed(low)
        assert out.dtype == np.float32 and 0.995 < np.min((out * embed(full)).sum(1)) < 1.0001
        assert not np.array_equal(out, embed(full))
        assert low.fingerprint != full.fingerprint and low.weights == full.weights


def test_everything_that_shapes_an_embedding_is_in_the_fingerprint(make):
    settings = [{}, {"seed": 1}, {"layer": "pre-head"}, {"normalize": False}, {"precision": "bf16"}, {"image_size": 96}]
    settings += [{"mean": (0.0, 0.0, 0.0)}, {"std": (1.0, 1.0, 1.0)}]
    prints = [make("timm", "test_resnet", "random", **setting).fingerprint for setting in settings]
    assert len(set(prints)) == len(prints)
    same = make("timm", "test_resnet", "random", batch_size=3, cache_dir="elsewhere")
    assert same.fingerprint == prints[0] and same.batch_size == 3


def test_convolutional_nets_run_in_channels_last(make):
    encoder = make("timm", "test_resnet", "random")
    seen = []
    encoder._model.conv1[0].register_forward_pre_hook(
        lambda module, args: seen.append((args[0].is_contiguous(memory_format=torch.channels_last),
                                          torch.is_inference_mode_enabled(), module.training)))  # fmt: skip
    encoder.embed_images(torch.zeros(2, 3, 160, 160, dtype=torch.uint8))
    assert seen == [(True, True, False)]
    assert encoder._model.conv1[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_unit_norm_and_bytes_in_place_of_floats(make, embed):
    encoder = make("timm", "test_resnet", "random")
    assert np.allclose(np.linalg.norm(embed(encoder), axis=1), 1, atol=1e-6)
    batch = torch.randint(0, 256, (2, 3, 160, 160), dtype=torch.uint8)
    given = batch.clone()
    first = encoder.embed_images(batch)
    assert torch.equal(batch, given), "the caller's batch was changed"
    assert np.array_equal(first, encoder.embed_images(batch))


def test_values_that_are_not_finite_are_refused(make):
    encoder = make("timm", "test_resnet", "random")
    with torch.no_grad():
        encoder._model.conv1[0].weight[:] = float("nan")
    with pytest.raises(AuditError, match="not finite in fp32: the weights are damaged"):
        encoder.embed_images(torch.zeros(1, 3, 160, 160, dtype=torch.uint8))


def test_a_size_the_model_cannot_take_is_one_sentence(make):
    with pytest.raises(
        AuditError, match=r"--image-size|cannot give layer embedding of a 224x224|pixels only"
    ) as caught:
        make("timm", "levit_128s", "random", image_size=100)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("family", "setting", "message"), [
    ("timm", {"layer": "head"}, "unknown layer 'head'"),
    ("timm", {"precision": "fp8"}, "unknown precision 'fp8'"),
    ("tim", {}, "unknown encoder family 'tim': did you mean timm"),
])  # fmt: skip
def test_unknown_settings(family, setting, message):
    with pytest.raises(AuditError, match=message):
        load_encoder(family, EncoderRequest("test_resnet", "random", device="cpu", **setting))


def test_the_transform_travels_without_the_model(make):
    encoder = make("openclip", "ViT-S-32-alt", "random")
    assert len(pickle.dumps(encoder.transform)) < 2_000
