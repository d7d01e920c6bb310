"""Every score of a finished run again from its sample table: the same figures as in audit.json, at any level."""

from __future__ import annotations

import os
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dejavu_audit import audit
from dejavu_audit.errors import AuditError
from dejavu_audit.report.judged import judged_sets, read_judged, samples_of, scores_at
from dejavu_audit.report.reading import Run, read_run
from dejavu_audit.samples import AUDIT, MEMORIZER, TWIN
from dejavu_audit.scores.estimates import Draws, scores_of
from tests.captioned_data import write_caption_table
from tests.run_folders import write_run
from tests.tiny_clip import write_tiny_clip, write_weights

LABEL = {
    "targets": 60, "control": 80, "public": 600, "replicates": 200, "workers": 0, "device": "cpu",
    "reference": str(TWIN), "images": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged")
    write_tiny_clip(folder)
    with mock.patch.dict(os.environ, HF_HUB_OFFLINE="1"):
        yield folder


def of_labels(place, name, **settings):
    known = {**AUDIT, **LABEL, "cache_dir": str(place / "cache"), "out": str(place / name)}
    return audit("timm:test_resnet", **{**known, "pretrained": str(MEMORIZER), **settings})


def of_objects(place, name, *, controls=0.25, **settings):
    many = 2 if settings.get("captions") == "all" else 1
    file = write_caption_table(place / f"{name}.parquet", 40, controls=controls, captions=many)
    known = {
        "pretrained": "random", "k": 5, "replicates": 200, "device": "cpu", "workers": 0, "data": "captions",
        "root": str(file), "reference": str(write_weights(place, seed=7)), "cache_dir": str(place / "cache"),
        "out": str(place / name), "images": False,
    }  # fmt: skip
    return audit(f"openclip:{place / 'tiny.json'}", **{**known, **settings})


def check_parity(result):
    """Every score that the table gives is audit.json's, to the last bit; the others are of other settings."""
    run, judged = read_judged(result.folder)
    found = scores_at(judged, judged.made_of)
    recorded = {key: score.model_dump() for key, score in run.record.scores.items()}
    assert {key: vars(score) for key, score in found.items()} == {key: recorded[key] for key in found}
    assert all("_k" in key and "_top" in key for key in set(recorded) - set(found))
    headline = run.record.headline
    assert found[headline.metric].estimate == headline.estimate and found[headline.metric].high == headline.high
    return run, judged


def test_label_run_whose_control_was_matched_keeps_its_weights(place):
    run, judged = check_parity(of_labels(place, "matched", match=True, interval="bca"))
    assert (judged.test, judged.symmetric, len(judged.rows[0])) == ("label", False, 60)
    assert judged.control.weights is not None and np.ptp(judged.control.weights) > 0
    wide, narrow = (scores_at(judged, ["deja_vu_top1"], level)["deja_vu_top1"] for level in (0.99, 0.8))
    assert wide.low < narrow.low <= run.record.headline.estimate <= narrow.high < wide.high


def test_run_without_control_has_unmeasured_scores(place):
    _, judged = check_parity(of_labels(place, "uncalibrated", control=0))
    assert judged.control is None
    assert scores_at(judged, ["deja_vu_top1_control"])["deja_vu_top1_control"].estimate is None


@pytest.mark.parametrize("settings", [{"compat": "published"}, {"captions": "all", "interval": "percentile"}])
def test_object_run(place, settings):
    _, judged = check_parity(of_objects(place, "objects-" + "-".join(settings), **settings))
    assert (judged.targets.groups is not None) == (settings.get("captions") == "all")


def test_both_directions_of_the_two_model_test(place):
    name = "both"
    file = write_caption_table(place / f"{name}.parquet", 40, controls=0)
    ids = [str(one) for one in pd.read_parquet(file, columns=["id"]).id]
    (place / "a.txt").write_text("\n".join(ids[:12]))
    (place / "b.txt").write_text("\n".join(ids[12:24]))
    lists = {"members": str(place / "a.txt"), "reference_members": str(place / "b.txt")}
    _, judged = check_parity(of_objects(place, name, controls=0, **lists))
    assert judged.symmetric
    assert judged.made_of["ppg_symmetric"] == ("ppg", 0.5)
    assert judged.made_of["ppg_reference_members"] == ("ppg_control", -1.0)
    assert judged.made_of["recall_target_reference_members"] == ("recall_target_control", 1.0)
    with pytest.raises(AuditError, match="symmetric two-model test"):
        samples_of(judged, ["ppg_targets"])


def test_samples_are_what_scores_of_takes(tmp_path):
    _, judged = read_judged(write_run(tmp_path / "run"))
    seen, made_of = samples_of(judged, ["deja_vu_top1"])
    assert made_of == {"deja_vu_top1": ("deja_vu_top1_targets", "deja_vu_top1_control")}
    assert (
        scores_of(seen, made_of, Draws(0.9))["deja_vu_top1"] == scores_at(judged, ["deja_vu_top1"], 0.9)["deja_vu_top1"]
    )


def test_group_of_the_data_is_the_cluster_where_the_table_names_none(tmp_path):
    """Runs of before the column `cluster`: pairs of samples are of one group, 30 of them among 60 targets."""
    _, judged = read_judged(write_run(tmp_path / "run", groups=True))
    assert np.unique(judged.targets.groups).size == 30


def test_cluster_stands_before_the_group_and_single_samples_are_on_their_own(tmp_path):
    """Samples 0 and 1 are one cluster, all others on their own: 59 units, as with groups of which one has two."""
    folder = write_run(tmp_path / "run")
    table = pq.read_table(folder / "samples.parquet")
    cluster = pd.array([0, 0] + [pd.NA] * 88, "Int32")
    run = Run(read_run(folder, ["id"]).record, table.append_column("cluster", [pd.Series(cluster)]), folder)
    assert np.unique(judged_sets(run).targets.groups).size == 59


def test_key_that_the_table_does_not_give_is_told_with_the_near_ones(tmp_path):
    _, judged = read_judged(write_run(tmp_path / "run"))
    with pytest.raises(AuditError, match=r"unknown score 'deja_vu_top2': did you mean deja_vu_top5 or deja_vu_top1 "):
        scores_at(judged, ["deja_vu_top2"])


def test_table_without_a_column_is_refused(tmp_path):
    folder = write_run(tmp_path / "run")
    with pytest.raises(AuditError, match="lacks the column 'label'"):
        judged_sets(read_run(folder, ["id", "set", "group"]))
