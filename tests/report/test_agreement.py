from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from dejavu_audit.errors import AuditError
from dejavu_audit.report.agreement import compare
from dejavu_audit.report.reading import read_run
from dejavu_audit.report.views import COLUMNS, OPINIONS, common_views, opinions
from dejavu_audit.scores.estimates import Draws
from dejavu_audit.scores.intervals import wilson
from dejavu_audit.scores.label_test import PARTS
from tests.run_folders import write_run

QUICK = Draws(replicates=200)


def opened(*folders, test="label"):
    return [read_run(folder, COLUMNS[test]) for folder in folders]


def common(*runs, set_="target"):
    return common_views(runs, [run.path.name for run in runs], set_)


def judged_alike(run_a, run_b, column, truth="label"):
    a, b = (run.samples.to_pandas() for run in (run_a, run_b))
    a, b = (frame[frame["set"] == "target"] for frame in (a, b))
    return (a[column].astype(str) == a[truth].astype(str)), (b[column].astype(str) == b[truth].astype(str))


def test_a_pair_of_label_runs_against_pandas_scipy_and_sklearn(tmp_path):
    runs = opened(write_run(tmp_path / "a", seed=1), write_run(tmp_path / "b", seed=2))
    found = compare(common(*runs), top=5, draws=QUICK)
    (pair,) = found.pairs
    one, two = judged_alike(*runs, "reference_top1")
    assert pair.scores["reference_alike"].estimate == pytest.approx((one == two).mean())
    assert pair.scores["reference_kappa"].estimate == pytest.approx(cohen_kappa_score(one, two))
    assert pair.scores["model_alike"].estimate == 1.0  # the same encoder
    a, b = (run.samples.to_pandas().query("set == 'target'") for run in runs)
    gaps = [frame.target_confidence - frame.reference_confidence for frame in (a, b)]
    assert pair.scores["spearman_memorization_confidence"].estimate == pytest.approx(stats.spearmanr(*gaps).statistic)
    wanted = stats.spearmanr(a.reference_probability, b.reference_probability).statistic
    assert pair.scores["spearman_reference_probability"].estimate == pytest.approx(wanted)
    for i, first in enumerate(PARTS):
        for j, second in enumerate(PARTS):
            assert pair.parts[i][j] == ((a.part == first).to_numpy() & (b.part == second).to_numpy()).sum()
    assert found.memorized_total == pair.parts[PARTS.index("memorized")][PARTS.index("memorized")]
    assert found.memorized_by_any == ((a.part == "memorized").to_numpy() | (b.part == "memorized").to_numpy()).sum()
    assert found.correlated_total == (one.to_numpy() & two.to_numpy()).sum()


