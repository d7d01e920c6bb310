from __future__ import annotations

import json

import numpy as np
import pytest

from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.scores.estimates import NOTHING
from dejavu_audit.scores.utility import MEANINGS
from dejavu_audit.types import EncoderRequest
from dejavu_audit.utility.measure import TEMPLATES, measure, spoken

LABELS = ("knn_top1", "linear_probe_top1", "zero_shot_top1")
CLASSES = ("disc", "ring", "star")


def world(n=60, noise=0.05, classes=3, dim=8, seed=0):
    """(n, dim) vectors near the axis of their class, in turn, and (n,) labels."""
    labels = np.arange(n) % classes
    return (np.eye(dim)[labels] + np.random.default_rng(seed).normal(0, noise, (n, dim))).astype(np.float32), labels


def axes(texts):
    """A text tower that knows the classes: each text lies on the axis of the class it names."""
    return np.array([np.eye(8)[next((i for i, name in enumerate(CLASSES) if name in text), 7)] for text in texts])


def measured(**changes):
    public, held = world(), world(40, seed=1)
    given = {
        "public": public[0], "public_labels": public[1], "held": held[0], "held_labels": held[1],
        "classes": CLASSES, "k": 5, "replicates": 200,
    }  # fmt: skip
    return measure(**{**given, **changes})


def test_an_encoder_that_knows_the_classes_gets_all_right():
    found = measured(embed_texts=axes)
    assert list(found) == list(LABELS)
    for score in found.values():
        assert (score.estimate, score.n, score.method) == (1, 40, "wilson")
        assert 0.85 < score.low < score.high == 1
    assert set(LABELS) < set(MEANINGS)


def test_an_encoder_that_knows_nothing_is_at_chance():
    """Three classes, and vectors that do not depend on them: a third is right, within four standard errors."""
    rng = np.random.default_rng(3)
    public, held = (rng.normal(size=(n, 8)).astype(np.float32) for n in (300, 600))
    found = measured(
        public=public, public_labels=rng.integers(0, 3, 300), held=held, held_labels=rng.integers(0, 3, 600),
        embed_texts=lambda texts: np.random.default_rng(0).normal(size=(len(texts), 8)),
    )  # fmt: skip
    for score in found.values():
        assert abs(score.estimate - 1 / 3) < 4 * (2 / 9 / 600) ** 0.5


def test_without_a_text_tower_zero_shot_is_not_measured():
    found = measured()
    assert found["zero_shot_top1"] == NOTHING
    assert found["knn_top1"].estimate == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"held": np.zeros((0, 8), np.float32), "held_labels": np.zeros(0, int)},
        {"classes": ()},
        {"classes": ("only",), "public_labels": np.zeros(60, int), "held_labels": np.zeros(40, int)},
        {"held_labels": np.full(40, -1)},
    ],
)
def test_nothing_to_measure_is_none_and_never_0(changes):
    assert all(measured(embed_texts=axes, **changes)[key] == NOTHING for key in LABELS)


def test_without_public_pictures_names_may_still_tell():
    found = measured(public=np.zeros((0, 8), np.float32), public_labels=np.zeros(0, int), embed_texts=axes)
    assert found["knn_top1"] == found["linear_probe_top1"] == NOTHING
    assert found["zero_shot_top1"].estimate == 1


def test_unlabelled_rows_are_left_out():
    vectors, labels = world(40, seed=1)
    labels = np.where(np.arange(40) < 10, -1, labels)
    assert measured(held=vectors, held_labels=labels, embed_texts=axes)["knn_top1"].n == 30
    vectors, labels = world()
    vectors[:20], labels[:20] = world(20)[0][:, ::-1], -1
    assert measured(public=vectors, public_labels=labels)["knn_top1"].estimate == 1


def test_more_neighbours_than_public_pictures_are_no_fault():
    assert measured(k=1_000)["knn_top1"].n == 40


def test_classes_with_numbers_for_names_have_no_zero_shot():
    assert measured(classes=("0", "1", "2"), embed_texts=axes)["zero_shot_top1"] == NOTHING
    assert measured(classes=("n01440764", "ring", "star"), embed_texts=axes)["zero_shot_top1"] == NOTHING


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sea_lion", "sea lion"),
        ("crane (n02012849)", "crane"),
        ("n02012849", None),
        ("12", None),
        ("tench, Tinca tinca", "tench, Tinca tinca"),
        ("{x}", "{x}"),
        ("日本", "日本"),
    ],
)
def test_what_a_class_is_called(name, said):
    assert spoken(name) == said


