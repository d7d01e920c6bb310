from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.report.comparison import compare_runs
from dejavu_audit.report.comparison_lines import score_lines
from dejavu_audit.report.comparison_page import page, write_page
from dejavu_audit.report.judged import judged_sets, scores_at
from dejavu_audit.report.reading import read_run
from dejavu_audit.scores.label_test import PARTS
from tests.report.memorized_runs import write_listed_run
from tests.run_folders import write_run


def edit(folder, **changes):
    """Change the record of a made-up run: "a.b" stands for a key within a key."""
    file = folder / "audit.json"
    record = json.loads(file.read_text("utf-8"))
    for name, value in changes.items():
        place = record
        *way, last = name.split("__")
        for step in way:
            place = place[step]
        place[last] = value
    file.write_text(json.dumps(record), "utf-8")
    return folder


@pytest.fixture(params=["label", "objects"])
def pair(request, tmp_path):
    """Two runs on the same samples: of the label test with another encoder, of the object test another reference."""
    seeds = [{"answers": at} if request.param == "label" else {"answers": 1, "seed": at} for at in (1, 2)]
    return [write_run(tmp_path / f"run-{at}", request.param, n=60, control=40, **of) for at, of in enumerate(seeds, 1)]


def test_old_new_and_change_are_those_of_the_runs_themselves(pair):
    found = compare_runs(*pair)
    judged = [judged_sets(read_run(path)) for path in pair]
    old, new = (scores_at(one, list(found.scores)) for one in judged)
    assert len(found.scores) >= 20 and found.common == {"target": 60, "control": 40}
    for key, one in found.scores.items():
        assert (one.old, one.new) == pytest.approx((old[key].estimate, new[key].estimate)), key
        assert one.change.estimate == pytest.approx(new[key].estimate - old[key].estimate), key
    assert found.warnings == [] and found.differences == []


def test_a_run_against_its_like_changes_nothing(tmp_path):
    one, two = (write_run(tmp_path / name, answers=3) for name in "ab")
    found = compare_runs(one, two)
    assert found.finding == "no change shown" and found.same_encoder
    assert all(score.change.estimate == 0 for score in found.scores.values())
    assert found.memorized.became == found.memorized.no_longer == 0
    assert all(test.p_value == 1 for test in found.tests.values())


def test_turned_round_everything_changes_sign(pair):
    there, back = compare_runs(*pair), compare_runs(*reversed(pair))
    for key, one in there.scores.items():
        other = back.scores[key].change
        assert (one.change.estimate, one.change.low, one.change.high) == pytest.approx(
            (-other.estimate, -other.high, -other.low)
        )
    assert there.memorized.became == back.memorized.no_longer
    assert there.parts["memorized"]["unassociated"] == back.parts["unassociated"]["memorized"]


def test_who_became_memorized_is_told_with_votes_and_p_values_of_both(tmp_path):
    one, two = (write_listed_run(tmp_path / f"run-{at}", answers=at, n=60, control=80)[0] for at in (1, 2))
    found = compare_runs(one, two, top=3)
    tables = [pq.read_table(path / "samples.parquet").slice(0, 60).to_pylist() for path in (one, two)]
    came = [new["id"] for old, new in zip(*tables, strict=True)
            if new["part"] == "memorized" and old["part"] != "memorized"]  # fmt: skip
    assert found.memorized.became == len(came) > 3
    first = found.memorized.became_first
    assert len(first) == 3 and all(row.id in came for row in first)
    for row in first:
        for side, table in ((row.old, tables[0]), (row.new, tables[1])):
            sample = next(sample for sample in table if sample["id"] == row.id)
            votes = {vote["class"]: vote["count"] for vote in sample["votes"]}
            assert side.votes == votes.get(row.label, 0) and side.neighbors == sum(votes.values()) == 10
            assert (side.part, side.told) == (sample["part"], sample["target_top1"])
            assert (side.p_value, side.listed) == (sample["p_value"], sample["memorized"])
    # Both were given the same scores, so that neither list has what the other lacks.
    assert found.listed.became == found.listed.no_longer == 0 and found.listed.stayed > 0


