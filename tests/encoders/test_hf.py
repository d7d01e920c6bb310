"""The family hf: small models of random weights in folders, against transformers' own calls."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from torch.nn import functional as F

from dejavu_audit.encoders.hf_kinds import KINDS, features
from dejavu_audit.encoders.hf_pictures import compose_of
from dejavu_audit.errors import AuditError

transformers = pytest.importorskip("transformers")

SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
VISION = {**SMALL, "image_size": 32, "patch_size": 8}
WORDS = ["<|startoftext|>", "<|endoftext|>", "a", "b", "c", "a</w>", "b</w>", "c</w>", "t</w>", "cat</w>", "ca"]


def clip_config():
    text = {**SMALL, "vocab_size": len(WORDS), "max_position_embeddings": 8, "eos_token_id": 1, "bos_token_id": 0}
    return transformers.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=24)


def siglip_config():
    text = {**SMALL, "vocab_size": len(WORDS), "max_position_embeddings": 6}
    return transformers.SiglipConfig(text_config=text, vision_config=VISION)


MODELS = {
    "clip": lambda: transformers.CLIPModel(clip_config()),
    "clip_vision_model": lambda: transformers.CLIPVisionModelWithProjection(clip_config().vision_config),
    "siglip": lambda: transformers.SiglipModel(siglip_config()),
    "siglip_vision_model": lambda: transformers.SiglipVisionModel(siglip_config().vision_config),
    "dinov2": lambda: transformers.Dinov2Model(transformers.Dinov2Config(**VISION)),
    "dinov2_with_registers": lambda: transformers.Dinov2WithRegistersModel(
        transformers.Dinov2WithRegistersConfig(**VISION, num_register_tokens=2)
    ),
    "dinov3_vit": lambda: transformers.DINOv3ViTModel(transformers.DINOv3ViTConfig(**VISION, num_register_tokens=2)),
    "vit": lambda: transformers.ViTModel(transformers.ViTConfig(**VISION)),
    "deit": lambda: transformers.DeiTModel(transformers.DeiTConfig(**VISION)),
}
PROCESSORS = {
    "clip": lambda: transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32),
    "siglip": lambda: transformers.SiglipImageProcessor(size={"height": 32, "width": 32}),
    "dinov2": lambda: transformers.BitImageProcessor(size={"shortest_edge": 36}, crop_size=32),
    "vit": lambda: transformers.ViTImageProcessor(size={"height": 32, "width": 32}),
}


def processor(kind):
    return PROCESSORS[kind if kind in PROCESSORS else kind.split("_")[0]] if kind != "deit" else PROCESSORS["vit"]


@pytest.fixture
def folder(tmp_path):
    """folder("clip") -> (path, model): small, with random weights, its processor and, for clip, a tokenizer."""

    def save(kind, model=None, place="model"):
        if kind == "dinov3_vit" and not hasattr(transformers, "DINOv3ViTModel"):
            pytest.skip("this transformers has no DINOv3")
        torch.manual_seed(11)
        model = (model or MODELS[kind]()).eval()
        with torch.no_grad():  # transformers begins with values so small that all embeddings are alike
            for tensor in model.parameters():
                tensor.add_(torch.randn_like(tensor) * 0.1)
        path = tmp_path / place
        model.save_pretrained(path)
        processor(kind if kind != "dinov3_vit" else "dinov2")().save_pretrained(path)
        if kind == "clip":
            words = {word: number for number, word in enumerate(WORDS)}
            (tmp_path / "vocab.json").write_text(json.dumps(words))
            (tmp_path / "merges.txt").write_text("#version: 0.2\nc a\nca t</w>\n")
            tokenizer = transformers.CLIPTokenizer.from_pretrained(tmp_path, local_files_only=True)
            tokenizer.save_pretrained(path)
        return str(path), model

    return save


def plain_call(kind, model, pixels):
    """What transformers' documentation calls the picture's embedding."""
    with torch.inference_mode():
        if kind in ("clip", "siglip"):
            return features(model.get_image_features(pixel_values=pixels))
        output = model(pixel_values=pixels)
        if kind == "clip_vision_model":
            return output.image_embeds
        if kind == "siglip_vision_model":
            return output.pooler_output
        return output.last_hidden_state[:, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_embedding_equals_transformers_own_call(kind, folder, make, embed, pictures):
    path, model = folder(kind)
    encoder = make("hf", path, normalize=False)
    pixels = encoder._to_pixels(torch.stack([encoder.transform(picture) for picture in pictures]))
    expected = plain_call(kind, model, pixels).numpy()
    assert np.allclose(embed(encoder), expected, atol=1e-5) and encoder.dim == expected.shape[1]
    assert np.abs(expected[0] - expected[1]).max() > 1e-2, "the pictures must not be alike"
    unit = embed(make("hf", path))
    assert np.allclose(unit, F.normalize(torch.from_numpy(expected), dim=-1).numpy(), atol=1e-5)
    assert encoder.has_text == (kind in ("clip", "siglip"))
    assert encoder.family == "hf" and encoder.name == encoder.pretrained == path
    assert make("hf", path, layer="pre-head").has_text is False


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_pre_head_is_before_the_projection_or_the_pooling_head(kind, folder, make, embed, pictures):
    path, model = folder(kind)
    encoder = make("hf", path, layer="pre-head", normalize=False)
    pixels = encoder._to_pixels(torch.stack([encoder.transform(picture) for picture in pictures]))
    with torch.inference_mode():
        output = model.vision_model(pixel_values=pixels)
    expected = output.pooler_output if kind == "clip" else output.last_hidden_state.mean(1)
    assert np.allclose(embed(encoder), expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("kind", PROCESSORS)
def test_pictures_are_prepared_as_the_processor_does(kind, pictures):
    """To within the rounding of two resizing libraries: PIL here, tensors in transformers' newer processors."""
    own = PROCESSORS[kind]()
    compose = compose_of(own.to_dict(), kind, None)
    for picture in pictures:
        theirs = own(images=picture, return_tensors="pt")["pixel_values"][0]
        ours = compose(picture)
        assert ours.shape == theirs.shape
        levels = (ours - theirs).abs() * torch.tensor(own.image_std).view(3, 1, 1) * 255
        assert levels.mean() < 0.6 and levels.max() < 8


