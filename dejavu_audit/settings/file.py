"""dejavu.toml: what to audit, and what its gate asks, beside the code that is released."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dejavu_audit.config import AuditConfig
from dejavu_audit.data.manifest import is_file
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.settings import values
from dejavu_audit.settings.paths import seen_from
from dejavu_audit.settings.toml import read_toml

NAME = "dejavu.toml"
TABLES = ("audit", "gate", "limit")
FLAGS = {"data_option": "data_options", "tagger_option": "tagger_options", "baseline_option": "baseline_options"}
"""Flags that are typed several times, and the fields that take them together."""


@dataclass(frozen=True)
class SettingsFile:
    """A settings file, read and checked, but for the gate's tables, which the gate checks."""

    path: Path
    audit: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `AuditConfig` that the file sets, as `AuditConfig.resolve` takes them; paths are absolute."""
    gate: Mapping[str, Any] = field(default_factory=dict)
    """The table [gate], as written, "-" in keys turned into "_"."""
    limits: Sequence[Mapping[str, Any]] = ()
    """The tables [[limit]], as written, "-" in keys turned into "_"."""


def find_settings() -> Path | None:
    """dejavu.toml in the working folder; None where there is none."""
    path = Path(NAME)
    return path if is_file(path) else None


def read_settings(path: Path) -> SettingsFile:
    """Read a settings file; AuditError, in one sentence, for whatever in it is unknown or of the wrong kind."""
    tables = read_toml(path, "settings file")
    for name, value in tables.items():
        if name not in TABLES:
            raise _unknown_table(name, value, path)
    audit = _audit(tables.get("audit", {}), path)
    gate = _table(tables.get("gate", {}), f"{path}, [gate]")
    limits = tables.get("limit", [])
    if not isinstance(limits, list):
        raise AuditError(f"{path}: write [[limit]] with two brackets, since there may be several")
    named = [_table(limit, f"{path}, limit {number}") for number, limit in enumerate(limits, 1)]
    return SettingsFile(path, audit, gate, tuple(named))


def _unknown_table(name: str, value: Any, path: Path) -> AuditError:
    if _field(name.replace("-", "_")) and not isinstance(value, dict):
        return AuditError(f"{path}: {name} stands above all tables; write it below a line [audit]")
    return unknown("table" if isinstance(value, (dict, list)) else "key", name, TABLES, hint=f"(in {path})")


def _table(value: Any, place: str) -> dict[str, Any]:
    """A table with "-" in its keys turned into "_"."""
    if not isinstance(value, dict):
        raise AuditError(f"{place} must be a table, not {value!r}")
    told: dict[str, Any] = {}
    for key, item in value.items():
        name = key.replace("-", "_")
        if name in told:
            raise AuditError(f"{place}: {key} is there twice, once with - and once with _; leave one out")
        told[name] = item
    return told


def _audit(value: Any, path: Path) -> dict[str, Any]:
    """The fields of an audit that the table [audit] sets, checked one by one."""
    place = f"{path}, [audit]"
    told = _table(value, place)
    for key in told:
        if not _field(key):
            known = [*AuditConfig.model_fields, *FLAGS, "alpha"]
            raise unknown("setting", key, known, hint=f"(in {place})")
    try:
        asked = seen_from(_typed(told), path.parent)
        AuditConfig.resolve(**{"family": "-", "model": "-", "data": "-", **asked})
    except AuditError as error:
        raise AuditError(f"{place}: {_said_of_a_file(str(error))}") from None
    return asked


def _field(key: str) -> bool:
    return key in AuditConfig.model_fields or key in FLAGS or key == "alpha"


def _typed(told: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as the library takes them; a flag's spelling is as good as the field's."""
    asked = {key: value for key, value in told.items() if key not in (*FLAGS, *FLAGS.values(), "alpha")}
    for key in ("mean", "std"):
        if isinstance(asked.get(key), (int, float, str)):
            asked[key] = values.triple(str(asked[key]), f"--{key}")
    if isinstance(asked.get("batch_size"), str):
        asked["batch_size"] = values.batch(asked["batch_size"])
    if isinstance(asked.get("top_objects"), int):
        asked["top_objects"] = str(asked["top_objects"])
    if "baseline" in asked:
        asked["baseline"] = values.baselines(asked["baseline"])
    for flag, name in FLAGS.items():
        if flag in told and name in told:
            raise AuditError(f"{flag} and {name} are one setting; leave one out")
        if flag in told or name in told:
            asked[name] = values.options(told.get(name, told.get(flag)), f"--{flag.replace('_', '-')}")
    if "alpha" in told:
        smoothing = values.alpha(told["alpha"], list(asked.get("baseline", ())))
        asked["baseline_options"] = {**asked.get("baseline_options", {}), **smoothing}
    return asked


def _said_of_a_file(message: str) -> str:
    """What is said of flags, said of keys."""
    return re.sub(r"(?<!\S)--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), message)
