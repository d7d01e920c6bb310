"""Lists of who was in whose training data: `--members`, and for the symmetric test `--reference-members`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.loading import SETS
from dejavu_audit.data.manifest import FORMATS, is_file, read_manifest, user_path
from dejavu_audit.data.retabled import Retabled
from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Dataset, Rows, SetName


def with_members(dataset: Dataset, config: AuditConfig) -> Dataset:
    """The data set with its lists applied: members are targets, the reference's members stand in the control's place.

    What the data prescribe of targets (and of the control, with two lists) gives way to the lists; pictures that are in
    no list are free. AuditError for lists that cannot be read, name other data, overlap, or contradict what the data
    prescribe.
    """
    if config.reference_members and not config.members:
        raise AuditError("--reference-members is one half of the symmetric test; give the other as --members FILE")
    if config.reference_members and not config.reference:
        raise AuditError("--reference-members lists what a second encoder was trained on; name it by --reference")
    if not config.members:
        return dataset
    lists: list[tuple[str, SetName, str]] = [("--members", "target", config.members)]
    if config.reference_members:
        lists.append(("--reference-members", "control", config.reference_members))
    found = [_rows(flag, file, dataset) for flag, _, file in lists]
    both = np.intersect1d(found[0], found[1]) if len(found) == 2 else found[0][:0]
    if len(both):
        first = dataset.table["id"][int(both[0])].as_py()
        raise AuditError(
            f"{len(both):,} ids are in both --members and --reference-members, the first is {first!r}; what both "
            "encoders saw tells nothing: take it out of both lists"
        )
    given = dataset.table["set"].cast(pa.string())
    places = np.array(pc.index_in(given, value_set=pa.array(SETS)).fill_null(-1), np.int64)
    # The lists say who is a target; in the symmetric test, held-out pictures that neither encoder saw have no part.
    places[np.isin(places, [SETS.index("target"), SETS.index("control")][: len(lists)])] = -1
    for (flag, name, file), rows in zip(lists, found, strict=True):
        place = SETS.index(name)
        other = rows[(places[rows] >= 0) & (places[rows] != place)]
        if len(other):
            raise AuditError(
                f"{flag} {file} lists {len(other):,} pictures that {dataset.name} prescribes as "
                f"{SETS[places[other[0]]]}, {dataset.table['id'][int(other[0])].as_py()!r} for one; mend one of the two"
            )
        places[rows] = place
    sets = pa.array(SETS).take(pa.array(places, mask=places < 0))
    notes = tuple(
        f"{flag} {file} lists {len(rows):,} pictures" for (flag, _, file), rows in zip(lists, found, strict=True)
    )
    return Retabled(dataset, {"set": sets}, notes)


def _rows(flag: str, file: str, dataset: Dataset) -> Rows:
    """The rows of the ids in a list: a line each in a text file, or the column `id` of a table."""
    path = user_path(file)
    if path.suffix.lower() in FORMATS:
        manifest = read_manifest(path, {"id"})
        manifest.full("id")
        ids = manifest.text("id").combine_chunks()
    else:
        if not is_file(path):
            raise AuditError(
                f"{flag}: there is no file {path}; give a text file with an id a line, or {', '.join(FORMATS)}"
            )
        try:
            lines = path.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise AuditError(f"{flag} {path} cannot be read as text: {error}") from None
        ids = pa.array([line.strip() for line in lines if line.strip()], pa.string())
    at = pc.index_in(pc.unique(ids), value_set=dataset.table["id"].combine_chunks())
    if not len(ids):
        raise AuditError(f"{flag} {path} is empty; write an id a line")
    rows = np.asarray(at.drop_null(), dtype=np.int64)
    if not len(rows):
        raise AuditError(
            f"none of the {len(ids):,} ids in {flag} {path} is one of {dataset.name}, {ids[0].as_py()!r} for one; "
            f"its ids look like {dataset.table['id'][0].as_py()!r}"
        )
    return np.sort(rows)
