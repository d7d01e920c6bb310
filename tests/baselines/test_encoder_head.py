from __future__ import annotations

import numpy as np
import pytest
import timm
from safetensors.torch import save_file

from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from dejavu_audit.types import BaselineRequest
from dejavu_baselines.encoder_head import load


def head(**options):
    return load(BaselineRequest(model="timm:test_efficientnet:random", device="cpu", options=options))


def vectors(n, dim, *, signal, seed):
    """Four classes, each `signal` higher in its quarter of the columns, in unit noise; all scaled and moved."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 4)
    x = rng.normal(0, 1, (n, dim))
    x += signal * (np.arange(dim) % 4 == labels[:, None])
    return (0.01 * x + 3).astype(np.float32), labels


@pytest.mark.parametrize(
    "options", [{"head": "linear"}, {"head": "mlp", "hidden": "64", "epochs": "20", "batch": "64"}]
)
def test_both_heads_learn_and_are_calibrated(options):
    baseline = head(**options)
    dim = baseline.featurizer.dim
    features, labels = vectors(1000, dim, signal=0.7, seed=1)
    state = baseline.fit(features, labels, 6, seed=0, progress=Silent())
    fresh, truth = vectors(600, dim, signal=0.7, seed=2)
    p = baseline.predict(state, fresh)
    assert p.shape == (600, 6) and p.dtype == np.float32
    assert p.sum(axis=1) == pytest.approx(np.ones(600), abs=1e-5)
    assert p.min() > 0
    accuracy = np.mean(p.argmax(axis=1) == truth)
    assert accuracy > 0.9
    assert np.mean(p.max(axis=1)) == pytest.approx(accuracy, abs=0.06)
    assert float(state["diagnostic_held_back_log_loss"]) < float(state["diagnostic_prior_log_loss"]) - 0.5
    again = baseline.fit(features, labels, 6, seed=0, progress=Silent())
    assert {k: v.tobytes() for k, v in state.items()} == {k: v.tobytes() for k, v in again.items()}


def test_noise_gives_the_prior():
    baseline = head()
    features, labels = vectors(400, baseline.featurizer.dim, signal=0, seed=1)
    state = baseline.fit(features, labels, 4, seed=0, progress=Silent())
    p = baseline.predict(state, vectors(400, baseline.featurizer.dim, signal=0, seed=2)[0])
    assert p.max() < 0.5


def test_describe_repeats_what_the_user_states():
    told = head().describe()
    assert told["model"] == "timm:test_efficientnet:random"
    assert told["training_data"] == "none: random weights" and told["contaminated"] is None


def test_an_encoder_known_to_be_trained_on_the_data_is_refused(tmp_path):
    file = tmp_path / "test_resnet.r160_in1k.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), file)

    def loaded(**settings):
        return load(BaselineRequest(model=f"timm:test_resnet:{file}", device="cpu", **settings)).describe()

    with pytest.raises(AuditError, match=r"the encoder timm:test_resnet:.* known to be trained on ImageNet-1k"):
        loaded(data="imagenet")
    assert "trained on ImageNet-1k" in loaded(data="imagenet", allow_contaminated=True)["contaminated"]
    told = loaded(data="scenes")
    assert told["training_data"].startswith("ImageNet-1k, by the name of its weights; beyond that the user states")
    assert told["contaminated"] is None


def test_options_are_in_the_key():
    assert head().key != head(iterations="50").key
    assert head().featurizer.fingerprint == head(iterations="50").featurizer.fingerprint


@pytest.mark.parametrize("spec", [None, "", "resnet50", ":resnet50", "timm:"])
def test_without_a_model_the_error_has_one_to_type(spec):
    with pytest.raises(AuditError, match="for example --baseline-model timm:resnet50"):
        load(BaselineRequest(model=spec))


def test_unknown_options_and_families_are_refused():
    with pytest.raises(AuditError, match="did you mean hidden"):
        head(hidden_size="3")
    with pytest.raises(AuditError, match="tim"):
        load(BaselineRequest(model="tim:resnet50:random"))
