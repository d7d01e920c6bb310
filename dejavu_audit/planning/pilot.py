"""What samples without memorization look like, as an earlier run's control shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.errors import AuditError
from dejavu_audit.report.reading import read_run, resolve_run
from dejavu_audit.scores.intervals import wilson
from dejavu_audit.scores.outcomes import Outcomes

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {"label": "label test", "objects": "object test"}


@dataclass(frozen=True)
class Pilot:
    """The outcomes of one set of an earlier run."""

    path: Path
    where: str
    """ "control", or "targets" where the run has no control."""
    n: int
    outcomes: Outcomes

    def cautious(self, level: float) -> Outcomes:
        """With as many discordant samples as there may be at the upper end of an interval of their share."""
        _, high = wilson(self.outcomes.discordance * self.n, self.n, level)
        both = self.outcomes.both
        most = min(float(high), 1 - both)
        seen = self.outcomes.discordance
        if seen == 0:
            return Outcomes(most / 2, most / 2, both)
        return Outcomes(self.outcomes.up * most / seen, self.outcomes.down * most / seen, both)


def read_pilot(text: str, test: str) -> Pilot:
    """The pilot that `--pilot` names; AuditError for what is no finished run, or one of another test."""
    run = read_run(resolve_run(text), ["set", "part"])
    if run.test != test:
        raise AuditError(
            f"the pilot {run.path} is a run of the {NAMES[run.test]} and the plan is one of the {NAMES[test]}; "
            f"name a run of the same test, or ask --test {run.test}"
        )
    sets, parts = (np.array(run.samples[name].to_pylist(), object) for name in ("set", "part"))
    where = "control" if (sets == "control").any() else "targets"
    there = parts[sets == ("control" if where == "control" else "target")]
    if not len(there):
        raise AuditError(f"the pilot {run.path} has no judged samples; name another run")
    shares = {name: float((there == name).mean()) for name in ("memorized", "misrepresented", "correlated")}
    # In the object test a sample on which both are equally precise can still be remembered, so none counts as settled.
    both = shares["correlated"] if test == "label" else 0.0
    return Pilot(run.path, where, len(there), Outcomes(shares["memorized"], shares["misrepresented"], both))
