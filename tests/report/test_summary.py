from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from dejavu_audit.gate.record import GateRecord, LimitRecord, RequirementRecord, StageRecord
from dejavu_audit.report.balance_record import BalanceRecord
from dejavu_audit.report.lines import summary_lines
from dejavu_audit.report.reading import read_record
from dejavu_audit.report.summary import summary, weights_name
from dejavu_audit.scores.label_test import MEANINGS
from dejavu_audit.scores.object_test import MEANINGS as OBJECT_MEANINGS
from tests.report.memorized_runs import write_listed_run

RENDER = MarkdownIt("commonmark").enable("table")


def made_up(folder, test="label", **changes):
    """The record of a made-up run, with every score."""
    record = read_record(write_listed_run(folder / "run", test, n=60, control=80)[0])
    score = record.scores[record.headline.metric]
    keys = MEANINGS if test == "label" else OBJECT_MEANINGS
    return record.model_copy(update={"scores": dict.fromkeys(keys, score), **changes})


def limit(**changes):
    told = {
        "score": "deja_vu_top1", "kind": "max", "limit": 0.02, "unit": "share", "estimate": 0.035, "low": -0.01,
        "high": 0.08, "level": 0.975, "n": 100, "verdict": "inconclusive", "needed": 4_000, "sentence": "undecided",
    }  # fmt: skip
    return LimitRecord(**{**told, **changes})


def gated(*limits, **changes):
    told = {
        "verdict": "inconclusive", "sentence": "One of the limits is undecided.", "level": 0.95, "family": "Holm.",
        "limits": list(limits), "requirements": [], "run": "run",
    }  # fmt: skip
    return GateRecord(**{**told, **changes})


@pytest.mark.parametrize("test", ["label", "objects"])
def test_every_line_of_the_table_in_the_terminal_is_in_it(tmp_path, test):
    record = made_up(tmp_path, test)
    html = RENDER.render(summary(record))
    for line in summary_lines(record):
        assert f"{line.name.strip()}" in re.sub(r"<[^>]*>", "", html)
    assert html.count("<table>") == 4
    assert "### Gate" not in summary(record)


def test_the_gate_stands_first_with_its_limits_as_numbers(tmp_path):
    gate = gated(
        limit(),
        limit(score="memorized", unit="samples", limit=12, estimate=3, low=1, high=9, verdict="pass"),
        limit(score="ppg", kind="max_increase", limit=0.01, estimate=0.04, low=0.02, high=0.06, verdict="fail"),
        limit(score="prg", estimate=None, low=None, high=None, n=0),
        requirements=[RequirementRecord(name="balanced", met=False, sentence="it differs")],
        stages=[StageRecord(targets=t, control=5 * t, level=0.98, verdict="inconclusive") for t in (100, 200)],
    )
    text = summary(made_up(tmp_path), gate)
    assert text.index("### Gate: inconclusive") < text.index("### The number")
    name = "<code>deja\\_vu\\_top1</code>"
    assert f"| {name} | 2.0 % | 3.5 % | -1.0 to 8.0 % | 97.5 % | **inconclusive** |" in text
    assert "| <code>memorized</code> | 12 samples | 3 samples | 1 to 9 samples | 97.5 % | passed |" in text
    increase = "<code>ppg</code>, increase over the baseline"
    assert f"| {increase} | +1.0 % | +4.0 % | +2.0 to +6.0 % | 97.5 % | **failed** |" in text
    assert "| <code>prg</code> | 2.0 % | not measured |  | 97.5 % |" in text
    assert "| <code>balanced</code> | **no** | it differs |" in text
    assert "| 200 | 1,000 | 98 % | inconclusive |" in text


def test_a_single_look_is_no_stage(tmp_path):
    one = StageRecord(targets=100, control=100, level=0.98, verdict="pass")
    assert "stages" not in summary(made_up(tmp_path), gated(limit(), stages=[one]))


def test_the_check_of_the_control_is_said_once(tmp_path):
    from dejavu_audit.report.balance_words import caveat

    balance = BalanceRecord(
        failed=None, reason="too few samples", grade="no difference", targets=60, control=80, false_alarms=0.05,
        matched=False, features=[], untested={}, classifier=None,
    )  # fmt: skip
    said = caveat(balance)
    assert said is not None
    text = summary(made_up(tmp_path, balance=balance, caveats=[said, "another"]))
    assert text.count("could not be told: too few samples") == 1
    assert "- another" in text


def test_what_comes_from_data_is_text(tmp_path):
    hostile = "a|b <img src=x onerror=alert(1)> `c` **d**\n\n# e"
    record = made_up(tmp_path, caveats=[hostile], verdict=hostile)
    record = record.model_copy(update={"data": record.data.model_copy(update={"set_aside": {"target": {hostile: 3}}})})
    html = RENDER.render(summary(record, gated(limit(sentence=hostile, score=hostile), sentence=hostile)))
    assert "<img" not in html and "<h1>" not in html
    assert html.count("a|b &lt;img src=x onerror=alert(1)&gt; `c` **d** # e") == 6


def test_a_path_of_the_auditors_machine_stays_there():
    assert weights_name("/home/me/secret/ckpt.pt") == "ckpt.pt"
    assert weights_name("hf-hub:org/model") == "hf-hub:org/model"
    assert weights_name("laion2b_s34b_b79k") == "laion2b_s34b_b79k"
