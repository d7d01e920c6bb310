"""Of several captions a picture: the first, a drawn one, or each as a sample of its own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.caption_column import caption_notes, clean_captions
from dejavu_audit.data.raw import are_distinct, read_bytes
from dejavu_audit.data.retabled import Retabled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from dejavu_audit.types import Annotation, Dataset, Rows


def choose_captions(dataset: Dataset, how: Literal["first", "random", "all"], seed: int) -> Dataset:
    """The data set with one caption a row, as plain text; itself if its captions are that already, or it has none.

    "first" takes the first of each list; "random" one that hangs on the seed and the id alone, not on the order of the
    table; "all" makes every caption a row with the id "<id>#<number>" and the picture's group, or its id for one, so
    that a picture is resampled whole. Blank captions are passed over; a picture without any keeps a row, caption null.
    """
    if "caption" not in dataset.table.column_names or pa.types.is_string(dataset.table["caption"].type):
        return dataset
    cleaned, faults = clean_captions(dataset.table["caption"])
    lists = pa.concat_arrays(cleaned.chunks)  # every chunk of it is list<string>
    counts = np.asarray(pc.list_value_length(lists).fill_null(0), dtype=np.int64)
    starts = np.cumsum(counts) - counts
    texts = lists.flatten()
    most, several = int(counts.max(initial=0)), int((counts > 1).sum())
    told = f"{several:,} pictures have several captions, up to {most:,}"
    notes = caption_notes(faults)
    if how == "all":
        return Captioned(dataset, texts, counts, (*notes, f"{told}: each is a sample, resampled with its picture"))
    if how == "random":
        starts = starts + _drawn(dataset.table["id"].to_pylist(), counts, seed)
    chosen = texts.take(pa.array(starts, mask=counts == 0))
    which = "the first is taken" if how == "first" else f"one is drawn by seed {seed}"
    return Retabled(dataset, {"caption": chosen}, (*notes, f"{told}: {which}") if several else notes)


def _drawn(ids: list[str], counts: Rows, seed: int) -> Rows:
    """(rows,) a number below each count (0 where that is 0), by a hash of seed and id."""
    hashes = (hashlib.blake2b(f"{seed} {one}".encode(), digest_size=8).digest() for one in ids)
    numbers = np.frombuffer(b"".join(hashes), dtype="<u8") % np.maximum(counts, 1).astype(np.uint64)
    drawn: Rows = numbers.astype(np.int64)
    return drawn


class Captioned:
    """A row a caption over a data set with a row a picture: a picture is still decoded and embedded once."""

    def __init__(self, dataset: Dataset, texts: pa.Array, counts: Rows, notes: tuple[str, ...]) -> None:
        """Take the captions of all pictures, one after the other, and the (rows,) number that each picture has."""
        rows_each = np.maximum(counts, 1)
        self.pictures: Rows = np.repeat(np.arange(len(counts)), rows_each)
        """(captions,) the row of the data set that each caption's picture has."""
        number = np.arange(len(self.pictures)) - np.repeat(np.cumsum(rows_each) - rows_each, rows_each)
        told = np.repeat(counts > 0, rows_each)
        table = dataset.table.take(pa.array(self.pictures))
        group = pc.coalesce(table["group"].cast(pa.string()), table["id"])
        ids = pc.binary_join_element_wise(table["id"], pa.array(number).cast(pa.string()), "#")
        captions = texts.take(pa.array(np.cumsum(told) - 1, mask=~told))
        for name, column in {"id": ids, "group": group, "caption": captions}.items():
            table = table.set_column(table.schema.get_field_index(name), name, column)
        self.name, self.root, self.classes = dataset.name, dataset.root, dataset.classes
        self.distinct = are_distinct(dataset)
        self.table = table.combine_chunks()
        self.notes: Sequence[str] = (*dataset.notes, *notes)
        self._dataset = dataset

    def identity(self, row: int) -> str:
        """The picture's."""
        return self._dataset.identity(int(self.pictures[row]))

    def open(self, row: int, draft: int | None = None) -> Image.Image:
        """The picture."""
        return self._dataset.open(int(self.pictures[row]), draft)

    def read(self, row: int) -> bytes | None:
        """The picture's bytes; None where the data set has none to give."""
        return read_bytes(self._dataset, int(self.pictures[row]))

    def annotation(self, row: int) -> Annotation:
        """The picture's."""
        return self._dataset.annotation(int(self.pictures[row]))
