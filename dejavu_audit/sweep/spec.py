"""SPEC.toml of a sweep: settings that all rows share, the rows, and patterns that make a row of every matching file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dejavu_audit.config import AuditConfig
from dejavu_audit.data.manifest import is_file, user_path
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.settings.paths import seen_from
from dejavu_audit.settings.toml import read_toml
from dejavu_audit.settings.values import as_typed

Scale: TypeAlias = Literal["linear", "log"]

KEYS = ("name", "x", "x_scale", "audit", "row", "glob")
ROW = ("x", "series")
GLOB = ("files", "into", "x_from", "series")
SWEEPS_OWN = ("out", "cache_dir")
"""Fields of an audit that a row cannot have: the sweep says where rows go, and they share one cache."""
LARGEST = 1e300
MOST = 10_000
"""Rows of a sweep at most."""


@dataclass(frozen=True)
class Row:
    """One audit of the sweep, and where it stands in the plot."""

    x: float
    series: str | None
    config: AuditConfig
    """Without `out`: the sweep says where."""

    @property
    def key(self) -> tuple[str, float]:
        """What rows are sorted by."""
        return self.series or "", self.x


@dataclass(frozen=True)
class Spec:
    """A sweep, read and checked."""

    path: Path
    name: str
    x: str
    """What the horizontal axis is: "epoch"."""
    x_scale: Scale
    rows: tuple[Row, ...]
    """By series, then x."""
    cache_dir: str | None


@dataclass(frozen=True)
class _Given:
    """A row as it was written: `place` names it in messages."""

    place: str
    x: Any
    series: Any
    settings: Mapping[str, Any]


def read_spec(path: Path) -> Spec:
    """Read a sweep; AuditError, in one sentence, for whatever is missing, unknown, of the wrong kind or there twice."""
    keys = read_toml(path, "sweep description")
    for key in keys:
        if key not in KEYS:
            raise unknown("key", key, KEYS, hint=f"(in {path})")
    name, axis = (_word(keys, key, path) for key in ("name", "x"))
    scale = keys.get("x_scale", "linear")
    if scale not in ("linear", "log"):
        raise AuditError(f"{path}: x_scale must be 'linear' or 'log', not {scale!r}")
    shared = _table(keys.get("audit", {}), f"{path}, [audit]", ("out",))
    cache_dir = shared.pop("cache_dir", None)
    given = [*_rows(keys, path), *_globbed(keys, path)]
    if not given:
        raise AuditError(f"{path} has no rows; write one [[row]] an audit, or a [[glob]] that finds checkpoints")
    if len(given) > MOST:
        raise AuditError(f"{path} has {len(given):,} rows, more than {MOST:,}; split the sweep")
    rows = sorted((_row(each, shared, scale, path) for each in given), key=lambda row: row.key)
    _refuse_twice(rows, path)
    here = {"cache_dir": cache_dir} if cache_dir is not None else {}
    return Spec(path, name, axis, scale, tuple(rows), seen_from(here, path.parent).get("cache_dir"))


def _word(keys: Mapping[str, Any], key: str, path: Path) -> str:
    value = keys.get(key, "x" if key == "x" else None)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        said = "is missing" if key not in keys else f"is {value!r}"
        example = 'name = "checkpoints"' if key == "name" else 'x = "epoch"'
        raise AuditError(f"{path}: {key} {said}; write a text, as in {example}")
    return value.strip()


def _table(value: Any, place: str, refused: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise AuditError(f"{place} must be a table of an audit's settings, not {value!r}")
    for key in refused:
        if key in value:
            where = "--out of the command says where the sweep goes" if key == "out" else "put it into [audit]"
            raise AuditError(f"{place}: {key} cannot be set here; {where}")
    return dict(value)


def _several(keys: Mapping[str, Any], key: str, path: Path) -> list[Any]:
    value = keys.get(key, [])
    if not isinstance(value, list):
        raise AuditError(f"{path}: write [[{key}]] with two brackets, since there may be several")
    return value


def _rows(keys: Mapping[str, Any], path: Path) -> Iterator[_Given]:
    for number, value in enumerate(_several(keys, "row", path), 1):
        place = f"{path}, row {number}"
        row = _table(value, place, SWEEPS_OWN)
        if "x" not in row:
            raise AuditError(f"{place} lacks x, its place on the axis; write x = 1")
        yield _Given(place, row.pop("x"), row.pop("series", None), row)


def _globbed(keys: Mapping[str, Any], path: Path) -> Iterator[_Given]:
    """A row for every file that a pattern matches."""
    for number, value in enumerate(_several(keys, "glob", path), 1):
        place = f"{path}, glob {number}"
        glob = _table(value, place, SWEEPS_OWN)
        files, into, x_from = (_glob_text(glob, key, place) for key in GLOB[:3])
        series = glob.pop("series", None)
        if into not in AuditConfig.model_fields:
            raise unknown("setting", into, AuditConfig.model_fields, hint=f"(as into = … in {place})")
        try:
            pattern = re.compile(x_from)
        except re.error as error:
            raise AuditError(f"{place}: x_from {x_from!r} is no regular expression: {error}") from None
        if pattern.groups != 1:
            raise AuditError(rf"{place}: x_from must have one group, the number, as in x_from = 'epoch-(\d+)'")
        for file in _matching(path.parent, files, place):
            found = pattern.search(file)
            try:
                x = float(found[1]) if found else None
            except (ValueError, TypeError):  # the group is no number, or took no part
                x = None
            if x is None:
                raise AuditError(f"{place}: x_from {x_from!r} finds no number in {file!r}")
            yield _Given(f"{place} ({file})", x, series, {**glob, into: str((path.parent / file).resolve())})


def _glob_text(glob: dict[str, Any], key: str, place: str) -> str:
    value = glob.pop(key, None)
    if not isinstance(value, str) or not value:
        example = {"files": "'checkpoints/*.safetensors'", "into": "'pretrained'", "x_from": r"'epoch-(\d+)'"}[key]
        raise AuditError(f"{place}: {key} must be a text, as in {key} = {example}")
    return value


def _matching(folder: Path, files: str, place: str) -> list[str]:
    """Files as they are seen from the folder, sorted; an absolute pattern gives absolute ones."""
    pattern = user_path(files)
    base, inner = (Path(pattern.anchor), str(pattern.relative_to(pattern.anchor))) if pattern.is_absolute() else (
        folder, files,
    )  # fmt: skip
    try:
        found = sorted(file for file in base.glob(inner) if is_file(file))
    except (ValueError, NotImplementedError, OSError) as error:
        raise AuditError(f"{place}: files = {files!r} cannot be looked for: {error}") from None
    if not found:
        raise AuditError(f"{place}: no file matches {files!r} in {base.resolve()}")
    return [(file if pattern.is_absolute() else file.relative_to(base)).as_posix() for file in found]


def _row(given: _Given, shared: Mapping[str, Any], scale: Scale, path: Path) -> Row:
    x, series = given.x, given.series
    if isinstance(x, bool) or not isinstance(x, (int, float)) or not -LARGEST <= x <= LARGEST:  # NaN neither
        raise AuditError(f"{given.place}: x must be a number, not {x!r}")
    if scale == "log" and x <= 0:
        raise AuditError(f"{given.place}: x is {x:g}, which a log axis cannot show; leave the row out, or x_scale")
    if series is not None and (not isinstance(series, str) or not series.strip() or not series.isprintable()):
        raise AuditError(f"{given.place}: series must be a text, not {series!r}")
    settings = _merged(shared, given.settings)
    for key in settings:
        if key not in AuditConfig.model_fields:
            known = [*AuditConfig.model_fields, *(ROW if key in given.settings else ())]
            raise unknown("setting", key, known, hint=f"(in {given.place if key in given.settings else path})")
    for key in ("family", "model", "data"):
        if key not in settings:
            raise AuditError(f"{given.place} lacks {key}; write it there, or into [audit] for all rows")
    try:
        config = AuditConfig.resolve(**seen_from(settings, path.parent))
    except AuditError as error:
        raise AuditError(f"{given.place}: {error}") from None
    return Row(float(x), series.strip() if series else None, config)


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A row's own settings over the shared ones; of options the keys are merged, and numbers may be typed bare."""
    settings = {**shared, **own}
    for key, value in settings.items():
        if key.endswith("_options") and isinstance(value, dict):
            below = shared.get(key)
            both = {**(below if isinstance(below, dict) else {}), **value}
            settings[key] = {name: as_typed(option) for name, option in both.items()}
    return settings


def _refuse_twice(rows: Sequence[Row], path: Path) -> None:
    """One point of a line cannot have two values, and one audit at two places of a line is a setting forgotten."""
    places: set[tuple[str, float]] = set()
    audits: dict[tuple[str, str], float] = {}
    for row in rows:
        of = f" of series {row.series!r}" if row.series else ""
        if row.key in places:
            raise AuditError(f"{path} has two rows at x = {row.x:g}{of}; give them different x, or a series each")
        same = audits.get((row.series or "", row.config.hash()))
        if same is not None:
            raise AuditError(f"{path}: the rows at x = {same:g} and {row.x:g}{of} are the same audit; set them apart")
        places.add(row.key)
        audits[row.series or "", row.config.hash()] = row.x
