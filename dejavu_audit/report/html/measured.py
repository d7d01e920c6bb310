"""What was measured and what was not, step by step and in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dejavu_audit.report.html.material import Material


def measured(material: Material) -> dict[str, Any]:
    """The steps of the test, and what the number does not say."""
    return {"steps": list(_steps(material)), "caveats": list(material.record.caveats), "label": material.label}


def _steps(material: Material) -> Iterator[tuple[str, str]]:
    record = material.record
    counts = {name: f"{count:,}" for name, count in record.data.counts.items()}
    k = record.config.get("k")
    nearest = f"the {k:,} nearest" if isinstance(k, int) else "the nearest"
    reference = " and ".join(one.name for one in record.references) or str(record.reference.get("name", "reference"))
    targets, control = counts.get("target", "0"), record.data.counts.get("control", 0)
    if material.label:
        yield (
            "Hide what is on the picture",
            f"Of each of {targets} training pictures (targets) only a rectangle of background is kept, which shows "
            "nothing of what was annotated.",
        )
        yield (
            "Ask the model",
            f"The model turns that background into numbers; {nearest} of {counts.get('public', '0')} public pictures "
            "vote on what was in front of it.",
        )
        yield (
            "Ask one that cannot remember",
            f"A reference ({reference}) that never saw the targets answers from the same background. What it gets "
            "right can be inferred honestly: boats are seen on water.",
        )
    else:
        yield (
            "Show only the caption",
            f"Of each of {targets} training pairs (targets) the model gets the caption, not the picture.",
        )
        yield (
            "Ask the model",
            f"{nearest[0].upper()}{nearest[1:]} of {counts.get('public', '0')} public pictures say which objects the "
            "model expects on it.",
        )
        yield (
            "Ask one that cannot remember",
            f"A reference ({reference}) that never saw the targets answers from the same caption. What it gets right "
            "can be inferred honestly.",
        )
    if material.symmetric:
        yield (
            "Ask the other way round",
            f"The same with {control:,} pictures of the reference’s own training data: each model is once the one that "
            "may remember. What is left on average is memory.",
        )
    elif control:
        yield (
            "Take off what is skill",
            f"The same with {control:,} control pictures that the model never saw: what it does better than the "
            "reference there is skill. What is left is memory.",
        )
    else:
        yield (
            "No control",
            "There were no pictures that the model never saw, so its skill could not be taken off: the number may be "
            "too high.",
        )
