"""The label test with other references: Naive Bayes on real tags, a second encoder, several, both directions."""

from __future__ import annotations

import json
import os
from unittest import mock

import jsonschema
import numpy as np
import pandas as pd
import pytest

from dejavu_audit import audit
from dejavu_audit.errors import AuditError
from dejavu_audit.samples import AUDIT, MEMORIZER, TWIN
from tests.captioned_data import write_caption_table
from tests.real_weights import efficientnet_lite0_file
from tests.test_end_to_end import SCHEMA

SIZES = {"targets": 60, "control": 80, "public": 600, "fit": 120, "replicates": 200, "workers": 0, "device": "cpu"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with mock.patch.dict(os.environ, HF_HUB_OFFLINE="1"):
        yield tmp_path_factory.mktemp("references")


def ask(place, name, **settings):
    known = {
        **AUDIT,
        **SIZES,
        "pretrained": str(MEMORIZER),
        "cache_dir": str(place / "cache"),
        "out": str(place / name),
    }
    result = audit("timm:test_resnet", **{**known, **settings})
    jsonschema.validate(json.loads((place / name / "audit.json").read_text("utf-8")), SCHEMA)
    return result


def gap(samples, first, second):
    right = [(samples[name] == samples.label).astype(int) for name in (first, second)]
    return (right[0] - right[1]).groupby(samples.set, observed=True).mean()


def test_the_two_model_test_finds_what_the_memorizer_remembers(place):
    """`--reference FILE` means other weights for the audited architecture, looked at in the same way."""
    result = ask(place, "two-model", reference=str(TWIN))
    means = gap(result.samples.to_pandas(), "target_top1", "reference_top1")
    assert result.headline.estimate == pytest.approx(means["target"] - means["control"])
    assert result.headline.low > 0.1  # planted: the memorizer saw the targets 60 times over, its twin never
    assert result.record.data.counts["fit"] == 0
    assert result.record.reference["name"] == "second-encoder"
    assert result.record.references[0].weaker is False


def test_both_directions_and_their_mean(place, tmp_path):
    first = ask(place, "two-model-again", reference=str(TWIN))
    ids = first.samples.to_pandas().groupby("set", observed=True).id.apply(list)
    (tmp_path / "a.txt").write_text("\n".join(ids["target"]))
    (tmp_path / "b.txt").write_text("\n".join(ids["control"]))
    lists = {"members": str(tmp_path / "a.txt"), "reference_members": str(tmp_path / "b.txt")}
    both = ask(place, "both", reference=str(TWIN), **lists)
    assert both.headline.metric == "deja_vu_top1_symmetric"
    assert both.headline.estimate == pytest.approx(first.headline.estimate / 2)
    # The twin audited with the memorizer as reference and the lists exchanged finds the same mean, its sign too.
    swapped = {"members": lists["reference_members"], "reference_members": lists["members"]}
    other = ask(place, "other", pretrained=str(TWIN), reference=str(MEMORIZER), targets=80, **swapped)
    assert other.headline.estimate == pytest.approx(both.headline.estimate)
    with pytest.raises(AuditError, match=r"ids are in both --members and --reference-members"):
        ask(place, "overlap", reference=str(TWIN), **{**lists, "reference_members": lists["members"]})


def test_several_references_are_right_where_any_of_them_is(place, tmp_path):
    tagger = f"timm:tf_efficientnet_lite0:{efficientnet_lite0_file(tmp_path)}"
    options = {"naive-bayes.model": tagger, "naive-bayes.k": "3"}
    result = ask(place, "ensemble", baseline="naive-bayes", reference=str(TWIN), baseline_options=options)
    samples = result.samples.to_pandas()
    assert result.record.reference == {"name": "ensemble", "members": ["naive-bayes", "second-encoder"]}
    any_right = samples.references.map(lambda said: any(one["right"] for one in said))
    assert (any_right == (samples.reference_top1 == samples.label)).all()
    for number, one in enumerate(result.record.references):
        right = samples.references.map(lambda said, number=number: said[number]["right"]).astype(float)
        assert one.right_targets.estimate == pytest.approx(right[samples.set == "target"].mean())
    assert "tf_efficientnet_lite0" in json.dumps(result.record.references[0].description)


def test_naive_bayes_on_real_tags_of_real_pictures_and_as_published(place, tmp_path):
    file = write_caption_table(tmp_path / "c.parquet", 80, labels=True, boxes=True)
    (tmp_path / "mine.toml").write_text('name = "mine"\nmanifest = "c.parquet"\n')
    tagger = f"timm:tf_efficientnet_lite0:{efficientnet_lite0_file(tmp_path)}"
    asked = {
        "data": str(tmp_path / "mine.toml"), "k": 5, "min_side": 20, "baseline": "naive-bayes",
        "baseline_model": tagger, "targets": 20, "public": 20, "fit": 20, "control": 20,
    }  # fmt: skip
    proper, published = ask(place, "proper", **asked), ask(place, "published", compat="published", **asked)
    for result in (proper, published):
        samples = result.samples.to_pandas()
        means = gap(samples, "target_top1", "reference_top1")
        assert result.headline.estimate == pytest.approx(means["target"] - means["control"])
        assert not np.isnan(samples.reference_confidence).any()
    one, other = (result.samples.to_pandas().reference_probability for result in (proper, published))
    assert not np.allclose(one, other)
    # Crops were tagged once: the published rule found them in the cache.
    assert sum(view["embedded"] for view in published.record.timings["views"]) == 0
    assert file.exists()


def test_a_tagger_that_saw_the_targets_is_refused_and_named_where_it_is_allowed(place, tmp_path):
    write_caption_table(tmp_path / "c.parquet", 80, labels=True, boxes=True)
    (tmp_path / "imagenet-part.toml").write_text('name = "imagenet-part"\nmanifest = "c.parquet"\n')
    asked = {
        "data": str(tmp_path / "imagenet-part.toml"), "k": 5, "min_side": 20, "baseline": "naive-bayes",
        "baseline_model": f"timm:tf_efficientnet_lite0:{efficientnet_lite0_file(tmp_path)}",
        "targets": 20, "public": 20, "fit": 20, "control": 20,
    }  # fmt: skip
    with pytest.raises(AuditError, match=r"known to be trained on ImageNet.*--allow-contaminated"):
        ask(place, "refused", **asked)
    allowed = ask(place, "allowed", allow_contaminated=True, **asked)
    assert any("known to be trained on ImageNet" in line for line in allowed.record.caveats)


def test_a_reference_weaker_than_the_encoder_on_the_control_is_called_so(place, monkeypatch):
    """A reference that always says the wrong class, against an encoder that reads hues: the control tells."""
    from dejavu_audit import plugins
    from dejavu_baselines.thumbnails import Thumbnails

    class Wrong:
        name, key, featurizer = "wrong", "wrong-1", Thumbnails(4)

        def fit(self, features, labels, n_classes, *, seed, progress):
            return {"classes": np.asarray(n_classes)}

        def predict(self, state, features):
            return np.eye(int(state["classes"]), dtype=np.float32)[np.zeros(len(features), int)]

        def describe(self):
            return {"name": "wrong"}

    real = plugins.find
    monkeypatch.setattr(
        plugins,
        "find",
        lambda group, name, *, kind: (lambda request: Wrong()) if name == "wrong" else real(group, name, kind=kind),
    )
    result = ask(place, "weak", baseline="wrong", control=300, data_options={"classes": "10", "correlation": "1.0"})
    assert result.record.references[0].weaker
    assert any("wrong is weaker than the encoder on the control" in line for line in result.record.caveats)


def test_the_audited_encoder_is_no_reference_of_its_own(place):
    with pytest.raises(AuditError, match="the reference second-encoder is the audited encoder itself"):
        ask(place, "itself", reference=str(MEMORIZER))


def test_agree_and_samples_read_such_runs(cli, place):
    agreed = cli("agree", place / "two-model", place / "ensemble", "--replicates", 100, "--json")
    assert agreed.returncode == 0, agreed.stderr
    assert json.loads(agreed.stdout)["sizes"]
    shown = cli("samples", place / "two-model", "--top", 3, "--gallery", place / "sheet.png")
    assert shown.returncode == 0, shown.stderr
    assert "target-" in shown.stdout
    assert (place / "sheet.png").stat().st_size > 10_000
    assert isinstance(pd.read_parquet(place / "ensemble/samples.parquet").references[0][0]["name"], str)
