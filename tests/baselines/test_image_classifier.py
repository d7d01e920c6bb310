from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from dejavu_audit.types import BaselineRequest
from dejavu_baselines.image_classifier import load

SMALL = {"size": "16", "epochs": "6", "batch": "32"}


def fit(features, labels, n_classes, *, seed=0, **options):
    baseline = load(BaselineRequest(device="cpu", options={**SMALL, **options}))
    return baseline, baseline.fit(features, labels, n_classes, seed=seed, progress=Silent())


@pytest.mark.parametrize(
    # A perfect estimator of 4 classes is right with probability tie + (1 - tie) / 4: 0.85, 0.55, 0.25.
    # 600 fresh pictures: a standard error of 2 points.
    ("tie", "low", "high"),
    [(0.8, 0.78, 0.92), (0.4, 0.46, 0.62), (0.0, 0.18, 0.32)],
)
def test_it_learns_what_backgrounds_give_away_and_no_more(tinted, tie, low, high):
    baseline, state = fit(*tinted(600, tie=tie, seed=1), 4)
    fresh, labels = tinted(600, tie=tie, seed=2)
    p = baseline.predict(state, fresh)
    assert low <= np.mean(p.argmax(axis=1) == labels) <= high
    # Calibrated: the mean probability of the chosen class is the share of right choices.
    assert np.mean(p.max(axis=1)) == pytest.approx(np.mean(p.argmax(axis=1) == labels), abs=0.12)
    assert -np.mean(np.log(p[np.arange(600), labels])) < np.log(4) + 0.02


def test_state_is_plain_arrays_with_diagnostics_and_repeats_to_the_byte(tinted):
    features, labels = tinted(120, tie=0.8, seed=1)
    _, first = fit(features, labels, 4, epochs="2")
    _, again = fit(features, labels, 4, epochs="2")
    _, other = fit(features, labels, 4, epochs="2", seed=1)
    assert {key: value.tobytes() for key, value in first.items()} == {k: v.tobytes() for k, v in again.items()}
    assert any(first[key].tobytes() != other[key].tobytes() for key in first)
    shown = {key for key in first if key.startswith("diagnostic_")}
    assert {"diagnostic_held_back_accuracy", "diagnostic_held_back_log_loss", "diagnostic_epochs"} <= shown
    assert all(first[key].shape == () for key in shown)


def test_classes_that_the_fit_set_lacks_keep_a_floor(tinted):
    features, labels = tinted(120, tie=1.0, seed=1)
    baseline, state = fit(features, labels, 1000, epochs="2")
    p = baseline.predict(state, features[:50])
    assert p.shape == (50, 1000) and p.dtype == np.float32
    assert p.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert p.min() > 0 and p[:, 4:].max() < 0.01


def test_features_may_lie_on_disk_and_none_may_be_asked(tinted, tmp_path):
    features, labels = tinted(60, tie=1.0, seed=1)
    disk = np.memmap(tmp_path / "f", np.uint8, "w+", shape=features.shape)
    disk[:] = features
    baseline, state = fit(disk, labels, 4, epochs="1")
    assert np.array_equal(baseline.predict(state, disk), baseline.predict(state, features))
    assert baseline.predict(state, features[:0]).shape == (0, 4)


def test_a_transformer_is_told_the_size():
    baseline = load(BaselineRequest(model="test_vit", device="cpu", options={"size": "32"}))
    assert baseline.describe()["parameters"] > 100_000


def test_describe_says_what_it_is():
    told = load(BaselineRequest(device="cpu", options=SMALL)).describe()
    assert told["name"] == "image-classifier"
    assert told["options"]["size"] == 16
    assert "fit set alone" in told["training_data"]


def test_whatever_shapes_a_fit_is_in_the_key():
    requests = [
        BaselineRequest(device="cpu", options=SMALL),
        BaselineRequest(device="cpu", options={**SMALL, "lr": "0.01"}),
        BaselineRequest(device="cpu", options=SMALL, model="test_efficientnet"),
        BaselineRequest(device="cpu", options=SMALL, precision="bf16"),
    ]
    assert len({load(request).key for request in requests}) == 4


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (BaselineRequest(model="resnet5O"), "unknown timm architecture 'resnet5O': did you mean .*resnet50"),
        (BaselineRequest(options={"epoch": "2"}), "did you mean epochs"),
        (
            BaselineRequest(model="inception_v3", options={"size": "32"}, device="cpu"),
            "cannot take .* 32 pixels.*size=",
        ),
    ],
)
def test_what_cannot_be_had_is_refused_at_once(request_, says):
    with pytest.raises(AuditError, match=says):
        load(request_)


def test_too_few_crops_are_refused(tinted):
    with pytest.raises(AuditError, match="raise --fit"):
        fit(*tinted(10, tie=1.0, seed=1), 4)
