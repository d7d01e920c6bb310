"""One tar shard of pictures with captions, as webdataset and img2dataset write them, read into a table.

Members with one key belong together: `key.jpg` (or .jpeg, .png, .webp), `key.txt` (the caption), `key.json` (caption,
and maybe objects, label, group and set) and `key.cls` (the label). The key ends at the first dot of the file's name.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from dejavu_audit.data.caption_column import LONGEST, TOO_LONG, clean_captions
from dejavu_audit.data.manifest import is_text
from dejavu_audit.data.object_column import LISTS, read_names
from dejavu_audit.data.tar_members import Member, members
from dejavu_audit.errors import AuditError

PICTURES = ("jpg", "jpeg", "png", "webp")
ENDINGS = frozenset({*PICTURES, "txt", "json", "cls"})
LARGEST_JSON = 1 << 24
SCHEMA = pa.schema(
    [
        *(("key", pa.string()), ("offset", pa.int64()), ("size", pa.int64()), ("caption", LISTS)),
        *(("label", pa.string()), ("objects", LISTS), ("group", pa.string()), ("set", pa.string())),
    ]
)


@dataclass
class _Sample:
    """What a shard has under one key."""

    picture: tuple[int, Member] | None = None
    """The place of its ending in `PICTURES`, and the member."""
    text: list[bytes] | None = None
    told: dict[str, Any] = field(default_factory=dict)
    """Of key.json."""
    label: str | None = None


@dataclass(frozen=True)
class Shard:
    """What was found in a shard."""

    table: pa.Table
    """A row a picture, in the order of the shard; the columns are those of `SCHEMA`."""
    captions: Counter[str]
    """Captions that were dropped, by fault."""
    others: Counter[str]
    """What else was left out, in words that follow a number."""


def read_shard(path: Path) -> Shard:
    """Index a shard; its pictures are passed over.

    AuditError as `members` says, for a key that comes twice, and for a label, group or set that is no text.
    """
    captions: Counter[str] = Counter()
    others: Counter[str] = Counter()
    samples: dict[str, _Sample] = {}
    for member, file in members(path):
        key, ending = _split(member.name)
        if ending not in ENDINGS:
            continue
        if not is_text(key):
            others["members whose names are not UTF-8 were left out"] += 1
            continue
        sample = samples.setdefault(key, _Sample())
        if ending in PICTURES:
            _take(sample, (PICTURES.index(ending), member), path, key)
        elif ending == "txt":
            sample.text = _text(member, file, captions)
        elif ending == "cls":
            content = _read(file, member, 1_000) if member.size <= 1_000 else b"\xff"
            sample.label = _word(content.decode(errors="surrogateescape").strip(), "label", member, path)
        else:
            sample.told = _json(member, file, others)
    lonely = sum(1 for sample in samples.values() if sample.picture is None)
    if lonely:
        others["captions without a picture were left out"] += lonely
    return _as_table(path, samples, captions, others)


def _split(name: str) -> tuple[str, str]:
    """Key and ending; the ending is blank where there is none, or where the file is hidden."""
    folder, slash, file = name.removeprefix("./").rpartition("/")
    stem, _, ending = file.partition(".")
    return folder + slash + stem, ending.lower() if stem else ""


def _take(sample: _Sample, found: tuple[int, Member], path: Path, key: str) -> None:
    """Keep the picture; of several formats, the one that `PICTURES` has first."""
    if sample.picture is not None and sample.picture[0] == found[0]:
        raise AuditError(
            f"the shard {path} has two pictures of the key {key!r}, the second is {found[1].name!r}; "
            "give every picture a key of its own"
        )
    if sample.picture is None or found[0] < sample.picture[0]:
        sample.picture = found


def _read(file: IO[bytes], member: Member, most: int) -> bytes:
    file.seek(member.offset)
    return file.read(min(member.size, most))


def _text(member: Member, file: IO[bytes], captions: Counter[str]) -> list[bytes]:
    if member.size > 4 * LONGEST:  # no character takes more than four bytes
        captions[TOO_LONG] += 1
        return []
    return [_read(file, member, 4 * LONGEST)]


def _json(member: Member, file: IO[bytes], others: Counter[str]) -> dict[str, Any]:
    told = None
    if member.size <= LARGEST_JSON:
        with contextlib.suppress(ValueError, RecursionError):  # not UTF-8 is a ValueError too
            told = json.loads(_read(file, member, LARGEST_JSON))
    if not isinstance(told, dict):
        others[f".json members are no JSON object of up to {LARGEST_JSON >> 20} MiB and were left out"] += 1
        return {}
    return told


def _captions(sample: _Sample) -> list[bytes] | None:
    """A list in key.json, else key.txt, else the caption in key.json."""
    told = sample.told.get("caption")
    if isinstance(told, str):
        told = [told]
        if sample.text is not None:
            return sample.text
    if not isinstance(told, list):
        return sample.text
    # Half a character, which JSON can spell, is no UTF-8: counted with the others.
    return [one.encode(errors="surrogatepass") for one in told if isinstance(one, str)]


def _objects(sample: _Sample, others: Counter[str]) -> list[str] | None:
    told = sample.told.get("objects")
    if told is None:
        return None
    names = read_names(told) if isinstance(told, str) else told
    if not isinstance(names, list) or not all(isinstance(name, str) and is_text(name) for name in names):
        others["lists of objects are no lists of names and were left out"] += 1
        return None
    return names


def _word(value: Any, what: str, member: Member | None, path: Path) -> str | None:
    """Text, or a whole number as text; None for a blank."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not is_text(value):
        of = f"of {member.name!r}" if member else "in a .json member"
        raise AuditError(f"the shard {path} has the {what} {value!r} {of}; write a name or a whole number")
    return value


def _as_table(path: Path, samples: dict[str, _Sample], captions: Counter[str], others: Counter[str]) -> Shard:
    kept = {key: (sample, sample.picture[1]) for key, sample in samples.items() if sample.picture is not None}
    told = [sample for sample, _ in kept.values()]
    raw = pa.array([_captions(sample) for sample in told], pa.list_(pa.binary()))
    clean, faults = clean_captions(pa.chunked_array([raw]))
    columns = {
        "key": list(kept),
        "offset": [member.offset for _, member in kept.values()],
        "size": [member.size for _, member in kept.values()],
        "label": [sample.label or _word(sample.told.get("label"), "label", None, path) for sample in told],
        "objects": [_objects(sample, others) for sample in told],
        "group": [_word(sample.told.get("group"), "group", None, path) for sample in told],
        "set": [_word(sample.told.get("set"), "set", None, path) for sample in told],
    }
    arrays = {name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()}
    table = pa.table({**arrays, "caption": clean.combine_chunks()}).select(SCHEMA.names).cast(SCHEMA)
    return Shard(table, captions + faults, others)
