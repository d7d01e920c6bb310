"""A gate from run to files: judge, leave gate.json, junit.xml and summary.md in the run folder, tell CI."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dejavu_audit.errors import AuditError
from dejavu_audit.gate.annotations import annotate, step_summary
from dejavu_audit.gate.baseline import baseline_of, read_baseline, write_baseline
from dejavu_audit.gate.judging import judge
from dejavu_audit.gate.junit import JUNIT, junit
from dejavu_audit.gate.limits import refuse_empty
from dejavu_audit.gate.record import GATE
from dejavu_audit.gate.reuse import audited
from dejavu_audit.report.judged import judged_sets
from dejavu_audit.report.reading import Run
from dejavu_audit.report.summary import SUMMARY, summary
from dejavu_audit.report.whole import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from dejavu_audit.config import AuditConfig
    from dejavu_audit.gate.baseline import Baseline
    from dejavu_audit.gate.limits import Rules
    from dejavu_audit.gate.record import GateRecord, Verdict
    from dejavu_audit.types import Progress

FILES = (GATE, JUNIT, SUMMARY)
"""What a gate leaves in the run folder."""


@dataclass(frozen=True)
class Gated:
    """A run and what the gate says to it."""

    run: Run
    record: GateRecord
    outcome: Verdict
    """What the exit code says: the verdict, but that an inconclusive one may count as another."""


def gate_run(run: Run, rules: Rules) -> Gated:
    """Judge a finished run, opened by `read_judged`; AuditError as `judge` and `read_baseline` raise it."""
    return leave(run, judge(run, rules, baseline=_baseline(rules)), rules)


def gate_config(config: AuditConfig, rules: Rules, progress: Progress, *, again: bool = False) -> Gated:
    """Audit what is not audited yet, in stages where the rules set `max_targets`, and judge it."""
    refuse_empty(rules)
    baseline = _baseline(rules)
    if rules.max_targets is None:
        run = audited(config, progress, again=again)
        return leave(run, judge(run, rules, baseline=baseline), rules)
    from dejavu_audit.gate.sequential import grow  # loads torch

    result, record = grow(config, rules, baseline, progress, again=again)
    return leave(Run(result.record, result.samples, result.folder), record, rules)


def update(run: Run, rules: Rules) -> Baseline:
    """Make a run the baseline: write the rules' file."""
    baseline = baseline_of(run, judged_sets(run), rules.baseline.name)
    write_baseline(baseline, rules.baseline)
    return baseline


def update_from_config(config: AuditConfig, rules: Rules, progress: Progress, *, again: bool = False) -> Run:
    """The run that a baseline is made of: at the largest sample, where the gate grows its sample."""
    if rules.max_targets is not None:
        from dejavu_audit.gate.looks import largest

        config = largest(config, rules.max_targets)
    return audited(config, progress, again=again)


def leave(run: Run, record: GateRecord, rules: Rules) -> Gated:
    """Write the gate's files into the run folder, and the summary where a CI job has room for one."""
    outcome = rules.inconclusive if record.verdict == "inconclusive" and rules.inconclusive else record.verdict
    # To CI systems an undecided limit is no fault where the gate passes all the same.
    shown = record.model_copy(update={"verdict": outcome})
    told = summary(run.record, record)
    if not os.access(run.path, os.W_OK):
        raise AuditError(
            f"the run folder {run.path} may not be written to, and the gate leaves {', '.join(FILES)} there; make it "
            "writable, or copy it"
        )
    for name, text in ((GATE, record.model_dump_json(indent=2) + "\n"), (JUNIT, junit(shown)), (SUMMARY, told)):
        write_whole(run.path / name, _writer(text))
    step_summary(told)
    return Gated(run, record, outcome)


def commands(gated: Gated) -> list[str]:
    """What GitHub shows beside the code, a line each; nothing where no GitHub job is running."""
    if os.environ.get("GITHUB_ACTIONS", "").lower() != "true":
        return []
    return annotate(gated.record.model_copy(update={"verdict": gated.outcome}))


def _baseline(rules: Rules) -> Baseline | None:
    return read_baseline(rules.baseline) if rules.increases else None


def _writer(text: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(text, encoding="utf-8", errors="replace")
