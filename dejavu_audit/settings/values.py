"""What is typed after a flag or in a settings file, as the library takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dejavu_audit.errors import AuditError


def key_values(pairs: list[str] | None, flag: str) -> dict[str, str]:
    """["a=1"] to {"a": "1"}; AuditError where there is no "="."""
    split = [pair.partition("=") for pair in pairs or []]
    for key, equals, _ in split:
        if not equals or not key:
            raise AuditError(f"{flag} takes KEY=VALUE, as in {flag} correlation=0.5")
    return {key: value for key, _, value in split}


def options(given: Any, flag: str) -> dict[str, str]:
    """Options of a settings file: a table, or pairs as they are typed after the flag; AuditError for anything else."""
    if isinstance(given, dict):
        return {key: as_typed(value) for key, value in given.items()}
    pairs = [given] if isinstance(given, str) else given
    if not isinstance(pairs, list) or not all(isinstance(pair, str) for pair in pairs):
        raise AuditError(f"{flag} must be a table, as in {{ correlation = 0.5 }}, not {given!r}")
    return key_values(pairs, flag)


def baselines(given: Any) -> tuple[str, ...]:
    """One baseline or several; names may also stand in one text with commas between."""
    listed = [given] if isinstance(given, str) else given or []
    if not isinstance(listed, (list, tuple)) or not all(isinstance(name, str) for name in listed):
        raise AuditError(f"--baseline takes names, not {given!r}")
    return tuple(name.strip() for one in listed for name in one.split(","))


def alpha(given: Any, asked: Sequence[str]) -> dict[str, str]:
    """`--alpha` as the option of naive-bayes that it is; AuditError where that baseline is not asked."""
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise AuditError(f"--alpha takes a number, not {given!r}")
    if "naive-bayes" not in asked:
        raise AuditError("--alpha is the smoothing of naive-bayes; add --baseline naive-bayes, or leave it out")
    return {"naive-bayes.alpha": repr(float(given))}


def triple(text: str | None, flag: str) -> tuple[float, float, float] | None:
    """Three numbers with commas between, or one that stands for all three."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        numbers *= 3
    if len(numbers) != 3:
        raise AuditError(f"{flag} takes three numbers, as in {flag} 0.485,0.456,0.406")
    return numbers[0], numbers[1], numbers[2]


def batch(text: str) -> int | None:
    """A number of pictures, or None for "auto"."""
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise AuditError(f"--batch-size takes a number or 'auto', not {text!r}") from None


def as_typed(value: Any) -> Any:
    """An option's value as a text: numbers and truth values may be typed bare."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value