def test_three_runs_make_three_pairs_and_lists_rest_on_the_weakest(tmp_path):
    runs = opened(*(write_run(tmp_path / name, seed=seed) for seed, name in enumerate("abc")))
    found = compare(common(*runs), top=100, draws=QUICK)
    assert [(pair.first, pair.second) for pair in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    frames = [run.samples.to_pandas().set_index("id") for run in runs]
    weakest = [
        min(float(f.target_confidence[row["id"]] - f.reference_confidence[row["id"]]) for f in frames)
        for row in found.memorized
    ]
    assert [row["weakest"] for row in found.memorized] == pytest.approx(weakest)
    assert weakest == sorted(weakest, reverse=True)
    assert len(found.memorized) == found.memorized_total > 0
    assert all(frame.part[row["id"]] == "memorized" for frame in frames for row in found.memorized)
    for row in found.correlated:
        assert all(frame.reference_top1[row["id"]] == row["label"] for frame in frames)
        assert row["weakest"] == pytest.approx(min(frame.reference_probability[row["id"]] for frame in frames))


def test_classes_are_ranked_by_what_every_reference_gets_right(tmp_path):
    # Ten targets, one a class and set; both references right on "disc" alone, the first on "bar" too.
    n = 10
    runs = []
    for name, told in (("a", {0, 4}), ("b", {0})):
        folder = write_run(tmp_path / name, n=n, control=0)
        label = read_run(folder).samples["label"].cast(pa.string()).to_pylist()
        said = [label[i] if i in told else label[(i + 1) % n] for i in range(n)]
        runs += opened(write_run(tmp_path / f"{name}2", n=n, control=0, reference_top1=said))
    found = compare(common(*runs), top=2, draws=QUICK)
    assert [(row["class"], row["n"], row["right"], row["share"]) for row in found.classes] == [
        (label[0], 1, 1, 1.0),
        (found.classes[1]["class"], 1, 0, 0.0),
    ]
    assert (found.classes[0]["low"], found.classes[0]["high"]) == pytest.approx(tuple(map(float, wilson(1, 1))))


def test_only_common_samples_are_compared_whatever_their_order(tmp_path):
    large, small = opened(write_run(tmp_path / "a", n=50, seed=1), write_run(tmp_path / "b", n=30, seed=2))
    turned = type(small)(small.record, small.samples.take(pa.array(np.arange(len(small.samples))[::-1])), small.path)
    straight, reverse = common(large, small), common(large, turned)
    assert straight.ids.to_pylist() == [f"target-{i:06d}" for i in range(30)] == reverse.ids.to_pylist()
    assert straight.sizes == {"a": 50, "b": 30}
    assert compare(straight, top=3, draws=QUICK) == compare(reverse, top=3, draws=QUICK)
    assert len(common(large, small, set_="control").ids) == 30


def test_object_runs_against_scipy(tmp_path):
    runs = opened(
        write_run(tmp_path / "a", "objects", seed=1), write_run(tmp_path / "b", "objects", seed=2), test="objects"
    )
    found = compare(common(*runs), top=100, draws=QUICK)
    a, b = (run.samples.to_pandas().query("set == 'target'") for run in runs)
    scores = found.pairs[0].scores
    gaps = [frame.target_recall - frame.reference_recall for frame in (a, b)]
    assert scores["spearman_recall_gap"].estimate == pytest.approx(stats.spearmanr(*gaps).statistic)
    right = [frame.reference_recall > 0 for frame in (a, b)]
    assert scores["reference_kappa"].estimate == pytest.approx(cohen_kappa_score(*right))
    assert scores["parts_kappa"].estimate == pytest.approx(cohen_kappa_score(a.part.astype(str), b.part.astype(str)))
    assert found.classes == []
    assert len(found.correlated) == (right[0] & right[1]).sum()


def test_the_references_of_one_run_are_compared(tmp_path):
    names = ("caption-only", "second-encoder")
    run = read_run(write_run(tmp_path / "a", "objects", references=names), [*COLUMNS["objects"], OPINIONS])
    found = compare(opinions(run, "target"), top=5, draws=QUICK)
    frame = run.samples.to_pandas().query("set == 'target'")
    assert (found.pairs[0].first, found.pairs[0].second) == names
    # The first reference is the one that the run's own parts are of, in this fixture.
    own = frame.part.value_counts()
    assert [sum(row) for row in found.pairs[0].parts] == [own.get(name, 0) for name in PARTS]
    recall = [[entry["recall"] for entry in (said[i] for said in frame.references)] for i in (0, 1)]
    gaps = [frame.target_recall - column for column in recall]
    assert found.pairs[0].scores["spearman_recall_gap"].estimate == pytest.approx(stats.spearmanr(*gaps).statistic)


def test_the_references_of_one_label_run_are_compared(tmp_path):
    run = read_run(write_run(tmp_path / "a", references=("x", "y", "z")), [*COLUMNS["label"], OPINIONS])
    found = compare(opinions(run, "target"), top=5, draws=QUICK)
    frame = run.samples.to_pandas().query("set == 'target'")
    right = [[said[i]["right"] for said in frame.references] for i in range(3)]
    for pair, (i, j) in zip(found.pairs, [(0, 1), (0, 2), (1, 2)], strict=True):
        assert pair.scores["reference_kappa"].estimate == pytest.approx(cohen_kappa_score(right[i], right[j]))
        assert "spearman_memorization_confidence" not in pair.scores  # single references have no confidence
    assert found.correlated_total == np.all(right, axis=0).sum()


def test_groups_widen_the_intervals(tmp_path):
    folders = [write_run(tmp_path / name, n=200, seed=seed, groups=True) for seed, name in enumerate("ab")]
    torn = [write_run(tmp_path / f"{name}-torn", n=200, seed=seed) for seed, name in enumerate("ab")]
    wide, narrow = (
        compare(common_views(opened(*of), ["a", "b"], "target"), top=1, draws=QUICK).pairs[0].scores["reference_alike"]
        for of in (folders, torn)
    )
    assert wide.estimate == narrow.estimate
    assert (wide.low, wide.high) != (narrow.low, narrow.high)


def test_json_holds_no_undefined_number(tmp_path):
    runs = opened(
        *(write_run(tmp_path / name, n=3, control=0, reference_probability=[None, 0.2, 0.2]) for name in "ab")
    )
    told = compare(common(*runs), top=5, draws=QUICK).as_json()

    def numbers(value):
        if isinstance(value, dict):
            yield from (one for item in value.values() for one in numbers(item))
        elif isinstance(value, (list, tuple)):
            yield from (one for item in value for one in numbers(item))
        elif isinstance(value, float):
            yield value

    assert not [value for value in numbers(told) if math.isnan(value)]
    assert told["pairs"][0]["scores"]["spearman_reference_probability"]["estimate"] is None


def test_runs_that_cannot_be_compared_are_refused(tmp_path):
    a = write_run(tmp_path / "a", n=20)
    with pytest.raises(AuditError, match="a is a label test and o is an object test; compare runs of the same test"):
        common(*opened(a), *opened(write_run(tmp_path / "o", "objects"), test="objects"))
    with pytest.raises(AuditError, match="a and b have no target sample in common"):
        common(*opened(a, write_run(tmp_path / "b", n=20, control=0, id=[f"x{i}" for i in range(20)])))
    other = ["moon"] * 50
    with pytest.raises(AuditError, match="a and c label 18 of their common samples otherwise, as 'target-000000'"):
        common(*opened(a, write_run(tmp_path / "c", n=20, label=other)))
    with pytest.raises(AuditError, match="unknown set 'fit': choose from control, target"):
        common(*opened(a, write_run(tmp_path / "d", n=20)), set_="fit")
