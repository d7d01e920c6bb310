from __future__ import annotations

import numpy as np

from dejavu_audit.report.lines import NOT_MEASURED, list_lines, reference_lines, set_lines, summary_lines
from dejavu_audit.report.memorized_record import membership_figures_record, memorized_record
from dejavu_audit.report.notebook import as_html
from dejavu_audit.report.record import (
    AuditRecord,
    DataRecord,
    EnvironmentRecord,
    HeadlineRecord,
    MembershipRecord,
    ModelRecord,
    ReferenceRecord,
    ScoreRecord,
)
from dejavu_audit.scores.estimates import Score
from dejavu_audit.scores.label_test import MEANINGS
from dejavu_audit.scores.memorized import find_memorized
from dejavu_audit.scores.object_test import MEANINGS as OBJECT_MEANINGS
from dejavu_audit.scores.symmetric import symmetric as both_directions


def record(*, calibrated=True, missing=(), name="timm x") -> AuditRecord:
    score = ScoreRecord(estimate=0.125, low=0.1, high=0.15, n=100, method="bootstrap")
    nothing = ScoreRecord(estimate=None, low=None, high=None, n=0, method="none")
    return AuditRecord(
        method_version="1",
        verdict=f"Memorization: {name} …",
        caveats=[f"about {name}"],
        config={},
        model=ModelRecord(
            family="timm", name=name, pretrained="random", layer="embedding", weights="w", fingerprint="f",
            transform="t", embedding_dim=3, notes=[],
        ),
        data=DataRecord(
            name="d", root="/", classes=2, left_out={}, counts={"target": 90, "control": 0, "public": 50, "fit": 10},
            set_aside={"target": {"no usable background": 7, "picture is truncated": 3}}, duplicates=None, notes=[],
        ),
        reference={},
        references=[],
        headline=HeadlineRecord(
            metric="deja_vu_top1", estimate=0.125, low=0.1, high=0.15, level=0.95, calibrated=calibrated, p_value=0.1,
            p_value_test="permutation",
        ),
        scores={key: nothing if key in missing else score for key in MEANINGS},
        tests={},
        membership=MembershipRecord(assumption="a", evidence="e"),
        environment=EnvironmentRecord(versions={}, device="cpu", seed=0),
        timings={},
    )  # fmt: skip


def test_the_headline_comes_first_and_is_signed():
    first = next(iter(summary_lines(record())))
    assert (first.name, first.value, first.interval) == (
        "déjà vu score, top-1, calibrated",
        "+12.5",
        "+10.0 to +15.0",
    )
    assert first.strong


def test_without_a_control_it_is_called_uncalibrated_and_has_no_control_lines():
    names = [line.name for line in summary_lines(record(calibrated=False))]
    assert names[0] == "déjà vu score, top-1, uncalibrated"
    assert not [name for name in names if "control" in name]


def test_what_was_not_measured_is_no_zero():
    lines = {line.name: line for line in summary_lines(record(missing=["deja_vu_top5"]))}
    assert lines["déjà vu score, top-5"].value == NOT_MEASURED
    assert lines["déjà vu score, top-5"].interval == ""


def test_every_set_tells_what_was_lost_and_why():
    assert list(set_lines(record())) == [
        "target: 90 used; set aside: 7 no usable background, 3 picture is truncated",
        "public: 50 used",
        "fit: 10 used",
    ]


def test_what_comes_from_data_is_text_in_a_notebook():
    page = as_html(record(name="<script>alert(1)</script>"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def objects_record(*, symmetric=False) -> AuditRecord:
    score = ScoreRecord(estimate=0.125, low=0.1, high=0.15, n=100, method="bootstrap")
    scores = dict.fromkeys(OBJECT_MEANINGS, score)
    if symmetric:
        raw = {key: Score(0.25, 0.2, 0.3, 100, "bootstrap") for key in OBJECT_MEANINGS}
        scores = {key: ScoreRecord(**vars(value)) for key, value in both_directions(raw).items()}
    plain = record()
    metric = "ppg_symmetric" if symmetric else "ppg"
    return plain.model_copy(
        update={
            "headline": plain.headline.model_copy(update={"metric": metric}),
            "scores": scores,
            "data": plain.data.model_copy(update={"left_out": {"no caption": 2}}),
            "utility": {"knn_top1": score, "zero_shot_top1": score.model_copy(update={"estimate": None})},
        }
    )


def test_the_object_test_has_lines_of_its_own_and_the_utility_beside_it():
    lines = {line.name: line for line in summary_lines(objects_record())}
    assert lines["precision gap (PPG), calibrated"].strong
    assert lines["recall of the baseline, targets"].value == "12.5"
    assert lines["whole pictures: neighbours right"].section
    assert lines["whole pictures: zero-shot right"].value == NOT_MEASURED
    assert not [name for name in lines if "déjà vu" in name]
    assert list(set_lines(objects_record()))[-1] == "in no set: 2 no caption"


def test_both_directions_speak_of_the_references_members():
    lines = {line.name: line for line in summary_lines(objects_record(symmetric=True))}
    assert lines["precision gap (PPG), both directions"].value == "+12.5"
    assert lines["  on the reference's members"].value == "-25.0"
    assert not [name for name in lines if "control" in name]


def test_every_reference_has_a_line_that_says_whether_it_keeps_up():
    score = ScoreRecord(estimate=0.125, low=0.1, high=0.15, n=100, method="bootstrap")
    nothing = score.model_copy(update={"estimate": None})
    one = ReferenceRecord(
        name="naive-bayes", description={}, memorization=score, right_targets=score, right_control=nothing,
        encoder_right_control=score, control_gap=score, weaker=True,
    )  # fmt: skip
    told = record().model_copy(update={"references": [one, one.model_copy(update={"weaker": None})]})
    assert list(reference_lines(told)) == [
        ("naive-bayes", "12.5", "12.5", "-", "12.5", "weaker than the encoder"),
        ("naive-bayes", "12.5", "12.5", "-", "12.5", ""),
    ]


def listed(scores, targets):
    found = find_memorized({"votes": np.array(scores, float)}, np.array(targets), by="votes", q=0.1)
    figures = membership_figures_record("votes", found.figures)
    return record().model_copy(update={"memorized": memorized_record(found), "membership_figures": figures})


def test_the_list_is_told_with_its_length():
    # Twenty targets, ten of which score above all of 200 control samples.
    told = listed([*np.arange(10) + 1000.0, *np.arange(10) - 1000.0, *np.arange(200.0)], [True] * 20 + [False] * 200)
    lines = {line.name: line for line in summary_lines(told)}
    line = lines["listed as memorized, at most 10 % of them by chance"]
    assert (line.value, line.interval) == ("50.0", "10 of 20")
    assert lines["targets told from the control at 1 % false alarms"].value == "50.0"
    rare = lines["targets told from the control at 0.1 % false alarms"]
    assert (rare.value, rare.interval) == (NOT_MEASURED, "needs 1,000 control")
    said = list(list_lines(told))
    assert said[0] == "memorized samples by false-discovery rate, ranked by votes: 10 at 5 %, 10 at 10 %, 10 at 20 %"
    assert any("samples RUN --memorized" in line for line in said)


def test_an_empty_list_says_whether_it_could_have_been_otherwise():
    said = list(list_lines(listed([1.0, 2.0, 3.0, 2.5, 1.5], [True, True, True, False, False])))
    assert any("the list had to be empty" in line for line in said)


def test_without_a_control_no_list_is_told():
    told = listed([1.0, 2.0], [True, True])
    assert next(list_lines(told)).startswith("no list of memorized samples: there is no control")