def test_the_surest_come_first(pair):
    found = compare_runs(*pair, top=100)
    table = {row["id"]: row for row in pq.read_table(pair[1] / "samples.parquet").to_pylist()}

    def surplus(id_):
        row = table[id_]
        if "target_recall" in row:
            return row["target_recall"] - row["reference_recall"]
        return row["target_confidence"] - row["reference_confidence"]

    order = [surplus(row.id) for row in found.memorized.became_first]
    assert order == sorted(order, reverse=True) and len(order) == found.memorized.became


def test_exact_tests_by_hand(tmp_path):
    # Eight targets come right from wrong, and one goes wrong from right: 2 (C(9,0) + C(9,1)) / 2^9.
    one = write_run(tmp_path / "a", answers=1, control=0, n=60)
    labels = pq.read_table(one / "samples.parquet")["label"].to_pylist()
    wrong = [labels[(at + 1) % 60] for at in range(60)]
    before, after = list(wrong), list(wrong)
    before[0] = labels[0]
    after[1:9] = labels[1:9]
    runs = [
        write_run(tmp_path / name, answers=1, control=0, n=60, target_top1=said)
        for name, said in (("before", before), ("after", after))
    ]
    for path in runs:
        edit(path, headline__calibrated=False)
    found = compare_runs(*runs)
    test = found.tests["right_targets"]
    assert (test.gained, test.lost) == (8, 1)
    assert test.p_value == pytest.approx(2 * (1 + 9) / 2**9)
    assert not found.calibrated and "uncalibrated" in found.verdict
    assert not any(line.key.endswith("_targets") for line in score_lines(found))


def test_classes_change_one_by_one(tmp_path):
    runs = [write_run(tmp_path / f"run-{at}", answers=at, n=200, control=40) for at in (1, 2)]
    found = compare_runs(*runs, top=50).classes
    tables = [pq.read_table(path / "samples.parquet").slice(0, 200).to_pylist() for path in runs]
    assert found.compared == 10 and found.by_chance == pytest.approx(0.5)
    for one in (*found.risen, *found.fallen):
        for value, table in ((one.old, tables[0]), (one.new, tables[1])):
            own = [(row["target_top1"] == row["label"]) * 1 - (row["reference_top1"] == row["label"])
                   for row in table if row["label"] == one.name]  # fmt: skip
            assert value == pytest.approx(np.mean(own)) and one.n == len(own)
        assert one.change == pytest.approx(one.new - one.old) and one.low <= one.change <= one.high
    rises = [one.change for one in found.risen]
    assert rises == sorted(rises, reverse=True) and all(rise > 0 for rise in rises)


def test_the_runs_are_brought_to_their_common_samples(tmp_path):
    one = write_run(tmp_path / "a", answers=1, n=60, control=40)
    two = write_run(tmp_path / "b", answers=1, n=60, control=40)
    table = pq.read_table(two / "samples.parquet")
    kept = np.random.default_rng(0).permutation(np.r_[5:60, 60:95])
    pq.write_table(table.take(pa.array(kept)), two / "samples.parquet")
    found = compare_runs(one, two)
    assert found.common == {"target": 55, "control": 35}
    assert (found.old.samples, found.new.samples) == ({"target": 60, "control": 40}, {"target": 55, "control": 35})
    assert all(score.change.estimate == pytest.approx(0) for score in found.scores.values())
    assert any("55 targets in common, of 60 and 55" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data__name": "other"}, "compare runs on the same data"),
        ({"data__classes": 11}, "compare runs on the same data"),
        ({"config__data_options": {"seed": "1"}}, "so their data differ"),
        ({"headline__metric": "deja_vu_top1_symmetric"}, "two-model test in both directions"),
    ],
)
def test_other_data_and_other_tests_are_refused(tmp_path, changes, said):
    one, two = (write_run(tmp_path / f"run-{at}", answers=at) for at in (1, 2))
    # Set names of the symmetric test differ, too; whichever is found first, it is refused in one sentence.
    with pytest.raises(AuditError, match=said):
        compare_runs(one, edit(two, **changes))


