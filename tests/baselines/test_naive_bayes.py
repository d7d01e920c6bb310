from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from dejavu_audit import plugins
from dejavu_audit.errors import AuditError
from dejavu_audit.inference.reference import Expected, ask
from dejavu_audit.progress import Silent
from dejavu_audit.types import BaselineRequest
from dejavu_baselines import naive_bayes
from dejavu_baselines.naive_bayes import load
from dejavu_baselines.tag_counts import chosen_tags, count, published_log_ratios, published_scores
from tests.real_weights import efficientnet_lite0_file


@dataclass
class Eyes:
    """A tagger of six tags, as the baseline meets it."""

    request: object
    name: str = "eyes"
    vocabulary: tuple[str, ...] = ("sky", "sea", "tree", "road", "wall", "sand")
    dim: int = 6
    fingerprint: str = "eyes-1"
    trained_on: str | None = None
    notes: list[str] = field(default_factory=list)


@pytest.fixture
def eyes(monkeypatch):
    """Let `--baseline-model eyes:…` be found; what its model is called says what it was trained on."""
    real = plugins.find

    def find(group, name, *, kind):
        if (group, name) != (plugins.TAGGERS, "eyes"):
            return real(group, name, kind=kind)
        return lambda request: Eyes(request, trained_on=None if request.model == "own" else request.model)

    monkeypatch.setattr(plugins, "find", find)


def bayes(model="eyes:own", *, compat=None, data="", allow=False, **options):
    return load(
        BaselineRequest(model=model, options=options, compat=compat, data=data, allow_contaminated=allow, device="cpu")
    )


