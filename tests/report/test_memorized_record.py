from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from dejavu_audit.report.columns import MEMORIZED, memorized_columns
from dejavu_audit.report.memorized_record import (
    MembershipFiguresRecord,
    MemorizedRecord,
    membership_figures_record,
    memorized_record,
)
from dejavu_audit.scores.memorized import find_memorized


def found(n=40, m=120, **kinds):
    rng = np.random.default_rng(0)
    score = rng.normal(size=n + m)
    score[: n // 2] += 4
    return find_memorized({"ratio": score, "votes": score.round()}, np.arange(n + m) < n, by="ratio", **kinds)


def strict(record):
    """JSON without NaN or infinity, read back to the same record."""
    text = record.model_dump_json()
    json.dumps(json.loads(text), allow_nan=False)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert type(record).model_validate_json(text) == record
    return json.loads(text)


def test_the_list_as_audit_json_has_it():
    of = found()
    told = strict(memorized_record(of))
    assert (told["q"], told["count"], told["score"]) == (0.1, of.found, "ratio")
    assert of.found > 10
    assert told["counts"] == [{"q": q, "count": of.counts[q]} for q in (0.05, 0.1, 0.2)]
    assert [one["score"] for one in told["compared"]] == ["ratio", "votes"]
    assert told["share"]["estimate"] == of.share.estimate
    assert told["reach"]["possible"]
    assert told["reason"] is None


@pytest.mark.parametrize("m", [0, 3])
def test_what_was_not_measured_is_null(m):
    of = found(m=m)
    told = strict(memorized_record(of))
    assert told["reason"]
    assert told["count"] == (None if m == 0 else 0)
    figures = strict(membership_figures_record("ratio", of.figures))
    assert figures["at"][1]["true_positive_rate"]["estimate"] is None
    assert figures["at"][1]["control_needed"] == 1_000
    assert (figures["auc"]["estimate"] is None) == (m == 0)


def test_membership_figures():
    of = found()
    told = strict(membership_figures_record("ratio", of.figures))
    assert [one["false_positive_rate"] for one in told["at"]] == [0.01, 0.001]
    assert told["at"][0]["true_positive_rate"]["estimate"] == of.figures.at[0].true_positive.estimate
    assert told["auc"]["low"] == of.figures.auc.low


def test_every_field_of_the_format_is_told():
    """But those that speak for themselves."""
    plain = {"score", "estimate", "low", "high"}
    for record in (MemorizedRecord, MembershipFiguresRecord):
        for name, field in record.model_fields.items():
            assert field.description or name in plain


def test_columns_have_null_where_there_is_nothing():
    of = found(weights=np.r_[0.0, np.ones(159)])
    columns = memorized_columns(of, 160)
    assert tuple(columns) == MEMORIZED
    assert columns["score"].null_count == 0
    assert columns["p_value"].null_count == columns["memorized"].null_count == 121
    assert columns["memorized"].to_pylist()[0] is None
    assert sum(filter(None, columns["memorized"].to_pylist())) == of.found
    none = memorized_columns(None, 3)
    assert {name: (column.type, column.null_count) for name, column in none.items()} == {
        "score": (pa.float64(), 3),
        "p_value": (pa.float64(), 3),
        "memorized": (pa.bool_(), 3),
    }