def test_tests_and_labels_that_differ_are_refused(tmp_path):
    label, objects = write_run(tmp_path / "label"), write_run(tmp_path / "objects", "objects")
    with pytest.raises(AuditError, match="is a label test and objects is an object test"):
        compare_runs(label, objects)
    labels = pq.read_table(label / "samples.parquet")["label"].to_pylist()
    other = write_run(tmp_path / "other", label=labels[1:] + labels[:1])
    with pytest.raises(AuditError, match="label 60 of their common samples otherwise"):
        compare_runs(label, other)
    with pytest.raises(AuditError, match="named twice"):
        compare_runs(label, label)


@pytest.mark.parametrize(
    ("changes", "warned", "setting"),
    [
        ({"config__baseline": ["naive-bayes"]}, "The reference is not the same", "--baseline"),
        ({"config__min_side": 50}, "The background crops are not the same", "--min-side"),
        ({"config__k": 20}, "The number of neighbours is not the same", "--k"),
        ({"config__seed": 3}, "Other settings that may move the number differ: --seed 0 against 3", "--seed"),
        ({"reference__model": "x"}, "The reference is not the same", "fitted reference"),
        ({"method_version": "0"}, "version of the method", "version of the method"),
    ],
)
def test_what_else_may_have_changed_the_number_is_said(tmp_path, changes, warned, setting):
    one, two = (write_run(tmp_path / f"run-{at}", answers=at) for at in (1, 2))
    found = compare_runs(one, edit(two, **changes))
    assert len(found.warnings) == 1 and warned in found.warnings[0]
    assert [(of.name, of.concerns) for of in found.differences] == [(setting, "measurement")]


def test_how_the_encoder_looks_is_no_cause_for_a_warning(tmp_path):
    one, two = (write_run(tmp_path / f"run-{at}", answers=at) for at in (1, 2))
    found = compare_runs(one, edit(two, config__layer="pre-head", config__workers=7, config__out="x"))
    assert found.warnings == []
    assert [(of.name, of.old, of.new, of.concerns) for of in found.differences] == [
        ("--layer", "embedding", "pre-head", "encoder")
    ]


def test_a_run_without_control_leaves_the_targets(tmp_path):
    one, two = write_run(tmp_path / "a", answers=1), write_run(tmp_path / "b", answers=2, control=0)
    options = json.loads((one / "audit.json").read_text("utf-8"))["config"]["data_options"]
    edit(two, headline__calibrated=False, config__data_options=options)
    found = compare_runs(one, two)
    assert not found.calibrated and set(found.common) == {"target"} and "right_control" not in found.tests
    assert any("Only one of the runs has a control" in warning for warning in found.warnings)


HOSTILE = "<script>alert('x')</script>"


def test_the_page_shows_what_comes_from_data_as_text(pair):
    edit(pair[0], config__baseline=[HOSTILE], model__name=HOSTILE, model__pretrained=HOSTILE)
    found = compare_runs(*pair, top=5)
    row = found.memorized.became_first[0].model_copy(update={"id": HOSTILE, "label": HOSTILE, "caption": HOSTILE})
    listed = found.memorized.model_copy(update={"became_first": [row]})
    text = page(found.model_copy(update={"memorized": listed, "verdict": HOSTILE}))
    assert "<script" not in text and text.count("&lt;script&gt;") >= 5
    assert not re.search(r"""(?:src|href)=|url\(|@import|https?:""", text)


def test_the_page_has_every_number_of_the_table(pair, tmp_path):
    found = compare_runs(*pair)
    write_page(found, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    for line in score_lines(found):
        assert f">{line.change.replace('-', '−')}<" in text and line.name.strip() in text
    for part in PARTS:
        assert f"{part} in B" in text


def test_a_page_that_cannot_be_written_is_one_sentence(pair, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot write"):
        write_page(compare_runs(*pair), tmp_path / "file" / "page.html")
