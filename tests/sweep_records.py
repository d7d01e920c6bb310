"""Made-up records of sweeps, for whatever shows them."""

from __future__ import annotations

from dejavu_audit.report.record import HeadlineRecord
from dejavu_audit.report.score_record import ScoreRecord
from dejavu_audit.report.sweep_record import SweepRecord, SweepRow


def score(estimate: float | None, half: float = 0.05) -> ScoreRecord:
    """A score with an interval of that half width; None-valued for None."""
    if estimate is None:
        return ScoreRecord(estimate=None, low=None, high=None, n=0, method="none")
    return ScoreRecord(estimate=estimate, low=estimate - half, high=estimate + half, n=100, method="bootstrap")


def row(x: float, estimate: float, series: str | None = None, **utility: float | None) -> SweepRow:
    """A row that is done; without utility figures none were asked for."""
    return SweepRow(
        x=x,
        series=series,
        config={"model": "test_resnet", "pretrained": "random", "layer": "embedding"},
        folder=f"rows/{x:g}",
        state="done",
        verdict="Memorization: ...",
        headline=HeadlineRecord(
            metric="deja_vu_top1", estimate=estimate, low=estimate - 0.05, high=estimate + 0.05, level=0.95,
            calibrated=True, p_value=0.01, p_value_test="permutation",
        ),
        accuracies={"accuracy_target_top1": score(0.5)},
        utility={key: score(value) for key, value in utility.items()} or None,
    )  # fmt: skip


def sweep_record(*rows: SweepRow, **changes: object) -> SweepRecord:
    """A sweep over epochs."""
    return SweepRecord(**{"name": "a sweep", "x": "epoch", "x_scale": "linear", "rows": list(rows), **changes})