def crops(n, *, signal, seed, classes=3):
    """Scores in [0, 1]: tags 0 and 1 tell class 0, 2 and 3 class 1, ...; the rest is chance. A tenth has no tag."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    scores = rng.random((n, 6)) * (rng.random((n, 6)) < 0.3)
    own = (np.arange(6) // 2 == labels[:, None]) & (rng.random((n, 6)) < signal)
    scores = np.maximum(scores, own * rng.uniform(0.5, 1, (n, 6)))
    scores[rng.random(n) < 0.1] = 0
    return scores.astype(np.float16), labels


def fitted(baseline, n=2000, **made):
    features, labels = crops(n, **{"signal": 0.6, "seed": 1, **made})
    return baseline.fit(features, labels, 4, seed=0, progress=Silent()), features, labels


def test_it_learns_what_backgrounds_tell(eyes):
    baseline = bayes(k="3")
    state, *_ = fitted(baseline)
    fresh, truth = crops(1000, signal=0.6, seed=2)
    p = baseline.predict(state, fresh)
    assert p.shape == (1000, 4) and p.dtype == np.float32
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    assert p.min() > 0
    assert np.mean(p.argmax(axis=1) == truth) > 0.6  # a guess is right on a third
    assert 0 < float(state["diagnostic_tags_a_crop"]) <= 3
    assert float(state["diagnostic_crops_without_tags"]) == pytest.approx(0.15, abs=0.05)
    assert float(state["diagnostic_tags_seen"]) == 6


def test_a_crop_without_tags_gets_the_prior(eyes):
    baseline = bayes(alpha="1")
    labels = np.repeat([0, 1], [30, 10])
    state = baseline.fit(np.random.default_rng(0).random((40, 6)), labels, 3, seed=0, progress=Silent())
    # 31, 11 and 1 of 43: as if each class had been seen once more.
    np.testing.assert_allclose(baseline.predict(state, np.zeros((1, 6))), [[31 / 43, 11 / 43, 1 / 43]], rtol=1e-6)


def test_without_signal_it_falls_back_to_the_prior(eyes):
    baseline = bayes()
    state, *_ = fitted(baseline, signal=0.0)
    p = baseline.predict(state, crops(500, signal=0.0, seed=3)[0])
    assert p[:, :3].max() < 0.6
    assert p[:, 3].max() < 0.05  # a class without a crop


def test_fitting_in_blocks_is_fitting_at_once(eyes, monkeypatch):
    whole, features, labels = fitted(bayes(), n=300)
    monkeypatch.setattr(naive_bayes, "BLOCK", 64)
    parts = bayes().fit(features, labels, 4, seed=5, progress=Silent())
    assert {key: value.tobytes() for key, value in whole.items()} == {k: v.tobytes() for k, v in parts.items()}


def test_published_scores_in_proportion_and_no_answer_without_tags(eyes):
    baseline = bayes(compat="published", k="2")
    state, features, labels = fitted(baseline, n=500)
    fresh, truth = crops(200, signal=0.6, seed=2)
    counts = count(chosen_tags(features, 2, 0), labels, 4)
    expected = published_scores(published_log_ratios(counts, 2, 0), chosen_tags(fresh, 2, 0))
    p = baseline.predict(state, fresh)
    empty = ~fresh.any(axis=1)
    assert 5 < empty.sum() < 60
    assert not p[empty].any()
    np.testing.assert_allclose(p[~empty], expected[~empty] / expected[~empty].sum(axis=1, keepdims=True), rtol=1e-5)
    asked = Expected.empty(200)
    ask(baseline, state, fresh, truth, 4, asked, np.arange(200))
    assert (asked.top1[empty] == -1).all()
    assert (asked.top1[~empty] == expected[~empty].argmax(axis=1)).all()


def test_published_counts_every_tag_above_a_threshold_but_asks_about_the_likeliest(eyes):
    baseline = bayes(compat="published", k="1", threshold="0.25", alpha="1")
    # Tag 1 is above the threshold on both crops of class 0, but the likeliest on none.
    fit = np.array([[0.9, 0.5, 0, 0, 0, 0], [0.9, 0.5, 0, 0, 0, 0], [0, 0.1, 0.9, 0, 0, 0]])
    state = baseline.fit(fit, np.array([0, 0, 1]), 2, seed=0, progress=Silent())
    # (2 + 1) / (2 + 1) and (0 + 1) / (2 + 1): in proportion 3 to 1.
    np.testing.assert_allclose(baseline.predict(state, np.array([[0, 0.6, 0.3, 0, 0, 0]])), [[0.75, 0.25]], rtol=1e-6)
    proper = bayes(k="1", threshold="0.25")
    assert proper.fit(fit, np.array([0, 0, 1]), 2, seed=0, progress=Silent())["diagnostic_tags_seen"] == 2


def test_everything_that_shapes_a_fit_is_in_the_key(eyes):
    keys = [bayes().key, bayes(k="3").key, bayes(alpha="2").key, bayes(threshold="0.1").key]
    keys.append(bayes(compat="published", alpha="1").key)
    assert len(set(keys)) == 5
    assert bayes().key == bayes().key


def test_describe_says_what_the_tagger_is(eyes):
    told = bayes(k="2").describe()
    assert (told["name"], told["model"], told["tags"], told["rule"]) == ("naive-bayes", "eyes:own", 6, "naive Bayes")
    assert told["options"] == {"k": 2, "alpha": 1.0, "threshold": 0.0}
    assert "user's word" in told["training_data"]
    assert "contaminated" not in told
    published = bayes(compat="published").describe()
    assert (published["rule"], published["options"]["alpha"]) == ("published", 0.0)


def test_a_tagger_trained_on_the_targets_is_refused_or_told(eyes):
    with pytest.raises(AuditError, match=r"the tagger eyes:ImageNet-1k of the baseline naive-bayes .*ImageNet"):
        bayes("eyes:ImageNet-1k", data="imagenet")
    told = bayes("eyes:ImageNet-1k", data="imagenet", allow=True).describe()
    assert "ImageNet" in told["contaminated"]
    assert "contaminated" not in bayes("eyes:ImageNet-1k", data="scenes").describe()


@pytest.mark.parametrize("model", [None, ""])
def test_without_a_tagger_the_error_has_one_to_type(model):
    with pytest.raises(
        AuditError, match=r"for example --baseline-model timm:tf_efficientnet_lite0:weights\.safetensors"
    ):
        bayes(model)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"k": "4"}, "--baseline-option k=4: must be one of 1, 2, 3, 5"),
        ({"alpha": "0"}, "--baseline-option alpha=0: must be a number from 1e-06"),
        ({"alpha": "nan"}, "--baseline-option alpha=nan: must be a number"),
        ({"threshold": "1.5"}, "--baseline-option threshold=1.5: must be a number from 0 to 1"),
        ({"alhpa": "1"}, "unknown option of the baseline naive-bayes 'alhpa': did you mean alpha"),
    ],
)
def test_options_out_of_range_are_refused(options, said):
    with pytest.raises(AuditError, match=said):
        bayes(**options)


def test_a_fit_set_without_crops_is_refused(eyes):
    with pytest.raises(AuditError, match="raise --fit"):
        bayes().fit(np.zeros((0, 6)), np.zeros(0, int), 3, seed=0, progress=Silent())


def test_a_real_tagger_tells_two_photographs_apart_by_their_crops(tmp_path):
    """ImageNet-trained weights that come as a package."""
    baseline = bayes(f"timm:tf_efficientnet_lite0:{efficientnet_lite0_file(tmp_path)}")
    tagger = baseline.featurizer

    def scores(name, seed):
        image = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
        rng = np.random.default_rng(seed)
        side = min(image.size) // 2
        boxes = [(x, y, x + side, y + side) for x, y in rng.integers(0, side // 2, (12, 2)).tolist()]
        batch = torch.stack([tagger.transform(image.crop(box)) for box in boxes])
        return np.asarray(tagger.embed_images(batch))

    fit = np.concatenate([scores("chelsea", 0), scores("coffee", 0)])
    fresh = np.concatenate([scores("chelsea", 1), scores("coffee", 1)])
    labels = np.repeat([0, 1], 12)
    assert fit.shape == (24, len(tagger.vocabulary)) and fit.dtype == np.float16
    state = baseline.fit(fit, labels, 2, seed=0, progress=Silent())
    assert np.mean(baseline.predict(state, fresh).argmax(axis=1) == labels) > 0.9


def test_options_of_the_tagger_reach_it(eyes):
    asked = BaselineRequest(model="eyes:plain", options={"k": "2", "tagger.classes": "names.txt"})
    made = load(asked)
    assert made.k == 2
    assert dict(made.featurizer.request.options) == {"classes": "names.txt"}
