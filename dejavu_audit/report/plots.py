"""`result.plot`: the charts of a finished audit, as altair objects that a notebook shows and `.save` writes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.errors import AuditError
from dejavu_audit.report.judged import judged_sets
from dejavu_audit.report.ranking import numbers
from dejavu_audit.report.reading import Run, test_of
from dejavu_audit.report.verdict import model_name

if TYPE_CHECKING:
    import altair as alt

    from dejavu_audit.report.judged import JudgedRun
    from dejavu_audit.report.memorized_record import MembershipFiguresRecord
    from dejavu_audit.report.result import AuditResult
    from dejavu_audit.report.score_charts import Interval
    from dejavu_audit.report.score_record import ScoreRecord
    from dejavu_audit.scores.membership import Figures

LEAST = 0.01
"""Share where the curves of the most confident begin."""
_INTERVALS = {
    "label": {
        "deja_vu_top1": "déjà vu score, top-1",
        "deja_vu_top1_targets": "on the targets",
        "deja_vu_top1_control": "on the control",
        "deja_vu_top5": "déjà vu score, top-5",
        "deja_vu_top1_confident20": "20 % most confident",
        "deja_vu_top1_confident5": "5 % most confident",
    },
    "objects": {
        "ppg": "precision gap (PPG)",
        "ppg_targets": "on the targets",
        "ppg_control": "on the control",
        "prg": "recall gap (PRG)",
        "aucg": "area between the recall curves (AUCG)",
    },
}
"""What `.interval()` draws, the headline first."""


class Plots:
    """The charts of one audit. Each is drawn anew from the result; AuditError where it has not what a chart shows."""

    def __init__(self, result: AuditResult) -> None:
        self._result = result
        self._record = result.record

    @cached_property
    def _judged(self) -> JudgedRun:
        return judged_sets(Run(self._record, self._result.samples, self._result.folder))

    @property
    def _subtitle(self) -> str:
        record = self._record
        return f"{model_name(record.model.family, record.model.name)} on {record.data.name}"

    @property
    def _other(self) -> str:
        return "reference's members" if self._judged.symmetric else "control"

    def interval(self, limit: float | None = None) -> alt.LayerChart:
        """The headline and the scores beside it with their intervals; `limit`, a share, is drawn as a line."""
        from dejavu_audit.report.score_charts import interval_chart

        test = "label" if self._record.headline.metric.startswith("deja_vu") else "objects"
        scores = {name: self._score(key) for key, name in _INTERVALS[test].items()}
        rows = [one._replace(name=name, strong=not at)
                for at, (name, one) in enumerate(scores.items()) if one is not None]  # fmt: skip
        if not rows:
            raise AuditError("nothing was measured in this run, so that there is no interval to draw")
        subtitle = f"{self._subtitle}, {100 * self._record.headline.level:g} % intervals"
        return interval_chart(
            rows, title="What the audit found", subtitle=subtitle, axis="percentage points", limit=limit
        )

    def parts(self) -> alt.LayerChart:
        """The four parts, of the targets and of the control, with their intervals."""
        from dejavu_audit.report.score_charts import PARTS, parts_chart

        shares = {}
        for set_, place in (("targets", ""), (self._other, "_control")):
            found = {part: one for part in PARTS if (one := self._score(f"{part}{place}")) is not None}
            if len(found) == len(PARTS):
                shares[set_] = found
        if not shares:
            raise AuditError("no target was judged in this run, so that there are no parts to draw")
        return parts_chart(shares, subtitle=self._subtitle)

    def confidence(self) -> alt.LayerChart | alt.VConcatChart:
        """Right answers among the most confident samples (label test); gaps of the first samples (object test)."""
        judged = self._judged
        if judged.test == "objects":
            from dejavu_audit.report.object_charts import gap_chart
            from dejavu_audit.scores.judged_objects import MEASURES
            from dejavu_audit.scores.object_order import gap_curve

            gaps: list[Any] = [
                {measure: gap_curve(one, measure) for measure in MEASURES}
                for one in (judged.targets, judged.control)
                if one is not None and len(one)
            ]
            return gap_chart(*gaps)
        from dejavu_audit.report.html.curves import most_confident
        from dejavu_audit.report.score_charts import MODEL, OTHER, confidence_chart

        curves = {}
        for set_, one in (("targets", judged.targets), (self._other, judged.control)):
            if one is not None:
                for who, right, sure in (
                    (MODEL, one.target_right, one.target_confidence),
                    (OTHER, one.reference_right, one.reference_confidence),
                ):
                    sureness = np.asarray(sure, np.float64)
                    curves[who, set_] = most_confident(sureness, right[:, 0], one.weights, least=LEAST)
        return confidence_chart(curves, least=LEAST)

    def recall(self) -> alt.HConcatChart:
        """The recall curves with the area between them (object test)."""
        judged = self._judged
        if judged.test != "objects":
            raise AuditError(
                "the recall curves are of the object test, and this run is a label test; see .confidence()"
            )
        from dejavu_audit.report.object_charts import recall_chart
        from dejavu_audit.scores.object_order import recall_curves

        curves = [
            recall_curves(one.target.recall, one.reference.recall)
            for one in (judged.targets, judged.control)
            if one is not None and len(one)
        ]
        name = "Reference's members" if judged.symmetric else "Control, never trained on"
        return recall_chart(*curves, control_name=name)

    def roc(self) -> alt.LayerChart:
        """How well the score of the list tells targets from control, on two logarithmic axes."""
        from dejavu_audit.report.roc_chart import roc_chart
        from dejavu_audit.scores.membership import roc

        samples, figures = self._result.samples, self._record.membership_figures
        if figures is None or "score" not in samples.column_names:
            raise AuditError("this run has no membership figures: it has no control, or is a two-model test both ways")
        score = numbers(samples, "score")
        weight = numbers(samples, "weight") if "weight" in samples.column_names else np.ones(len(score))
        targets, control = (rows[~np.isnan(score[rows]) & (weight[rows] > 0)] for rows in self._judged.rows)
        if not len(targets) or not len(control):
            raise AuditError("no target, or no control sample, has a score in this run, so that there is no ROC curve")
        return roc_chart(roc(score[targets], score[control], weight[control]), _figures(figures))

    def balance(self) -> alt.VConcatChart:
        """How far apart targets and control are, by feature, and what a classifier makes of it."""
        from dejavu_audit.report.balance_chart import balance_chart

        if self._record.balance is None or not self._record.balance.features:
            raise AuditError("nothing of targets and control could be compared in this run, so that nothing is drawn")
        return balance_chart(self._record.balance, self._record.matching)

    def classes(self, top: int = 20, *, part: str = "memorized") -> alt.LayerChart:
        """The first classes with their intervals (label test); `part` is what they are ranked by."""
        if test_of(self._record) != "label":
            raise AuditError("classes are of the label test, and this run is an object test")
        from dejavu_audit.report.class_ranking import rank_classes
        from dejavu_audit.report.score_charts import Interval, interval_chart

        level = self._record.headline.level
        found = rank_classes(self._result.samples, set_="target", part=part, sort=None, top=top, level=level)
        rows = [Interval(f"{row['class']} ({row['n']:,})", row["score"], row["low"], row["high"]) for row in found]
        said = {"memorized": "déjà vu score", "misrepresented": "déjà vu score", "correlated": "the reference is right",
                "unassociated": "both are wrong"}[part]  # fmt: skip
        subtitle = f"{self._subtitle}; targets of the class in brackets, {100 * level:g} % intervals"
        return interval_chart(rows, title=f"Classes: {said}", subtitle=subtitle, axis="percent of the class's targets")

    def _score(self, key: str) -> Interval | None:
        """A score of audit.json as an interval; None where it is not there or was not measured."""
        if self._judged.symmetric:
            key = key.replace("_control", "_reference_members")
            key = f"{key}_symmetric" if f"{key}_symmetric" in self._record.scores else key
        score = self._record.scores.get(key)
        return None if score is None else _interval(key, score)


def _interval(name: str, score: ScoreRecord) -> Interval | None:
    from dejavu_audit.report.score_charts import Interval

    if score.estimate is None or score.low is None or score.high is None:
        return None
    return Interval(name, score.estimate, score.low, score.high)


def _figures(record: MembershipFiguresRecord) -> Figures:
    """The membership figures as the scores have them."""
    from dejavu_audit.scores.estimates import Score
    from dejavu_audit.scores.membership import AtRate, Figures

    at = (
        AtRate(
            rate=one.false_positive_rate,
            true_positive=Score(**one.true_positive_rate.model_dump()),
            false_positive=one.reached,
            threshold=one.threshold,
            control_needed=one.control_needed,
        )
        for one in record.at
    )
    return Figures(Score(**record.auc.model_dump()), tuple(at))
