"""What two runs must share so that their samples can be compared: data, sets, references, method and settings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dejavu_audit.errors import AuditError
from dejavu_audit.report.folder import SPLIT
from dejavu_audit.report.ranking import is_, strings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.report.reading import Run

SETTINGS = (
    "test", "k", "query", "top_objects", "captions", "tagger", "tagger_options", "tag_threshold", "crop", "min_side",
    "corner", "corner_fraction", "folds", "match", "keep_duplicates", "compat", "data_options",
)  # fmt: skip
"""Fields of the configuration that decide what is asked of each sample; the audited model may be another."""
_OF_REFERENCE = ("folds", "notes", "training_data", "contaminated")
"""What a reference's description tells of one fit, or in words."""
_WORDS = {
    "method_version": "method version",
    "data": "data set",
    "public": "public pictures",
    "fit": "pictures that the reference learns from",
    "references": "reference",
}
KEY_BYTES = 6
"""Of a sample's key: of a million samples two are alike once in 500 runs; such are left out."""


def fingerprints(run: Run) -> dict[str, Any]:
    """What must be equal, as JSON has it; paths are told by their last part alone."""
    record = run.record
    described = [one.description for one in record.references] or [record.reference]
    return {
        "method_version": record.method_version,
        "data": record.data.name,
        **_of_sets(run.path / SPLIT),
        "references": [
            {key: portable(value) for key, value in sorted(one.items()) if key not in _OF_REFERENCE}
            for one in described
        ],
        "settings": {key: portable(record.config.get(key)) for key in SETTINGS},
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two runs' fingerprints, in words; of sets that are not known nothing is said."""
    for key in ("method_version", "data"):
        if old.get(key) != new[key]:
            yield f"the {_WORDS[key]} was {old.get(key)} and is {new[key]}"
    for key, value in new["settings"].items():
        before = old.get("settings", {}).get(key)
        if before != value:
            yield f"{key} was {_told(before)} and is {_told(value)}"
    if old.get("references") != new["references"]:
        yield from _of_references(old.get("references") or [], new["references"])
    for key in ("public", "fit"):
        if None not in (old.get(key), new[key]) and old[key] != new[key]:
            yield f"the {_WORDS[key]} are others"


def _of_references(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    names = [", ".join(str(one.get("name")) for one in some) for some in (old, new)]
    if names[0] != names[1]:
        yield f"the reference was {names[0]} and is {names[1]}"
        return
    for before, now in zip(old, new, strict=True):
        for key in sorted({*before, *now}):
            if before.get(key) != now.get(key):
                yield (
                    f"the reference {now.get('name')} has another {key} ({_told(before.get(key))}, now "
                    f"{_told(now.get(key))})"
                )
                break


def _told(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def portable(value: Any) -> Any:
    """A setting without the folders of this machine: of an absolute path the last part."""
    if isinstance(value, Mapping):
        return {str(key): portable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [portable(item) for item in value]
    if isinstance(value, str) and (Path(value).is_absolute() or PureWindowsPath(value).is_absolute()):
        return PureWindowsPath(value).name  # knows both separators
    return value


def _of_sets(file: Path) -> dict[str, str | None]:
    """A hash over the sorted ids of the public and of the fit pictures; None where the run does not tell."""
    if not file.is_file():
        return {"public": None, "fit": None}
    try:
        with pq.ParquetFile(file) as parquet:
            table = parquet.read(["id", "set"])
        ids = table["id"].cast(pa.string())
        of = {name: ids.filter(pa.array(is_(table, "set", name))) for name in ("public", "fit")}
    except (pa.ArrowException, OSError, KeyError) as error:
        raise AuditError(f"{file} cannot be read; run the audit again") from error
    return {name: hashed(sorted(some.to_pylist())) for name, some in of.items()}


def hashed(parts: Iterable[str]) -> str:
    """A hash over texts, one after the other."""
    text = hashlib.blake2b(digest_size=16)
    for part in parts:
        text.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return text.hexdigest()


def sample_keys(run: Run, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """(n,) a short hash of what each sample of the table's `rows` is: its id, and the caption that is asked about."""
    table = run.samples.take(pa.array(rows))
    names = table["id"].cast(pa.string()).to_pylist()
    if "caption" in table.column_names:
        names = [f"{one}\0{said}" for one, said in zip(names, table["caption"].to_pylist(), strict=True)]
    return _short(names, KEY_BYTES)


def truths(run: Run, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """(n,) a short hash of each sample's label, or of its objects."""
    table = run.samples.take(pa.array(rows))
    if run.test == "label":
        told = strings(table, "label").to_pylist()
    else:
        told = ["\0".join(sorted(map(str, one))) for one in table["objects"].to_pylist()]
    return _short([str(one) for one in told], 2)


def _short(texts: Sequence[str], size: int) -> NDArray[np.int64]:
    known: dict[str, int] = {}
    for text in texts:
        if text not in known:
            digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
            known[text] = int.from_bytes(digest, "big")
    return np.fromiter((known[text] for text in texts), np.int64, len(texts))