def test_every_template_is_asked_of_every_class():
    asked = []
    measured(embed_texts=lambda texts: asked.extend(texts) or axes(texts), classes=("disc", "{ring}", "star"))
    assert asked[:2] == ["a photo of a disc.", "a photo of a {ring}."]
    assert len(asked) == 3 * len(TEMPLATES)


def test_retrieval_needs_captions_and_more_pictures_than_it_looks_at():
    vectors = np.eye(12, dtype=np.float32)
    captions = [str(i) for i in range(12)]

    def own(texts):
        """Every caption lies on its own picture but the first two, which are swapped."""
        return vectors[[{0: 1, 1: 0}.get(int(text), int(text)) for text in texts]]

    def found(n, **changes):
        labels = np.zeros(n, int)
        return measured(
            public=vectors, public_labels=np.zeros(12, int), held=vectors[:n], held_labels=labels,
            captions=captions[:n], classes=(), **{"embed_texts": own, **changes},
        )  # fmt: skip

    scores = found(12)
    assert scores["retrieval_t2i_recall1"].estimate == pytest.approx(10 / 12)
    assert scores["retrieval_t2i_recall1"].n == 12
    # The two are at rank 12 of 12: all other pictures are as unlike as their own.
    assert scores["retrieval_t2i_recall10"].estimate == pytest.approx(10 / 12)
    assert found(10)["retrieval_t2i_recall10"] == NOTHING
    assert found(1)["retrieval_t2i_recall1"] == NOTHING
    assert found(12, embed_texts=None)["retrieval_t2i_recall1"] == NOTHING
    assert "retrieval_t2i_recall1" not in measured()


def test_rows_of_one_picture_are_one_picture():
    """Two captions a picture: each finds it, though the picture stands there twice."""
    vectors = np.repeat(np.eye(6, dtype=np.float32), 2, axis=0)
    texts = [str(i // 2) for i in range(12)]
    given = {
        "held": vectors, "held_labels": np.zeros(12, int), "captions": texts, "classes": (),
        "public": vectors, "public_labels": np.zeros(12, int),
        "embed_texts": lambda said: np.eye(6)[[int(text) for text in said]],
    }  # fmt: skip
    assert measured(**given)["retrieval_t2i_recall1"].estimate == 0  # an equal picture counts before one's own
    assert measured(**given, pictures=np.arange(12) // 2 * 5)["retrieval_t2i_recall1"].estimate == 1


def test_the_probe_says_when_it_was_taught_less(monkeypatch):
    monkeypatch.setattr("dejavu_audit.utility.probe.MOST_WORK", 8 * 3 * 30)
    said = []

    class Progress:
        def stage(self, *_):
            from dejavu_audit.progress import Silent

            return Silent().stage("", 0)

        say = said.append

    assert measured(progress=Progress())["linear_probe_top1"].estimate == 1
    assert said == [
        "the linear probe was taught 30 of the 60 public pictures, an equal share of every class, to bound its time"
    ]


def test_a_real_encoder_with_a_text_tower(tmp_path):
    """A tiny CLIP with random weights: every figure is measured, and what it says is no better than chance."""
    config = {
        "embed_dim": 24,
        "vision_cfg": {
            "timm_model_name": "test_resnet", "timm_model_pretrained": False, "timm_pool": "avg",
            "timm_proj": "linear", "image_size": 64,
        },
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    }  # fmt: skip
    (tmp_path / "tiny.json").write_text(json.dumps(config))
    encoder = load_encoder("openclip", EncoderRequest(str(tmp_path / "tiny.json"), "random", device="cpu"))
    rng = np.random.default_rng(0)
    public, held = (rng.normal(size=(n, 24)).astype(np.float32) for n in (30, 60))
    found = measured(
        public=public, public_labels=np.arange(30) % 3, held=held, held_labels=np.arange(60) % 3,
        embed_texts=encoder.embed_texts, captions=[f"picture {i}" for i in range(60)], device=encoder.device,
    )  # fmt: skip
    assert set(found) == set(MEANINGS)
    assert all(score.n == 60 and 0 <= score.low <= score.estimate <= score.high <= 1 for score in found.values())
    assert found["retrieval_t2i_recall1"].estimate < 0.2
