"""The runs in a folder: finished, unfinished and damaged ones, told from what little of their files is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dejavu_audit.errors import AuditError
from dejavu_audit.report import checksums

State: TypeAlias = Literal["finished", "unfinished", "damaged", "sweep"]
AUDIT, CLAIM, GATE, SWEEP = "audit.json", "config.json", "gate.json", "sweep.json"
"""As in `report.folder`, `gate.record` and `sweep.running`, which are slow to import."""
READS = (1, 3)
"""The schema up to which a record is known to be readable without asking `report.record`, which is slow to import."""


@dataclass(frozen=True)
class Listed:
    """One run, as a list of runs tells it; None: not known."""

    name: str
    path: str
    state: State
    date: str
    """When audit.json, or of an unfinished run config.json, was written: ISO 8601, in UTC."""
    model: str | None = None
    """Family and name."""
    pretrained: str | None = None
    data: str | None = None
    test: str | None = None
    headline: Mapping[str, Any] | None = None
    """As in audit.json."""
    memorized: int | None = None
    """Samples on the list of memorized ones."""
    gate: str | None = None
    """pass, fail or inconclusive; "damaged" where gate.json cannot be read; None: never judged."""
    problem: str | None = None
    """Of a damaged run: what is wrong."""

    def as_json(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)


def list_runs(runs: Path, most: int | None = None) -> tuple[list[Listed], int]:
    """The `most` newest runs in a folder (all: None), newest first, and how many there are in all.

    Newest as `latest` has it: by when audit.json was written. Only the listed ones are read. AuditError where the
    folder cannot be looked into; a run that cannot be read is listed with its problem.
    """
    try:
        found = [(when, folder, file) for folder in runs.iterdir() for when, file in _claims(folder)]
    except OSError as error:
        raise AuditError(
            f"the folder {runs} cannot be looked into ({error.strerror or error}); name another"
        ) from error
    found.sort(key=lambda each: (each[0], each[1].name), reverse=True)
    return [_listed(folder, file, when) for when, folder, file in found[:most]], len(found)


def _claims(folder: Path) -> list[tuple[int, Path]]:
    """The file that makes a folder a run, with its time of change in nanoseconds; none: it is no run."""
    for name in (AUDIT, SWEEP, CLAIM):
        try:
            return [((folder / name).stat().st_mtime_ns, folder / name)]
        except OSError:
            continue
    return []


def _listed(folder: Path, file: Path, when: int) -> Listed:
    date = datetime.fromtimestamp(when / 1e9, timezone.utc).isoformat(timespec="seconds")
    place: dict[str, Any] = {"name": folder.name, "path": str(folder), "date": date}
    try:
        told = json.loads(file.read_text("utf-8"))
        if not isinstance(told, dict):
            raise TypeError("it holds no record")
        if file.name == CLAIM:
            return Listed(**place, state="unfinished", **_claimed(told))
        if file.name == SWEEP:
            done = sum(row["state"] == "done" for row in told["rows"])
            return Listed(**place, state="sweep", problem=f"{done:,} of {len(told['rows']):,} rows done")
        _refuse(told)
        return Listed(**place, state="finished", **_found(told), gate=_gate(folder))
    except OSError as error:
        problem = error.strerror or str(error)
    except (ValueError, RecursionError) as error:
        problem = str(error) if isinstance(error, _UnfitError) else "not JSON"
    except (KeyError, TypeError, AttributeError):
        problem = "fields are missing"
    return Listed(**place, state="damaged", problem=f"{file.name}: {problem}")


class _UnfitError(ValueError):
    """A record that is not to be believed, or cannot be."""


def _refuse(told: Mapping[str, Any]) -> None:
    """_UnfitError for a record of a newer version, or one that was changed after the audit."""
    version = tuple(int(part) for part in str(told["schema_version"]).split(".") if part.isdigit())
    if version > READS:
        from dejavu_audit.report.record import SCHEMA_VERSION

        if version > tuple(map(int, SCHEMA_VERSION.split("."))):
            raise _UnfitError(f"schema {told['schema_version']} is newer than this version reads")
    if told.get(checksums.OWN) not in (None, checksums.of_record(told)):
        raise _UnfitError("edited, or half copied")


def _found(told: Mapping[str, Any]) -> dict[str, Any]:
    model, headline, listed = told["model"], told["headline"], told.get("memorized")
    return {
        "model": f"{model['family']} {model['name']}",
        "pretrained": str(model["pretrained"]),
        "data": str(told["data"]["name"]),
        "test": told["config"].get("test"),
        "headline": {
            key: headline[key] for key in ("metric", "estimate", "low", "high", "level", "calibrated", "p_value")
        },
        "memorized": listed["count"] if listed else None,
    }


def _claimed(told: Mapping[str, Any]) -> dict[str, Any]:
    config = told["config"]
    return {
        "model": f"{config['family']} {config['model']}",
        "pretrained": config.get("pretrained"),
        "data": Path(config["data"]).stem,
        "test": config.get("test"),
    }


def _gate(folder: Path) -> str | None:
    try:
        verdict = json.loads((folder / GATE).read_text("utf-8"))["verdict"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "damaged"
    return verdict if verdict in ("pass", "fail", "inconclusive") else "damaged"
