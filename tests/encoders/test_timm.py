"""The family timm: names, tags, files, layers, against timm used by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest
import skimage.data
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_data_config
from torch.nn import functional as F

from dejavu_audit.errors import AuditError
from tests.real_weights import efficientnet_lite0_file


def by_hand(model, pictures):
    """timm's own pipeline, as its documentation has it."""
    model = model.eval()
    transform = create_transform(**resolve_data_config({}, model=model), is_training=False)
    with torch.inference_mode():
        return model(torch.stack([transform(picture) for picture in pictures]))


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_efficientnet", "test_convnext"])
def test_embedding_equals_the_plain_models_forward_without_its_head(name, make, embed, pictures, tmp_path):
    torch.manual_seed(3)
    model = timm.create_model(name, num_classes=7)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    encoder = make("timm", name, str(tmp_path / "w.safetensors"), normalize=False)
    model.reset_classifier(0)
    assert np.allclose(embed(encoder), by_hand(model, pictures).numpy(), atol=1e-5, rtol=1e-4)
    unit = embed(make("timm", name, str(tmp_path / "w.safetensors")))
    assert np.allclose(unit, F.normalize(by_hand(model, pictures), dim=-1).numpy(), atol=1e-5)
    assert unit.dtype == np.float32 and unit.shape == (3, encoder.dim)


def test_pre_head_is_before_the_hidden_layer_of_the_head(make, embed, pictures):
    """mobilenetv3_small_050: 288 pooled channels, then a hidden layer of 1,024, then the classifier."""
    assert make("timm", "mobilenetv3_small_050", "random").dim == 1024
    encoder = make("timm", "mobilenetv3_small_050", "random", layer="pre-head", normalize=False)
    assert encoder.dim == 288
    torch.manual_seed(0)
    model = timm.create_model("mobilenetv3_small_050").eval()
    model.forward = lambda x: model.forward_features(x).mean((2, 3))
    assert np.allclose(embed(encoder), by_hand(model, pictures).numpy(), atol=1e-5)


@pytest.mark.parametrize("name", ["test_vit", "test_resnet", "test_convnext"])
def test_pre_head_is_as_wide_as_the_backbone(name, make):
    assert make("timm", name, "random", layer="pre-head").dim == timm.create_model(name).num_features


def test_random_is_seeded(make, embed):
    torch.manual_seed(99)
    state = torch.random.get_rng_state()
    first, again, other = (make("timm", "test_resnet", "random", seed=seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.random.get_rng_state()), "the caller's generator was moved"
    assert np.array_equal(embed(first), embed(again)) and first.fingerprint == again.fingerprint
    assert first.weights != other.weights and not np.allclose(embed(first), embed(other))
    assert first.pretrained == "random"


def test_real_weights_know_a_cat_and_a_cup(tmp_path, make, embed, pictures):
    """ImageNet classes: 281 tabby, 282 tiger cat, 285 Egyptian cat; 967 espresso, 504 coffee mug, 968 cup."""
    file = efficientnet_lite0_file(tmp_path)
    encoder = make("timm", "tf_efficientnet_lite0", str(file), normalize=False)
    cat, cup = (Image.fromarray(getattr(skimage.data, name)()) for name in ("chelsea", "coffee"))
    features = encoder.embed_images(torch.stack([encoder.transform(cat), encoder.transform(cup)]))
    model = timm.create_model("tf_efficientnet_lite0", checkpoint_path=str(file)).eval()
    with torch.inference_mode():
        top = model.classifier(torch.from_numpy(features)).argmax(1).tolist()
    assert top[0] in {281, 282, 285} and top[1] in {504, 967, 968}
    # The whole pipeline, head included, against timm's own.
    assert by_hand(model, [cat, cup]).argmax(1).tolist() == top


def test_only_the_head_may_differ(tmp_path, make, embed):
    torch.manual_seed(0)
    model = timm.create_model("test_resnet", num_classes=5)
    state = model.state_dict()
    save_file(state, tmp_path / "a.safetensors")
    save_file({k: v for k, v in state.items() if not k.startswith("fc.")}, tmp_path / "b.safetensors")
    save_file({**state, "fc.weight": state["fc.weight"] + 1}, tmp_path / "c.safetensors")
    a, b, c = (make("timm", "test_resnet", str(tmp_path / f"{n}.safetensors")) for n in "abc")
    assert np.array_equal(embed(a), embed(b)) and np.array_equal(embed(a), embed(c))
    assert a.weights == b.weights == c.weights
    state.pop("layer1.0.conv1.weight")
    save_file({**state, "stray": torch.zeros(2)}, tmp_path / "d.safetensors")
    with pytest.raises(AuditError, match=r"missing layer1\.0\.conv1\.weight; unexpected stray"):
        make("timm", "test_resnet", str(tmp_path / "d.safetensors"))


def test_another_architecture_is_refused_with_its_name(tmp_path, make):
    save_file(timm.create_model("resnet18").state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(AuditError, match=r"do not fill timm resnet50: missing .* 64x64x3x3 .*looks like resnet18$"):
        make("timm", "resnet50", str(tmp_path / "w.safetensors"))


def test_timms_own_training_checkpoint_loads(tmp_path, make, embed):
    from timm.utils import CheckpointSaver

    torch.manual_seed(0)
    model = timm.create_model("test_resnet")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    import argparse

    args = argparse.Namespace(model="test_resnet", lr=0.1)
    CheckpointSaver(model, optimizer, args=args, checkpoint_dir=str(tmp_path)).save_checkpoint(0, metric=1.0)
    file = next(tmp_path.glob("*.tar"))
    encoder = make("timm", "test_resnet", str(file))
    assert np.array_equal(embed(encoder), embed(make("timm", "test_resnet", "random", seed=0)))


@pytest.mark.parametrize("name", ["resnet18", "resnet18.a2_in1k"])
def test_a_tag_that_is_not_cached_is_one_sentence(name, make):
    with pytest.raises(AuditError, match=r"resnet18\.a\d_in1k: not cached .*--pretrained FILE.*HF_HOME"):
        make("timm", name)


@pytest.mark.parametrize(
    ("model", "pretrained", "message"),
    [
        ("resnet81", None, r"unknown timm model 'resnet81': did you mean .*resnet18"),
        ("resnet18.a9_in1k", None, r"unknown tag .*did you mean a3_in1k or"),
        ("resnet18", "a9_in1k", r"unknown tag .*did you mean a3_in1k or"),
        ("resnet18", "nothing.pt", r"weights file nothing\.pt does not exist"),
        ("./resnet18.pt", None, r"is a path, not a timm model"),
        ("vit_giant_patch14_224", None, r"publishes no weights .*--pretrained FILE"),
    ],
)
def test_unknown_names(model, pretrained, message, make):
    with pytest.raises(AuditError, match=message):
        make("timm", model, pretrained)


def test_image_size_resizes_position_embeddings(make, embed):
    encoder = make("timm", "test_vit", "random", image_size=64)
    assert re.search(r"size=\(64, 64\)", encoder.transform.key)
    assert embed(encoder).shape == (3, 64)
    assert encoder.weights != make("timm", "test_vit", "random").weights


def test_texts_need_a_text_tower(make):
    with pytest.raises(AuditError, match="no text tower"):
        make("timm", "test_resnet", "random").embed_texts(["a cat"])
