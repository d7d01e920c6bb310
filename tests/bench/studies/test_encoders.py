from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dejavu_audit.bench import grid, grid_training
from dejavu_audit.bench.grid import GridCell
from dejavu_audit.bench.grid_audits import SIZES, Sizes
from dejavu_audit.bench.studies import encoders
from dejavu_audit.errors import AuditError
from dejavu_audit.report.memorized_record import memorized_record
from dejavu_audit.scores.memorized import find_memorized

SMALL = Sizes(public={10: 60}, control=40, fit=60, targets=10)


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Two cells, trained for a few steps, and where their weights lie."""
    folder = tmp_path_factory.mktemp("bench")
    small = {"n_others": 20, "image_size": 32, "batch_size": 8}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "BASES", {n: replace(one, steps=5, **small) for n, one in grid.BASES.items()})
        patch.setattr(grid, "BRANCH", replace(grid.BRANCH, n_members=10, **small))
        patch.setattr(grid, "CYCLES", (4, 8))
        cells = [GridCell(10, 0.3, repeats) for repeats in (0, 1_000)]
        grid_training.train_cells(cells, folder, processes=1)
        yield cells, folder


def test_encoders_are_audited_with_and_without_their_twins(cells):
    said = []
    found = encoders.study(*cells, SMALL, 3, 1, said.append, sample=False)
    assert [row["repeats"] for row in found.rows] == [0, 1_000]
    assert found.audits == 6 and said
    for row in found.rows:
        assert row["encoder"] == "grid" and row["classes"] == 10
        for name in ("estimate", "truth", "twin_estimate"):
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
        # Both scores are right_f(T) - right_f(H) less the same of a reference: the table's own figures must agree.
        assert row["truth"] == pytest.approx(
            row["right_targets"] - row["right_control"] - (row["twin_right_targets"] - row["twin_right_control"])
        )
        assert 0 <= row["right_whole"] <= 1
    # Two encoders are too few for a rank correlation, and three have never seen the targets: the first and the twins.
    spearman, alarms = found.checks
    assert spearman.measured is None and not spearman.met
    assert alarms.name.startswith("alarms of 3 trained encoders")


def test_the_lists_of_every_score_are_told():
    # 20 targets above 400 control samples by the first score: all p-values are 1/401, and all are listed. The second
    # score has the targets in the middle of the control: none is.
    targets = np.arange(420) < 20
    first, second = np.where(targets, 500.0, np.arange(420)), np.where(targets, 210.5, np.arange(420))
    names = encoders.SCORES
    found = find_memorized({names[0]: first, names[1]: second}, targets, by=names[0], q=0.1)
    row = encoders.lists(memorized_record(found))
    assert [row[encoders.list_key(names[0], q)] for q in (0.05, 0.1, 0.2)] == [20, 20, 20]
    assert [row[encoders.list_key(names[1], q)] for q in (0.05, 0.1, 0.2)] == [0, 0, 0]
    # Of the control's 20 to 419, 210.5 is above 191.
    assert row[f"auc_{names[0]}"] == 1 and row[f"auc_{names[1]}"] == pytest.approx(191 / 400)
    assert row[encoders.list_key(names[2], 0.1)] is None
    assert set(encoders.lists(None)) == set(row) and not any(encoders.lists(None).values())


def test_without_weights_it_says_how_to_make_them(tmp_path):
    with pytest.raises(AuditError, match=r"40 of the 40 encoders .* `python -m dejavu_audit\.bench\.grid_training`"):
        encoders.study(grid.grid(), tmp_path, SIZES, 0, 1, lambda message: None)


def test_the_rank_correlation_is_spearmans():
    # Ranks of the estimates 1 2 3 4 5, of the truths 2 1 3 5 4: 1 - 6 * (1 + 1 + 0 + 1 + 1) / (5 * 24) = 0.8.
    rows = [{"estimate": e, "truth": t} for e, t in [(-0.01, 0.02), (0.0, 0.0), (0.1, 0.05), (0.2, 0.3), (0.9, 0.25)]]
    assert encoders.agreement(rows) == pytest.approx(0.8)
    unmeasured = [*rows, {"estimate": None, "truth": 0.9}]
    assert encoders.agreement(unmeasured) == pytest.approx(0.8)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"estimate": 0.1, "truth": 0.2}, {"estimate": 0.3, "truth": 0.4}],
        [{"estimate": 0.1, "truth": truth} for truth in (0.1, 0.2, 0.3)],
    ],
)
def test_where_nothing_can_be_ranked_there_is_no_correlation(rows):
    assert encoders.agreement(rows) is None


def row(encoder, repeats, estimate, truth, low, twin_low, listed):
    return {
        "encoder": encoder,
        "repeats": repeats,
        "estimate": estimate,
        "truth": truth,
        "estimate_low": low,
        "twin_estimate_low": twin_low,
        encoders.list_key(encoders.SCORES[0], 0.1): listed,
    }


def test_the_bars_are_read_off_the_table():
    rows = [
        row("grid", 0, 0.00, 0.01, 0.001, -0.02, 0),
        row("grid", 1, 0.03, 0.02, 0.010, -0.01, 2),
        row("grid", 3, 0.05, 0.06, 0.020, None, 9),
        row("sample", 60, 0.20, 0.19, 0.150, -0.03, 59),
    ]
    spearman, alarms, listed = encoders.checks(rows)
    assert spearman.measured == pytest.approx(1) and spearman.met
    # Never saw the targets: the encoder at R = 0 (an alarm), four twins (one not measured). 1 of 4; the error at
    # 5 % is sqrt(5 * 95 / 4) = 10.9 points.
    assert alarms.measured == pytest.approx(100 / 4)
    assert alarms.slack == pytest.approx(2 * 10.897, abs=0.01)
    assert alarms.met
    assert listed.measured == 59 and listed.limit == 60 and not listed.met


def test_alarms_without_a_measured_interval_are_not_none_but_unknown():
    _, alarms = encoders.checks([row("grid", 1, 0.03, 0.02, 0.01, None, 2)])
    assert alarms.measured is None and not alarms.met
