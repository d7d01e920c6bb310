"""Classes of a timm classifier as tags, against timm used by hand; and through the store that embeddings go through."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_data_config

from dejavu_audit.data.crops import CropRule
from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.embeddings.views import View
from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from dejavu_audit.taggers.loading import load_tagger
from tests.embeddings.conftest import Folder
from tests.real_weights import efficientnet_lite0_file

LITE0 = "timm:tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def lite0(tmp_path_factory):
    return efficientnet_lite0_file(tmp_path_factory.mktemp("weights"))


def seen(tagger, pictures):
    return tagger.embed_images(torch.stack([tagger.transform(picture) for picture in pictures]))


def test_real_weights_name_a_cat_a_space_suit_and_a_cup(lite0, pictures):
    tagger = load_tagger(f"{LITE0}:{lite0}", device="cpu")
    assert len(tagger.vocabulary) == tagger.dim == 1000 == len(set(tagger.vocabulary))
    scores = seen(tagger, pictures)
    assert scores.dtype == np.float16 and scores.min() >= 0 and scores.max() <= 1
    assert scores.astype(np.float64).sum(axis=1) == pytest.approx(np.ones(3), abs=0.01)
    best = [tagger.vocabulary[column] for column in scores.argmax(axis=1)]
    assert best[0] in {"tabby", "tiger cat", "Egyptian cat"} and best[2] in {"coffee mug", "espresso", "cup"}
    # ImageNet's two cranes are told apart, every other name is the first of its synonyms.
    assert [name for name in tagger.vocabulary if name.startswith("crane")] == [
        "crane (n02012849)",
        "crane (n03126707)",
    ]
    assert tagger.vocabulary[0] == "tench"
    assert tagger.trained_on == "ImageNet-1k, to judge by its 1,000 classes"


def test_equals_timm_by_hand(tmp_path, pictures):
    torch.manual_seed(3)
    model = timm.create_model("test_vit", num_classes=7).eval()
    model.head.weight.data.normal_(0, 1)  # else all classes are about as likely
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    transform = create_transform(**resolve_data_config({}, model=model), is_training=False)
    with torch.inference_mode():
        expected = model(torch.stack([transform(picture) for picture in pictures])).softmax(-1).numpy()
    tagger = load_tagger(f"timm:test_vit:{tmp_path / 'w.safetensors'}", device="cpu")
    assert np.abs(seen(tagger, pictures) - expected).max() < 1e-3 and expected.std() > 0.05
    assert tagger.vocabulary == [f"class {number}" for number in range(7)] and tagger.trained_on is None


def test_names_of_ones_own(tmp_path):
    save_file(timm.create_model("test_resnet", num_classes=2).state_dict(), tmp_path / "w.safetensors")
    (tmp_path / "two.txt").write_text("sky\nsea\n")
    (tmp_path / "three.txt").write_text("sky\nsea\nsand\n")
    spec = f"timm:test_resnet:{tmp_path / 'w.safetensors'}"
    named = load_tagger(spec, options={"classes": str(tmp_path / "two.txt")}, device="cpu")
    assert named.vocabulary == ["sky", "sea"]
    assert named.fingerprint != load_tagger(spec, device="cpu").fingerprint, "the same columns mean something else"
    with pytest.raises(AuditError, match=r"three\.txt has 3 names, but .* has 2 classes"):
        load_tagger(spec, options={"classes": str(tmp_path / "three.txt")})


def test_the_classifier_is_part_of_the_weights(tmp_path):
    torch.manual_seed(0)
    state = timm.create_model("test_resnet", num_classes=5).state_dict()
    save_file(state, tmp_path / "a.safetensors")
    save_file({**state, "fc.weight": state["fc.weight"] + 1}, tmp_path / "b.safetensors")
    save_file({k: v for k, v in state.items() if not k.startswith("fc.")}, tmp_path / "c.safetensors")
    save_file({k: v for k, v in state.items() if k != "fc.bias"}, tmp_path / "d.safetensors")
    a, b = (load_tagger(f"timm:test_resnet:{tmp_path / name}.safetensors", device="cpu") for name in "ab")
    assert a.fingerprint != b.fingerprint
    with pytest.raises(AuditError, match="hold no classifier of timm test_resnet"):
        load_tagger(f"timm:test_resnet:{tmp_path / 'c.safetensors'}")
    with pytest.raises(AuditError, match=r"do not fill timm test_resnet: missing fc\.bias"):
        load_tagger(f"timm:test_resnet:{tmp_path / 'd.safetensors'}")


def test_another_architecture_is_refused(tmp_path):
    save_file(timm.create_model("test_vit").state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(AuditError, match="do not fill timm test_resnet"):
        load_tagger(f"timm:test_resnet:{tmp_path / 'w.safetensors'}")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("timm:resnet81", "unknown timm model 'resnet81'"),
        ("timm:resnet18", r"resnet18\.a1_in1k: not cached .*HF_HOME"),
        ("timm:resnet18:nothing.pt", r"nothing\.pt does not exist"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(spec, message):
    with pytest.raises(AuditError, match=message):
        load_tagger(spec)


def test_scores_go_through_the_store_as_float16(lite0, pictures, tmp_path):
    """Crops and whole pictures are tagged once; the second time all comes from the store, bit for bit."""
    files = []
    for number, picture in enumerate(pictures):
        files.append(tmp_path / f"{number}.png")
        picture.save(files[-1])
    folder = Folder(str(tmp_path), files, dict.fromkeys(range(3), (0, 0, 150, 400)))
    tagger = load_tagger(f"{LITE0}:{lite0}", device="cpu", batch_size=2)
    rows = np.arange(3)
    jobs = [(View(tagger, None), rows), (View(tagger, CropRule(min_side=100)), rows)]
    store = Store(tmp_path / "cache")
    (whole, crops), counts = embed_views(folder, jobs, store, workers=0, progress=Silent())
    assert whole.vectors.dtype == crops.vectors.dtype == np.float16
    assert [job.embedded for job in counts.jobs] == [3, 3]
    assert np.abs(whole.vectors - seen(tagger, pictures)).max() < 2e-3
    by_hand = [
        Image.open(file).crop((x, y, x + w, y + h)) for file, (x, y, w, h) in zip(files, crops.crops, strict=True)
    ]
    assert np.abs(crops.vectors - seen(tagger, by_hand)).max() < 2e-3
    (again, crops_again), counts = embed_views(folder, jobs, Store(tmp_path / "cache"), workers=0, progress=Silent())
    assert [job.embedded for job in counts.jobs] == [0, 0]
    assert again.vectors.tobytes() == whole.vectors.tobytes()
    assert crops_again.vectors.tobytes() == crops.vectors.tobytes()
