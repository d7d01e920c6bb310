"""A gate that grows its sample until it decides, so that clear cases are cheap.

The largest sample is drawn first, once; a look is a part of it, each within the next, with the same public and fit
pictures, so that a look embeds no more than what it adds. Each has its share of the error (`spending`), and its own run
folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dejavu_audit.audit import prepare
from dejavu_audit.gate.judging import judge
from dejavu_audit.gate.looks import control_of, largest, look_config, part_of, sizes_in
from dejavu_audit.gate.record import StageRecord
from dejavu_audit.gate.reuse import audited
from dejavu_audit.gate.spending import look_sizes, spend
from dejavu_audit.gate.wording import percent, verdict_sentence
from dejavu_audit.progress import Silent
from dejavu_audit.report.result import AuditResult

if TYPE_CHECKING:
    import pyarrow as pa

    from dejavu_audit.config import AuditConfig
    from dejavu_audit.gate.baseline import Baseline
    from dejavu_audit.gate.limits import Rules
    from dejavu_audit.gate.record import GateRecord
    from dejavu_audit.report.reading import Run
    from dejavu_audit.types import Progress


class Look(NamedTuple):
    """One look to come."""

    config: AuditConfig
    targets: int
    control: int
    level: float
    """Confidence of its intervals."""


def grow(
    config: AuditConfig, rules: Rules, baseline: Baseline | None, progress: Progress, *, again: bool = False
) -> tuple[AuditResult, GateRecord]:
    """Audit growing samples, up to the rules' `max_targets`, until the gate is decided; the last audit and its verdict.

    A look that was audited before is judged as it is, unless `again` is set.
    The chance that any look judges a limit wrongly is at most 1 - `config.level` in all. AuditError as an audit and
    `judge` raise it. ValueError where the rules set no `max_targets`.
    """
    looks = planned(config, rules, progress)
    stages: list[StageRecord] = []
    for number, look in enumerate(looks, 1):
        progress.say(
            f"Look {number} of {len(looks)} at most: {look.targets:,} targets, {look.control:,} control, "
            f"intervals of {percent(look.level)}"
        )
        run = audited(look.config, progress, again=again)
        record = judge(run, rules, level=look.level, baseline=baseline)
        counts = run.record.data.counts
        stages.append(
            StageRecord(targets=counts["target"], control=counts["control"], level=look.level, verdict=record.verdict)
        )
        if number == len(looks) or ends(record):
            break
        progress.say(f"Look {number}: {_undecided(record)}; next, {looks[number].targets:,} targets")
    return AuditResult(run.record, run.samples, run.path), _of_all_looks(run, record, config.level, len(looks), stages)


def planned(config: AuditConfig, rules: Rules, progress: Progress) -> list[Look]:
    """The looks, smallest first: what each audits, and at which confidence."""
    most = rules.max_targets
    if most is None:
        raise ValueError("a gate grows up to max_targets, and none is set")
    if config.targets not in (None, most):
        progress.say(f"targets = {config.targets:,} does not count: the sample grows up to max_targets = {most:,}")
    whole = largest(config, most)
    sets = _drawn(whole)
    every = sizes_in(sets)
    if every[0] < most:
        progress.say(f"the data end before max_targets = {most:,}: the last look is at their {every[0]:,} targets")
    sizes = look_sizes(min(most, every[0]))
    looks = []
    for size, share in zip(sizes, spend(sizes, 1 - config.level), strict=True):
        control = control_of(size, every)
        # All of it is the audit as it was asked for, in the folder that an audit by hand has.
        asked = whole if size == every[0] else look_config(config, part_of(sets, size, control, config.seed))
        looks.append(Look(asked, size, control, 1 - share))
    return looks


def _drawn(config: AuditConfig) -> pa.Table:
    """Which picture is in which set; what was loaded to find out is let go."""
    return prepare(config, Silent()).sets


def ends(record: GateRecord) -> bool:
    """Whether a look that is not the last decides the gate.

    An exceeded limit does. A pass does, but for a limit on the number of memorized samples, which grows with the
    sample: few among few are no promise. A requirement that is not met may be met by more samples, unless there is no
    control at all.
    """
    if any(limit.verdict == "fail" for limit in record.limits):
        return True
    if any(one.name == "calibrated" and not one.met for one in record.requirements):
        return True
    return record.verdict == "pass" and all(limit.unit == "share" for limit in record.limits)


def _undecided(record: GateRecord) -> str:
    """Why there is another look, in words."""
    names = [limit.score for limit in record.limits if limit.verdict == "inconclusive" or limit.unit == "samples"]
    names += [one.name for one in record.requirements if not one.met]
    return f"undecided ({', '.join(names)})"


def _of_all_looks(run: Run, record: GateRecord, level: float, most: int, stages: Sequence[StageRecord]) -> GateRecord:
    """The last look's record as the gate's: sure of all looks together, and saying how."""
    if most == 1:
        return record.model_copy(update={"stages": list(stages)})
    family = (
        f"Up to {most} looks at growing samples share the error (alpha-spending by the union bound): with "
        f"{percent(level)} confidence none of them judges wrongly. This is look {len(stages)}. {record.family}"
    )
    sentence = verdict_sentence(run.record, record.verdict, record.limits, record.requirements, level)
    return record.model_copy(update={"level": level, "sentence": sentence, "family": family, "stages": list(stages)})
