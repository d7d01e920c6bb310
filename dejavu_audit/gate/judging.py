"""The verdict on a finished run: every limit by the interval, never by the estimate alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.gate import wording
from dejavu_audit.gate.increases import Pairing
from dejavu_audit.gate.limits import COUNT, HEADLINE, SHARE, refuse_empty
from dejavu_audit.gate.quantities import named, needed, quantity_of
from dejavu_audit.gate.record import GateRecord, LimitRecord
from dejavu_audit.gate.requirements import judge_requirements
from dejavu_audit.report.judged import judged_sets
from dejavu_audit.scores.estimates import NOTHING, Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.gate.baseline import Baseline
    from dejavu_audit.gate.limits import Limit, Rules
    from dejavu_audit.gate.quantities import Quantity
    from dejavu_audit.gate.record import RequirementRecord, Verdict
    from dejavu_audit.report.judged import JudgedRun
    from dejavu_audit.report.reading import Run


@dataclass(frozen=True)
class Decision:
    """What one limit's interval says."""

    score: Score
    """At `level`."""
    level: float
    verdict: Verdict


def judge(run: Run, rules: Rules, *, level: float | None = None, baseline: Baseline | None = None) -> GateRecord:
    """Judge a finished run at confidence `level` (None: the run's own).

    A limit is kept where the upper end of its interval lies under it, exceeded where the lower end lies above, and not
    decided otherwise, or where the score was not measured. Several limits share the error by Holm's step-down
    (`decide`). AuditError for a limit on a score that the run lacks, and for a baseline that is missing where a limit
    needs one or that cannot be compared with the run. The run's table must have the columns that `read_judged` reads.
    """
    level = run.level if level is None else level
    judged = judged_sets(run)
    refuse_empty(rules)
    keys = [_key(run, judged, limit) for limit in rules.limits]
    pairing = None
    if rules.increases:
        if baseline is None:
            raise AuditError("a limit of max_increase needs a baseline, and none was given")
        pairing = Pairing(run, judged, baseline)
    quantities = [
        pairing.increase(key) if limit.kind == "max_increase" and pairing else quantity_of(run, judged, key)
        for limit, key in zip(rules.limits, keys, strict=True)
    ]
    decisions = decide(quantities, [limit.value for limit in rules.limits], level)
    limits = [_record(run, *of) for of in zip(rules.limits, quantities, decisions, strict=True)]
    requirements = judge_requirements(run, judged, rules.require)
    verdict = overall(limits, requirements)
    return GateRecord(
        verdict=verdict,
        sentence=wording.verdict_sentence(run.record, verdict, limits, requirements, level),
        level=level,
        family=wording.family(len(limits), level),
        limits=limits,
        requirements=requirements,
        run=run.path.name,
        baseline=None if baseline is None or not rules.increases else baseline.name,
    )


def overall(limits: Sequence[LimitRecord], requirements: Sequence[RequirementRecord]) -> Verdict:
    """Fail where a requirement is not met or a limit exceeded, else pass where every limit is kept."""
    verdicts = {limit.verdict for limit in limits}
    if "fail" in verdicts or not all(one.met for one in requirements):
        return "fail"
    return "inconclusive" if "inconclusive" in verdicts else "pass"


def decide(quantities: Sequence[Quantity], limits: Sequence[float], level: float) -> list[Decision]:
    """Holm's step-down by intervals, once for each way to err, with an error of 1 - `level` in all.

    A limit can be missed in two ways: kept though it is exceeded, or exceeded though it is kept. For each of them,
    all m limits are looked at with intervals of confidence 1 - (1 - level) / m, which miss on one side half as often;
    those that are decided that way leave, and what is left of them, m', is looked at with 1 - (1 - level) / m', until
    a round decides none. Each way's error is at most half of 1 - level, whatever the scores share (Holm, Scandinavian
    Journal of Statistics 6, 1979). An undecided limit keeps the wider of its two last intervals. What was not measured
    cannot be judged wrongly, and takes no share of the error.
    """
    measured = [at for at, one in enumerate(quantities) if one.reason is None and one.at(level).estimate is not None]
    found: dict[int, Decision] = {}
    last: dict[int, Decision] = {}
    for way in ("pass", "fail"):
        left = [at for at in measured if at not in found]  # decided one way, a limit never is the other
        size = len(measured)
        while left:
            share = 1 - (1 - level) / size
            looked = {at: _decision(quantities[at].at(share), limits[at], share) for at in left}
            done = {at: one for at, one in looked.items() if one.verdict == way}
            if not done:
                last |= {at: one for at, one in looked.items() if at not in last or one.level > last[at].level}
                break
            found |= done
            left = [at for at in left if at not in done]
            size -= len(done)
    undecided = {at: replace(one, verdict="inconclusive") for at, one in last.items() if at not in found}
    nothing = Decision(NOTHING, level, "inconclusive")
    return [{**found, **undecided}.get(at, nothing) for at in range(len(quantities))]


def _decision(score: Score, limit: float, level: float) -> Decision:
    if score.low is None or score.high is None:
        return Decision(score, level, "inconclusive")
    return Decision(score, level, "pass" if score.high < limit else "fail" if score.low > limit else "inconclusive")


def _record(run: Run, limit: Limit, quantity: Quantity, decision: Decision) -> LimitRecord:
    score = decision.score
    more = None
    if decision.verdict == "inconclusive" and score.estimate is not None:
        more = needed(quantity, limit.value, decision.level)
    told = LimitRecord(
        score=limit.score,
        kind=limit.kind,
        limit=limit.value,
        unit=quantity.unit,
        estimate=score.estimate,
        low=score.low,
        high=score.high,
        level=decision.level,
        n=score.n,
        verdict=decision.verdict,
        needed=more,
        sentence="",
    )
    return told.model_copy(update={"sentence": wording.limit_sentence(run.record, told, quantity)})


def _key(run: Run, judged: JudgedRun, limit: Limit) -> str:
    """The key of the score that a limit means; AuditError, with near matches, for one that the run lacks."""
    key = named(run, limit.score)
    if key in (COUNT, SHARE) or key in judged.made_of:
        return key
    if key in run.record.scores:
        raise AuditError(
            f"{key} is the score of another setting than the run's, and its samples are not kept; audit with k and "
            "top_objects as its name says them, and limit the score without that ending"
        )
    test = {"label": "the label test", "objects": "the object test"}[judged.test]
    hint = f"(a limit's score; the run is one of {test}{', in both directions' if judged.symmetric else ''})"
    raise unknown("score", limit.score, [*judged.made_of, HEADLINE, COUNT, SHARE], hint=hint)
