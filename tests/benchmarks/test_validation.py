from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks import validation
from dejavu_audit.bench.study import Check, Finding
from dejavu_audit.errors import AuditError


def test_chance_moves_the_limit_and_nothing_measured_is_missed():
    assert validation.as_bar(Check("a", 6.0, 5, "≤", 1.0)).met
    assert not validation.as_bar(Check("a", 6.1, 5, "≤", 1.0)).met
    assert validation.as_bar(Check("a", 0.85, 0.9, "≥", 0.05)).met
    assert not validation.as_bar(Check("a", None, 0.9, "≥")).met
    assert not validation.as_bar(Check("a", None, 0.9, "≤")).met


def test_trained_encoders_may_be_missing_but_no_simulated_study(tmp_path, monkeypatch, capsys):
    def study(name):
        def run(audits, seed, processes, say):
            if name == "missing":
                raise AuditError("no weights: make bench-models")
            return Finding([], [Check(f"{name} of {audits:,}", 1.0, 2, "≤")])

        return SimpleNamespace(run=run)

    monkeypatch.setattr(validation, "STUDIES", {"one": "", "missing": ""})
    monkeypatch.setattr(validation, "SIMULATED", {"one": ""})
    monkeypatch.setattr(validation, "study_of", study)
    assert [bar.what for bar in validation.run(tmp_path)] == ["one of 1,000"]
    assert "missing left out: no weights" in capsys.readouterr().err
    monkeypatch.setattr(validation, "SIMULATED", {"one": "", "missing": ""})
    with pytest.raises(AuditError):
        validation.run(tmp_path)
