"""What a gate found, in sentences that need no statistics to be understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dejavu_audit.gate.limits import COUNT, HEADLINE, SHARE
from dejavu_audit.report.verdict import model_name
from dejavu_audit.scores.label_test import MEANINGS as LABEL
from dejavu_audit.scores.object_test import MEANINGS as OBJECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.gate.quantities import Quantity
    from dejavu_audit.gate.record import LimitRecord, RequirementRecord, Verdict
    from dejavu_audit.report.record import AuditRecord

LEADS: dict[Verdict, str] = {"pass": "Kept", "fail": "Exceeded", "inconclusive": "Not decided"}
OUTCOMES: dict[Verdict, str] = {"pass": "Passed", "fail": "Failed", "inconclusive": "Not decided"}
_PLAIN = {
    "deja_vu_top1": "how much more often the model names its training pictures from their backgrounds than it names "
    "held-out ones, beyond what backgrounds give away",
    "deja_vu_top1_symmetric": "how much better either model names its own training pictures from their backgrounds "
    "than the other's",
    "ppg": "how much more often the model tells the objects of its training pictures from their captions than those "
    "of held-out ones, beyond what captions give away",
    "ppg_symmetric": "how much better either model tells the objects of its own training pictures than of the other's",
    SHARE: "share of the targets that are memorized",
}
_TRUTHFUL = 6
"""Decimals at most."""


def amounts(values: Sequence[float], limit: float, unit: str, *, signed: bool) -> tuple[list[str], str]:
    """Figures and their limit as text, with as many decimals as tell each figure from the limit."""
    scale, sign = (1, "") if unit == "samples" else (100, "+" if signed else "")
    end = "" if unit == "samples" else " points" if signed else " %"
    bound = f"{scale * limit:{sign}.10g}"
    decimals = 1
    while decimals < _TRUTHFUL and any(
        value != limit and float(f"{scale * value:.{decimals}f}") == float(bound) for value in values
    ):
        decimals += 1
    # Never "-0.0".
    told = [f"{round(scale * value, decimals) + 0.0:{sign}.{decimals}f}{end}" for value in values]
    return told, f"{bound}{end}"


def percent(level: float) -> str:
    """A confidence level: 0.975 is "97.5 %"."""
    return f"{100 * level:.4g} %"


def limit_sentence(record: AuditRecord, limit: LimitRecord, quantity: Quantity) -> str:
    """What became of a limit."""
    lead, name = LEADS[limit.verdict], _name(limit, quantity)
    if limit.estimate is None or limit.low is None or limit.high is None:
        return f"{lead}: {name} was not measured: {quantity.reason or 'nothing was there to measure'}."
    estimate: str
    (estimate, low, high), bound = amounts(
        (limit.estimate, limit.low, limit.high), limit.limit, limit.unit, signed=quantity.signed
    )
    if limit.unit == "samples":
        return _of_count(record, limit, quantity, (low, high, bound))
    sure = f"with {percent(limit.level)} confidence"
    verb = "changed by" if limit.kind == "max_increase" else "is"
    if limit.verdict == "pass":
        said = f"{name} {verb} at most {high} {sure}, under the limit of {bound}; the best estimate is {estimate}"
    elif limit.verdict == "fail":
        said = f"{name} {verb} at least {low} {sure}, above the limit of {bound}; the best estimate is {estimate}"
    else:
        between = "changed by between" if limit.kind == "max_increase" else "lies between"
        said = (
            f"{name} {between} {low} and {high} {sure}, and the limit of {bound} lies within, so that it is shown "
            f"neither to be kept nor to be exceeded; the best estimate is {estimate}, and {_more(limit)}"
        )
    return " ".join(
        part for part in (f"{lead}: {said}.", _basis(quantity, limit), quantity.note, _meaning(quantity)) if part
    )


def _name(limit: LimitRecord, quantity: Quantity) -> str:
    if limit.score == HEADLINE:
        return f"the headline {quantity.key}"
    return {COUNT: "the number of listed samples", SHARE: "the memorized share"}.get(limit.score, limit.score)


def _more(limit: LimitRecord) -> str:
    """How many samples would decide."""
    if limit.needed is None:
        return "no number of samples that could be had would decide, did it stay"
    return f"about {limit.needed:,} targets, with the control in proportion, would decide, did it stay"


def _of_count(record: AuditRecord, limit: LimitRecord, quantity: Quantity, told: tuple[str, str, str]) -> str:
    """What became of a limit on the length of the list."""
    low, high, bound = told
    found = record.memorized
    count, q = round(limit.estimate or 0), 0.0 if found is None else found.q
    listed = f"{count:,} of {limit.n:,} targets {'is' if count == 1 else 'are'} listed as memorized"
    rate = f"at most {100 * q:g} % of such a list by chance, on average"
    sure = f"with {percent(limit.level)} confidence a sample of this size lists"
    said = {
        "pass": f"{sure} at most {high}, under the limit of {bound}",
        "fail": f"{sure} at least {low}, above the limit of {bound}",
        "inconclusive": f"{sure} between {low} and {high}, and the limit of {bound} lies within, so that it is shown "
        f"neither to be kept nor to be exceeded; a larger sample lists more: limit {SHARE} to let more samples decide",
    }[limit.verdict]
    return " ".join(part for part in (f"{LEADS[limit.verdict]}: {listed} ({rate}); {said}.", quantity.note) if part)


def _basis(quantity: Quantity, limit: LimitRecord) -> str | None:
    if limit.kind == "max" or quantity.common is None:
        return None
    targets, control = quantity.common
    return (
        f"It is the difference on the same samples: both runs have {targets:,} targets and {control:,} control samples."
    )


def _meaning(quantity: Quantity) -> str | None:
    """What the score is."""
    means = _PLAIN.get(quantity.key) or LABEL.get(quantity.key) or OBJECTS.get(quantity.key)
    return f"{quantity.key} is {means}." if means and quantity.key != SHARE else None


def family(limits: int, level: float) -> str:
    """How the error of several limits is held."""
    if limits == 1:
        return f"One limit, judged with {percent(level)} confidence."
    return (
        f"{limits} limits, judged together by Holm's step-down, once for each way to err: the first round's intervals "
        f"have {percent(1 - (1 - level) / limits)} confidence each, and each round's error is shared by what is not "
        f"decided that way yet, so that none of the {limits} verdicts is wrong with {percent(level)} confidence."
    )


def verdict_sentence(
    record: AuditRecord,
    verdict: Verdict,
    limits: Sequence[LimitRecord],
    requirements: Sequence[RequirementRecord],
    level: float,
) -> str:
    """The gate's verdict in one sentence."""
    model = model_name(record.model.family, record.model.name)
    sure, said = f"with {percent(level)} confidence", []
    unmet = [one.name for one in requirements if not one.met]
    if unmet:
        said.append(f"does not meet what is required ({', '.join(unmet)})")
    for kind, verb in (("fail", "exceeds"), ("inconclusive", "is not shown to keep or to exceed"), ("pass", "keeps")):
        of = [limit.score for limit in limits if limit.verdict == kind]
        if of and (kind == verdict or (kind == "fail" and verdict == "fail")):
            said.append(f"{verb} {_counted(of, len(limits))} {sure}")
    more = [limit.needed for limit in limits if limit.verdict == "inconclusive"]
    tail = ""
    if verdict == "inconclusive" and all(more):
        tail = f"; about {max(one or 0 for one in more):,} targets, with the control in proportion, would decide"
    elif verdict == "pass" and requirements:
        tail = " and meets what is required"
    return f"{OUTCOMES[verdict]}: {model} {' and '.join(said)}{tail}."


def _counted(scores: Sequence[str], limits: int) -> str:
    """Limits by their number and scores."""
    named = ", ".join(dict.fromkeys(scores))
    if limits == 1:
        return f"the limit on {named}"
    many = f"all {limits}" if len(scores) == limits else f"{len(scores)} of {limits}"
    return f"{many} limits ({named})"
