"""What a gate asks of a run: the tables [gate] and [[limit]] of dejavu.toml, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dejavu_audit.data.manifest import user_path
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.settings.file import SettingsFile

Kind = Literal["max", "max_increase"]
KINDS: tuple[Kind, ...] = ("max", "max_increase")
HEADLINE, COUNT, SHARE = "headline", "memorized", "memorized_share"
"""What a limit may name beside a key of audit.json's scores: the headline, the number of listed samples, Storey's."""
BASELINE = "dejavu-baseline.parquet"
"""The baseline's file where none is named, beside dejavu.toml."""
_GATE = ("baseline", "inconclusive", "require", "max_targets")
_LIMIT = ("score", *KINDS)
_REQUIRE = ("calibrated", "balanced", "targets", "control")


@dataclass(frozen=True)
class Limit:
    """A bound on a score, or on its increase over the baseline."""

    score: str
    """A key of audit.json's scores, HEADLINE, COUNT or SHARE."""
    kind: Kind
    value: float
    """A share in [-1, 1]; of COUNT a number of samples."""


@dataclass(frozen=True)
class Requirements:
    """What must hold for a run to pass at all."""

    calibrated: bool = False
    """There is a held-out control."""
    balanced: bool = False
    """The control was found to be drawn like the targets."""
    targets: int | None = None
    """Judged targets, at least."""
    control: int | None = None


@dataclass(frozen=True)
class Rules:
    """All that a gate asks."""

    limits: tuple[Limit, ...]
    baseline: Path
    """Its file, which need not be there."""
    inconclusive: Literal["pass", "fail"] | None = None
    """What an inconclusive verdict counts as in the exit code; None: as itself."""
    require: Requirements = field(default_factory=Requirements)
    max_targets: int | None = None
    """Grow the sample in stages up to so many targets; None: one look."""

    @property
    def increases(self) -> bool:
        """Whether a baseline is needed."""
        return any(limit.kind == "max_increase" for limit in self.limits)


def rules_of(settings: SettingsFile) -> Rules:
    """The rules that a settings file states; AuditError, in one sentence, for whatever in them cannot be meant."""
    where = f"{settings.path}, [gate]"
    gate = settings.gate
    for key in gate:
        if key not in _GATE:
            raise unknown("key", key, _GATE, hint=f"(in {where})")
    baseline = gate.get("baseline", BASELINE)
    if not isinstance(baseline, str) or not baseline or "\0" in baseline:
        raise AuditError(f"{where}: baseline must be the name of a file, as in {BASELINE!r}, not {baseline!r}")
    inconclusive = gate.get("inconclusive")
    if inconclusive is not None:
        refuse_outcome(inconclusive, f"in {where}")
    limits = tuple(_limit(told, f"{settings.path}, limit {n}") for n, told in enumerate(settings.limits, 1))
    _refuse_twice(limits, settings.path)
    return Rules(
        limits=limits,
        baseline=settings.path.parent / user_path(baseline),
        inconclusive=inconclusive,
        require=_requirements(gate.get("require", []), where),
        max_targets=_count(gate["max_targets"], "max_targets", where) if "max_targets" in gate else None,
    )


def refuse_outcome(given: Any, where: str) -> None:
    """AuditError unless it is what an inconclusive gate may count as."""
    if given not in ("pass", "fail"):
        raise unknown("outcome", str(given), ["pass", "fail"], hint=f"({where}; leave it out for the exit code 3)")


def refuse_empty(rules: Rules) -> None:
    """AuditError for a gate without any limit: it would pass whatever the run says."""
    if not rules.limits:
        raise AuditError(
            "the gate has no limits; write at least one table [[limit]] with score and max, as in "
            "score = 'headline', max = 0.02"
        )


def _limit(told: Mapping[str, Any], where: str) -> Limit:
    for key in told:
        if key not in _LIMIT:
            raise unknown("key", key, _LIMIT, hint=f"(in {where})")
    score = told.get("score")
    if not isinstance(score, str) or not score:
        raise AuditError(f"{where} must name a score, as in score = {HEADLINE!r}")
    kinds = [kind for kind in KINDS if kind in told]
    if len(kinds) != 1:
        has = "has both" if kinds else "has neither"
        raise AuditError(f"{where}, on {score}, must have one of max and max_increase, and {has}")
    kind = kinds[0]
    return Limit(score, kind, _bound(told[kind], score, kind, where))


def _bound(given: Any, score: str, kind: Kind, where: str) -> float:
    """A limit's number; AuditError where it is none that the score can have."""
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not math.isfinite(given):
        raise AuditError(f"{where}: {kind} must be a number, not {given!r}")
    if score == COUNT:
        if kind == "max_increase":
            raise AuditError(
                f"{where}: {COUNT} is the length of a list, which has no increase on the same samples; limit it by "
                "max, or the increase of another score"
            )
        if given < 0 or given != int(given):
            raise AuditError(
                f"{where}: {COUNT} is the number of listed samples, so that max must be a whole number, not {given:g}; "
                f"{SHARE} is the share of memorized targets"
            )
    elif score == SHARE and kind == "max_increase":
        raise AuditError(
            f"{where}: {SHARE} is no mean over samples and has no paired increase; limit it by max, or the increase of "
            "another score"
        )
    elif not -1 <= given <= 1:
        raise AuditError(
            f"{where}: {kind} must be a share between -1 and 1, not {given:g}; 0.02 is 2 percentage points"
        )
    elif score == SHARE and given < 0:
        raise AuditError(f"{where}: {SHARE} is never below 0, and max is {given:g}; 0.02 is 2 % of the targets")
    return float(given)


def _refuse_twice(limits: tuple[Limit, ...], path: Path) -> None:
    seen: set[tuple[str, str]] = set()
    for limit in limits:
        if (limit.score, limit.kind) in seen:
            raise AuditError(f"{path}: there are two limits of {limit.kind} on {limit.score}; leave one out")
        seen.add((limit.score, limit.kind))


def _requirements(told: Any, where: str) -> Requirements:
    """From a list of names, or a table."""
    if isinstance(told, (list, str)):
        names = [told] if isinstance(told, str) else told
        for name in names:
            if name in ("targets", "control"):
                raise AuditError(f"{where}: require needs a number for {name}, as in require = {{ {name} = 1000 }}")
        told = {str(name): True for name in names}
    if not isinstance(told, Mapping):
        raise AuditError(f'{where}: require must be a list, as in ["calibrated"], or a table, not {told!r}')
    for key, value in told.items():
        if key not in _REQUIRE:
            raise unknown("requirement", key, _REQUIRE, hint=f"(in {where})")
        if key in ("calibrated", "balanced") and not isinstance(value, bool):
            raise AuditError(f"{where}: require.{key} must be true or false, not {value!r}")
    numbers = {key: _count(told[key], f"require.{key}", where) for key in ("targets", "control") if key in told}
    return Requirements(bool(told.get("calibrated", False)), bool(told.get("balanced", False)), **numbers)


def _count(given: Any, name: str, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise AuditError(f"{where}: {name} must be a whole number of 1 or more, not {given!r}")
    return given
