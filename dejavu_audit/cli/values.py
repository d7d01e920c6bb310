"""What is typed after a flag, as the library takes it."""

from __future__ import annotations

from dejavu_audit.errors import AuditError


def key_values(pairs: list[str] | None, flag: str) -> dict[str, str]:
    """["a=1"] to {"a": "1"}; AuditError where there is no "="."""
    split = [pair.partition("=") for pair in pairs or []]
    for key, equals, _ in split:
        if not equals or not key:
            raise AuditError(f"{flag} takes KEY=VALUE, as in {flag} correlation=0.5")
    return {key: value for key, _, value in split}


def baseline_options(pairs: list[str] | None, baselines: list[str], alpha: float | None) -> dict[str, str]:
    """The options of the baselines, `--alpha` among them as naive-bayes' own."""
    options = key_values(pairs, "--baseline-option")
    if alpha is None:
        return options
    names = [name.strip() for one in baselines for name in one.split(",")]
    if "naive-bayes" not in names:
        raise AuditError("--alpha is the smoothing of naive-bayes; add --baseline naive-bayes, or leave it out")
    return {**options, "naive-bayes.alpha": repr(alpha)}


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