def test_another_size_of_pictures(folder, make, embed):
    for kind in ("clip", "siglip", "vit", "dinov2"):
        path, _ = folder(kind, place=kind)
        encoder = make("hf", path, image_size=48)
        assert embed(encoder).shape[0] == 3 and encoder.transform(Image.new("RGB", (99, 70))).shape == (3, 48, 48)
        assert encoder.fingerprint != make("hf", path).fingerprint


def test_clips_texts_share_the_space_of_its_pictures(folder, make):
    path, model = folder("clip")
    encoder = make("hf", path)
    texts = ["cat", "a b", "c b a c b a c b a c b a"]
    tokenizer = transformers.CLIPTokenizer.from_pretrained(path)
    with torch.inference_mode():
        one_by_one = [
            features(model.get_text_features(**tokenizer(text, truncation=True, max_length=8, return_tensors="pt")))
            for text in texts
        ]
    expected = F.normalize(torch.cat(one_by_one), dim=-1).numpy()
    assert np.allclose(encoder.embed_texts(texts), expected, atol=1e-5)
    with pytest.raises(AuditError, match="only in layer embedding"):
        make("hf", path, layer="pre-head").embed_texts(texts)


class _Padder:
    """Stands for SigLIP's tokenizer, a file of sentencepiece: words by number, padded to the full length."""

    def __call__(self, texts, padding, truncation, max_length, return_tensors):
        assert (padding, truncation, return_tensors) == ("max_length", True, "pt")
        rows = [[WORDS.index(f"{word}</w>") for word in text.split()][:max_length] for text in texts]
        ids = torch.tensor([row + [1] * (max_length - len(row)) for row in rows])
        return {"input_ids": ids, "attention_mask": (ids != 1).long()}


def test_siglips_texts_are_padded_to_the_full_length_without_a_mask(folder, make, monkeypatch):
    path, model = folder("siglip")
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda *args, **settings: _Padder())
    encoder = make("hf", path, normalize=False)
    ids = torch.tensor([[5, 1, 1, 1, 1, 1], [6, 7, 1, 1, 1, 1]])
    with torch.inference_mode():
        expected = features(model.get_text_features(input_ids=ids))
    assert np.allclose(encoder.embed_texts(["a", "b c"]), expected.numpy(), atol=1e-5)
    names = encoder.embed_texts(["cat"])
    assert names.shape == (1, encoder.dim)


def test_a_folder_without_tokenizer_is_one_sentence(folder, make):
    path, _ = folder("siglip")
    with pytest.raises(AuditError, match="cannot load the tokenizer from folder"):
        make("hf", path).embed_texts(["a"])


def test_a_towers_text_weights_are_not_asked_of_a_vision_model(folder, make):
    with pytest.raises(AuditError, match="has no text tower: use an openclip model, or a CLIP or SigLIP of hf"):
        make("hf", folder("dinov2")[0]).embed_texts(["a"])


def test_a_classifiers_folder_is_read_without_its_head(folder, make, embed):
    model = transformers.ViTForImageClassification(transformers.ViTConfig(**VISION, num_labels=3))
    path, model = folder("vit", model)
    bare, _ = folder("vit", model.vit, place="bare")
    model.vit.load_state_dict(transformers.ViTModel.from_pretrained(bare, add_pooling_layer=False).state_dict())
    model.save_pretrained(path)
    assert np.allclose(embed(make("hf", path)), embed(make("hf", bare)), atol=1e-6)
    assert make("hf", path).weights == make("hf", bare).weights


