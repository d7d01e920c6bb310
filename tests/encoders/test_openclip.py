"""The family openclip: tags, JSON configs, files, layers and texts, against open_clip used by hand."""

from __future__ import annotations

import json

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from dejavu_audit.encoders.hints import looks_like
from dejavu_audit.encoders.openclip import default_tag
from dejavu_audit.errors import AuditError


@pytest.fixture
def tiny_model(tmp_path, tiny):
    """open_clip's own model of the same JSON, under its own name."""
    file = tmp_path / "by-hand.json"
    file.write_text(json.dumps(tiny))
    open_clip.add_model_config(file)
    torch.manual_seed(5)
    model, _, preprocess = open_clip.create_model_and_transforms("by-hand")
    return model.eval(), preprocess


def test_embeddings_equal_open_clips_own(tiny_model, tiny_json, tmp_path, make, embed, pictures):
    model, preprocess = tiny_model
    torch.save({"epoch": 1, "name": "x", "state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}},
               tmp_path / "epoch_1.pt")  # fmt: skip
    encoder = make("openclip", tiny_json, str(tmp_path / "epoch_1.pt"))
    with torch.inference_mode():
        theirs = model.encode_image(torch.stack([preprocess(p) for p in pictures]), normalize=True).numpy()
        raw = model.visual.trunk(torch.stack([preprocess(p) for p in pictures]))
        texts = ["a cat", "a cup of coffee"]
        their_texts = model.encode_text(open_clip.get_tokenizer("by-hand")(texts), normalize=True).numpy()
    assert np.allclose(embed(encoder), theirs, atol=1e-5)
    assert np.allclose(encoder.embed_texts(texts), their_texts, atol=1e-5)
    assert encoder.embed_texts([]).shape == (0, 24)
    before = make("openclip", tiny_json, str(tmp_path / "epoch_1.pt"), layer="pre-head", normalize=False)
    assert before.dim == 96 and np.allclose(embed(before), raw.numpy(), atol=1e-4)
    with pytest.raises(AuditError, match="share a space"):
        before.embed_texts(texts)


def test_a_logit_scale_alone_may_differ(tiny_model, tiny_json, tmp_path, make):
    state = {name: tensor.contiguous() for name, tensor in tiny_model[0].state_dict().items()}
    files = [tmp_path / f"{i}.safetensors" for i in range(4)]
    save_file(state, files[0])
    save_file({**state, "logit_scale": torch.ones(1)}, files[1])
    save_file({name: tensor for name, tensor in state.items() if name != "logit_scale"}, files[2])
    assert len({make("openclip", tiny_json, str(file)).fingerprint for file in files[:3]}) == 1
    save_file({name: tensor for name, tensor in state.items() if name.startswith("visual.")}, files[3])
    with pytest.raises(AuditError, match=r"missing positional_embedding, .*only the picture tower"):
        make("openclip", tiny_json, str(files[3]))


def test_vit_b_32_round_trip(tmp_path, make, embed, pictures):
    """One full-size ViT, saved in half precision, loaded back and compared; its state dict is known by its shapes."""
    torch.manual_seed(0)
    model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32")
    state = {name: tensor.half() for name, tensor in model.state_dict().items()}
    file = str(tmp_path / "b32.safetensors")
    save_file(state, file)
    encoder = make("openclip", "ViT-B-32", file)
    assert encoder.dim == 512 and encoder.notes == []
    model.load_state_dict(state)
    with torch.inference_mode():
        theirs = model.eval().encode_image(torch.stack([preprocess(p) for p in pictures]), normalize=True).numpy()
    assert np.allclose(embed(encoder), theirs, atol=1e-5)
    assert looks_like(state, asked="ViT-B-16") == "the file looks like openclip ViT-B-32"


def test_pre_head_of_a_vit_times_its_projection_is_the_embedding(tmp_path, make, embed, tiny):
    tower = {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16}
    file = tmp_path / "vit.json"
    file.write_text(json.dumps({**tiny, "vision_cfg": tower}))
    projected = make("openclip", str(file), "random", normalize=False)
    before = make("openclip", str(file), "random", normalize=False, layer="pre-head")
    assert before.dim == 64
    assert np.allclose(embed(before) @ projected._model.visual.proj.numpy(), embed(projected), atol=1e-5)
    with pytest.raises(AuditError, match=r"looks like openclip|is from another open_clip architecture"):
        make("openclip", "ViT-S-32-alt", saved(projected, tmp_path))


def saved(encoder, folder):
    save_file({name: t.contiguous() for name, t in encoder._model.state_dict().items()}, folder / "w.safetensors")
    return str(folder / "w.safetensors")


def test_pre_head_of_an_attention_pooled_resnet(tmp_path, make, embed, tiny):
    config = {**tiny, "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 64}}
    file = tmp_path / "rn.json"
    file.write_text(json.dumps(config))
    projected = embed(make("openclip", str(file), "random", normalize=False))
    encoder = make("openclip", str(file), "random", normalize=False, layer="pre-head")
    assert encoder.dim == 8 * 32
    torch.manual_seed(0)
    head = make("openclip", str(file), "random")._model.visual.attnpool.c_proj
    again = F.linear(torch.from_numpy(embed(encoder)), head.weight, head.bias).numpy()
    assert np.allclose(again, projected, atol=1e-4)


def test_default_tag():
    tags = ["openai", "laion400m_e31", "laion2b_e16", "laion2b_s34b_b79k", "datacomp_m_s128m_b4k"]
    assert default_tag(tags) == "laion2b_s34b_b79k"
    assert default_tag(["yfcc15m", "openai"]) == "openai"
    assert default_tag(["webli", "other"]) == "webli"
    assert default_tag(open_clip.list_pretrained_tags_by_model("ViT-B-32")) == "laion2b_s34b_b79k"


@pytest.mark.parametrize(
    ("model", "pretrained", "message"),
    [
        ("ViT-B-32", None, r"weights laion2b_s34b_b79k of openclip ViT-B-32: not cached .*--pretrained FILE"),
        ("hf-hub:some/model", None, r"open_clip_config\.json of hf-hub:some/model: not cached"),
        ("ViT-B-32", "hf-hub:some/model", r"hf-hub:some/model: not cached"),
        ("ViT-B-23", None, r"unknown openclip architecture 'ViT-B-23': did you mean ViT-B-32"),
        ("ViT-B-32", "laion2b_s34b_b97k", r"unknown tag .*did you mean laion2b_s34b_b79k"),
        ("ViT-S-32", None, r"publishes no weights for ViT-S-32: .*--pretrained FILE.*--pretrained random"),
        ("missing.json", None, r"model config missing\.json does not exist"),
        ("ViT-S-32", "missing.pt", r"weights file missing\.pt does not exist"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(model, pretrained, message, make):
    with pytest.raises(AuditError, match=message) as caught:
        make("openclip", model, pretrained)
    assert "\n" not in str(caught.value)


def test_broken_configs(tmp_path, make, tiny_json, tiny):
    file = tmp_path / "broken.json"
    for content, message in [
        ("{", "is not JSON"),
        ("[1]", "lacks embed_dim, vision_cfg, text_cfg"),
        (json.dumps({**tiny, "vision_cfg": {"timm_model_name": "no_such_model"}}), "open_clip cannot build"),
        (json.dumps({**tiny, "vision_cfg": {"no_such_setting": 1}}), "open_clip cannot build"),
    ]:
        file.write_text(content)
        with pytest.raises(AuditError, match=message):
            make("openclip", str(file), "random")
    with pytest.raises(AuditError, match="publishes no weights"):
        make("openclip", tiny_json)


def test_a_config_named_like_an_architecture_leaves_that_one_alone(tmp_path, make, tiny):
    file = tmp_path / "ViT-B-32.json"
    file.write_text(json.dumps(tiny))
    assert make("openclip", str(file), "random").dim == 24
    assert open_clip.get_model_config("ViT-B-32")["embed_dim"] == 512


def test_hub_style_config_brings_its_own_preprocessing(tmp_path, make, tiny):
    file = tmp_path / "open_clip_config.json"
    own = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "interpolation": "bilinear", "resize_mode": "squash"}
    file.write_text(json.dumps({"model_cfg": tiny, "preprocess_cfg": own}))
    encoder = make("openclip", str(file), "random")
    assert encoder._to_pixels.mean == (0.5, 0.5, 0.5) and encoder._to_pixels.std == (0.25, 0.25, 0.25)
    assert encoder.transform.key == "Resize(interpolation=bilinear, size=(64, 64))|uint8"
    assert make("openclip", str(file), "random", image_size=96).transform.size == 96
