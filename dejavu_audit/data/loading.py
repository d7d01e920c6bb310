"""From the configuration to a data set: a built-in or installed one by name, or the user's own by its description."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit import plugins
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import SetName

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Dataset

SETS: tuple[SetName, ...] = ("target", "control", "public", "fit")
_COLUMNS = {
    "id": pa.types.is_string,
    "path": pa.types.is_string,
    "label": pa.types.is_integer,
    "boxed": pa.types.is_boolean,
    "set": lambda type_: pa.types.is_string(type_) or pa.types.is_dictionary(type_) or pa.types.is_null(type_),
    "group": lambda type_: pa.types.is_string(type_) or pa.types.is_dictionary(type_) or pa.types.is_null(type_),
}


def load_dataset(config: AuditConfig) -> Dataset:
    """Load what `--data` names; AuditError where it is unknown, its files are missing, or a plug-in gives nonsense."""
    data = config.data
    root = config.root or os.environ.get(root_variable(data))
    if data.endswith(".toml") or Path(data).is_file():
        from dejavu_audit.data.description import load

        if config.data_options:
            raise AuditError(f"--data-option is for built-in data sets; write the settings into {data} instead")
        return checked(load(Path(data), root))
    if data not in plugins.names(plugins.DATASETS) and (os.sep in data or Path(data).exists()):
        raise AuditError(
            f"--data {data} is neither a built-in name nor a description; describe your data in a .toml file "
            '(at the least: name = "mine" and manifest = "images.parquet") and pass that file'
        )
    load_named = plugins.find(plugins.DATASETS, data, kind="data set")
    return checked(load_named(root, config.data_options, config.seed))


def root_variable(data: str) -> str:
    """The environment variable that says where the files of a data set are, as in DEJAVU_AUDIT_IMAGENET_ROOT."""
    return f"DEJAVU_AUDIT_{re.sub(r'[^A-Za-z0-9]', '_', Path(data).stem).upper()}_ROOT"


def checked(dataset: Dataset) -> Dataset:
    """Hold a data set to the protocol, so that the fault of a plug-in is one sentence and not a crash later on."""
    table, who = dataset.table, f"the data set {dataset.name!r}"
    for column, fits in _COLUMNS.items():
        if column not in table.column_names:
            raise AuditError(f"{who} has no column {column!r} in its table; found: {', '.join(table.column_names)}")
        if not fits(table[column].type):
            raise AuditError(
                f"the column {column!r} of {who} is of type {table[column].type}, which is not what it must be"
            )
    if table.num_rows == 0:
        raise AuditError(f"{who} holds no picture (looked in {dataset.root})")
    for column in ("id", "label", "boxed"):
        if table[column].null_count:
            raise AuditError(f"the column {column!r} of {who} has {table[column].null_count:,} empty places; fill them")
    labels = np.asarray(table["label"])
    if labels.min() < 0 or labels.max() >= len(dataset.classes):
        raise AuditError(f"a label of {who} lies outside its {len(dataset.classes):,} classes")
    if len(set(dataset.classes)) != len(dataset.classes):
        raise AuditError(f"two classes of {who} have the same name; name them apart")
    if pc.count_distinct(table["id"]).as_py() != table.num_rows:
        counts = pc.value_counts(table["id"])
        twice = next(entry["values"].as_py() for entry in counts if entry["counts"].as_py() > 1)
        raise AuditError(f"two pictures of {who} have the id {twice!r}; ids must be unique")
    for name in pc.unique(table["set"]).to_pylist():
        if name is not None and name not in SETS:
            raise unknown("set", str(name), SETS, hint=f"(in the column 'set' of {who})")
    return dataset