def test_random_weights_are_seeded(folder, make, embed):
    path, _ = folder("dinov2")
    first, again, other = (make("hf", path, "random", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(embed(first), embed(again)) and first.weights != other.weights
    assert first.pretrained == "random" and first.weights != make("hf", path).weights


def test_a_real_photograph_is_told_from_another_by_a_processors_folder(folder, make):
    """One row a picture, in the order given."""
    encoder = make("hf", folder("dinov2")[0])
    cat, cup = (encoder.transform(Image.fromarray(getattr(skimage.data, name)())) for name in ("chelsea", "coffee"))
    both, flipped = (encoder.embed_images(torch.stack(pair)) for pair in ((cat, cup), (cup, cat)))
    assert np.allclose(both, flipped[::-1], atol=1e-6) and not np.allclose(both[0], both[1], atol=1e-3)


def test_weights_that_do_not_fill_the_model_are_refused(folder, make):
    from safetensors.torch import load_file, save_file

    path, _ = folder("dinov2")
    file = f"{path}/model.safetensors"
    state = load_file(file)
    gone = next(name for name in state if "layer.1" in name and name.endswith("weight"))
    save_file({k: v for k, v in state.items() if k != gone}, file, metadata={"format": "pt"})
    with pytest.raises(AuditError, match=r"do not fill Dinov2Model: missing \S*layer\.1\.\S+; save it again"):
        make("hf", path)
    save_file({**state, "stray.weight": torch.zeros(2)}, file, metadata={"format": "pt"})
    with pytest.raises(AuditError, match=r"do not fill Dinov2Model: unexpected stray\.weight"):
        make("hf", path)
    save_file({**state, gone: torch.zeros(3, 3)}, file, metadata={"format": "pt"})
    with pytest.raises(AuditError, match=r"cannot load the weights from folder|of another shape"):
        make("hf", path)


def test_pickles_and_foreign_folders_are_refused(folder, make, tmp_path):
    path, model = folder("dinov2")
    (tmp_path / "model" / "model.safetensors").unlink()
    with pytest.raises(AuditError, match="has no weights: save the model with save_pretrained, as safetensors"):
        make("hf", path)
    torch.save(model.state_dict(), tmp_path / "model" / "pytorch_model.bin")
    with pytest.raises(AuditError, match=r"only pytorch_model\.bin, a pickle, which may run code"):
        make("hf", path)
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    own = {**config, "model_type": "mine", "auto_map": {"AutoConfig": "mine.Config", "AutoModel": "mine.Model"}}
    (tmp_path / "model" / "config.json").write_text(json.dumps(own))
    (tmp_path / "model" / "mine.py").write_text("raise SystemExit('code of the folder was run')")
    with pytest.raises(AuditError, match="cannot load the configuration from folder"):
        make("hf", path)
    (tmp_path / "model" / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(AuditError, match=r"unknown kind of transformers model .*'bert'"):
        make("hf", path)
    (tmp_path / "model" / "config.json").write_text(json.dumps({"model_type": "siglip2"}))
    with pytest.raises(AuditError, match="NaFlex"):
        make("hf", path)


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("./nowhere", {}, r"\./nowhere does not exist: name a folder that save_pretrained wrote"),
        (".", {}, r"folder \. has no config\.json"),
        ("facebook/dinov2-base", {}, r"cannot load the configuration of hf facebook/dinov2-base: not cached"),
        ("x", {"layer": "backbone"}, r"unknown layer 'backbone' of family hf: use --layer embedding or pre-head"),
        ("x", {"pretrained": "laion2b"}, r"carry their own weights: leave --pretrained laion2b out"),
    ],
)
def test_bad_requests_are_one_sentence(model, settings, message, make):
    with pytest.raises(AuditError, match=message):
        make("hf", model, **settings)


def test_without_transformers_the_pip_command_is_told(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(AuditError, match=r"pip install 'dejavu-audit\[hf\]'"):
        make("hf", "facebook/dinov2-base")


def test_a_processor_of_its_own_ways_is_refused():
    plain = PROCESSORS["vit"]().to_dict()
    with pytest.raises(AuditError, match="pads or scales in a way of its own"):
        compose_of({**plain, "rescale_factor": 1 / 127.5}, "x", None)
    with pytest.raises(AuditError, match="which is not understood"):
        compose_of({**plain, "size": {"shortest_edge": 30, "longest_edge": 90}}, "x", None)
    bare = compose_of({**plain, "do_normalize": False, "do_resize": False}, "x", None)
    picture = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    assert torch.allclose(bare(picture) * 255, torch.arange(48.0).reshape(4, 4, 3).permute(2, 0, 1))


class GemmaTokenizer(_Padder):
    """What SigLIP2's folders name."""


def test_siglip2s_texts_are_in_lower_case(folder, make, monkeypatch):
    path, _ = folder("siglip")
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda *args, **settings: GemmaTokenizer())
    encoder = make("hf", path)
    assert np.array_equal(encoder.embed_texts(["A b"]), encoder.embed_texts(["a B"]))
