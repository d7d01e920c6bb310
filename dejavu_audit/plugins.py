"""Finding what third parties and we ourselves offer by entry point: encoders, data sets, baselines, taggers."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dejavu_audit.errors import AuditError, unknown

ENCODERS = "dejavu_audit.encoders"
DATASETS = "dejavu_audit.datasets"
BASELINES = "dejavu_audit.baselines"
TAGGERS = "dejavu_audit.taggers"


def names(group: str) -> list[str]:
    """The names offered in a group, sorted, nothing imported."""
    return sorted({point.name for point in entry_points(group=group)})


def find(group: str, name: str, *, kind: str) -> Any:
    """Import what the entry point `name` of `group` names; AuditError with near matches, or with why it failed."""
    points: dict[str, EntryPoint] = {point.name: point for point in entry_points(group=group)}
    if name not in points:
        raise unknown(kind, name, points)
    try:
        return points[name].load()
    except (ImportError, AttributeError) as error:
        dist = points[name].dist
        package = dist.name if dist else points[name].value
        raise AuditError(f"the {kind} {name!r} of the package {package} cannot be imported: {error}") from error
