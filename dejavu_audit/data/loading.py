"""From the configuration to a data set: a built-in or installed one by name, or the user's own by its description."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit import plugins
from dejavu_audit.data.manifest import is_file, is_folder, user_path
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import SetName

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Dataset

SETS: tuple[SetName, ...] = ("target", "control", "public", "fit")
_MEMBERS = ("name", "root", "classes", "table", "notes", "identity", "open", "annotation")


def _may_be_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_null(kind))


def _are_names(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) and pa.types.is_string(kind.value_type))


def _is_told(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or _are_names(kind))


_COLUMNS: dict[str, tuple[str, Callable[[pa.DataType], bool]]] = {
    "id": ("string", pa.types.is_string),
    "path": ("string", pa.types.is_string),
    "label": ("int32", pa.types.is_integer),
    "boxed": ("bool", pa.types.is_boolean),
    "set": ("string", _may_be_text),
    "group": ("string", _may_be_text),
}
_TOLD: dict[str, tuple[str, Callable[[pa.DataType], bool]]] = {
    "caption": ("string or list<string>", _is_told),
    "objects": ("list<string>", _are_names),
}
"""Columns that are there where the data tell of more than labels."""


def load_dataset(config: AuditConfig) -> Dataset:
    """Load what `--data` names; AuditError where it is unknown, its files are missing, or a plug-in gives nonsense.

    The root is `--root`, else the environment's DEJAVU_AUDIT_<NAME>_ROOT; NAME is the data set's own name.
    """
    data = config.data
    if data.lower().endswith(".toml") or is_file(Path(data)):
        from dejavu_audit.data.description import load, read_description

        if config.data_options:
            raise AuditError(f"--data-option is for built-in data sets; write the settings into {data} instead")
        path = user_path(data)
        told = read_description(path)
        return checked(load(path, _root(config, told.name), told))
    if data not in plugins.names(plugins.DATASETS):
        _refuse_path(data)
    load_named = plugins.find(plugins.DATASETS, data, kind="data set")
    return checked(load_named(_root(config, data), config.data_options, config.seed))


def _root(config: AuditConfig, name: str) -> str | None:
    return config.root or os.environ.get(root_variable(name)) or None


def _refuse_path(data: str) -> None:
    """Say what to type to those who passed a folder, or forgot the suffix."""
    if is_file(Path(f"{data}.toml")):
        raise AuditError(f"there is no data set {data!r}, but a description {data}.toml; type --data {data}.toml")
    if os.sep in data or is_folder(Path(data)):
        raise AuditError(
            f"--data {data} is neither a built-in name nor a description; describe your data in a .toml file "
            '(at the least: name = "mine" and manifest = "images.parquet") and pass that file'
        )


def root_variable(name: str) -> str:
    """The environment variable that says where the files of a data set are, as in DEJAVU_AUDIT_IMAGENET_ROOT."""
    return f"DEJAVU_AUDIT_{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_ROOT"


def checked(dataset: Dataset) -> Dataset:
    """Hold a data set to the protocol, so that the fault of a plug-in is one sentence and not a crash later on."""
    lacking = [member for member in _MEMBERS if not hasattr(dataset, member)]
    if lacking:
        kind = type(dataset).__name__
        raise AuditError(f"what the data set's plug-in gives ({kind}) is no data set: it lacks {', '.join(lacking)}")
    table, who = dataset.table, f"the data set {dataset.name!r}"
    _check_columns(table, who, dataset.root)
    labels, unlabelled = np.asarray(table["label"]), not len(dataset.classes)
    if unlabelled and (labels != -1).any():
        raise AuditError(f"{who} has labels, but no classes that they stand for; name them, or make every label -1")
    if not unlabelled and (labels.min() < 0 or labels.max() >= len(dataset.classes)):
        raise AuditError(f"a label of {who} lies outside its {len(dataset.classes):,} classes")
    if len(set(dataset.classes)) != len(dataset.classes):
        raise AuditError(f"two classes of {who} have the same name; name them apart")
    ids = table["id"].take(pc.sort_indices(table["id"])).combine_chunks()  # a sixth of the memory of a hash table
    twice = pc.equal(ids[1:], ids[:-1])
    if pc.any(twice).as_py():
        first = ids[pc.index(twice, True).as_py()].as_py()
        raise AuditError(f"two pictures of {who} have the id {first!r}; ids must be unique")
    for name in pc.unique(table["set"]).to_pylist():
        if name is not None and name not in SETS:
            raise unknown("set", str(name), SETS, hint=f"(in the column 'set' of {who})")
    return dataset


def _check_columns(table: pa.Table, who: str, root: str) -> None:
    for column, (wanted, fits) in _COLUMNS.items():
        if column not in table.column_names:
            raise AuditError(f"{who} has no column {column!r} in its table; found: {', '.join(table.column_names)}")
        if not fits(table[column].type):
            raise AuditError(
                f"the column {column!r} of {who} is of type {table[column].type}; it must be of type {wanted}"
            )
    for column, (wanted, fits) in _TOLD.items():
        if column in table.column_names and not fits(table[column].type):
            raise AuditError(
                f"the column {column!r} of {who} is of type {table[column].type}; it must be of type {wanted}"
            )
    if table.num_rows == 0:
        raise AuditError(f"{who} holds no picture (looked in {root})")
    for column in ("id", "path", "label", "boxed"):
        if table[column].null_count:
            raise AuditError(f"the column {column!r} of {who} has {table[column].null_count:,} empty places; fill them")
