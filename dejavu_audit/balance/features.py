"""What can be known of a sample without the audited model: what targets and control are compared by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.balance.thumbnails import layout
from dejavu_audit.balance.wording import wording

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Kind: TypeAlias = Literal["number", "category", "vector"]


@dataclass(frozen=True)
class Feature:
    """One property of n samples."""

    name: str
    kind: Kind
    values: NDArray[Any]
    """Numbers (n,) float64, NaN where missing; categories (n,) int64, -1 where missing; vectors (n, d) float32, NaN
    where missing."""
    names: tuple[str, ...] = ()
    """What the categories, or the components of the vector, are called."""
    unit: str = ""

    def take(self, rows: NDArray[np.int64]) -> Feature:
        """Some of the samples."""
        return Feature(self.name, self.kind, self.values[rows], self.names, self.unit)


def gather(
    *,
    labels: ArrayLike | None = None,
    classes: Sequence[str] = (),
    crops: ArrayLike | None = None,
    looks: pa.Table | None = None,
    statistics: Sequence[str] = (),
    captions: Sequence[str | None] | None = None,
    objects: ArrayLike | None = None,
) -> dict[str, Feature]:
    """Every feature that the data have, by name; all arguments are of the same n samples, in one order.

    Args:
        labels: (n,) class numbers, -1 without one.
        classes: their names.
        crops: (n, 4) background crops x, y, w, h in pixels, of width 0 without one.
        looks: n rows of what the inspection of the pictures found; of its columns those are used that are there:
            `width`, `height` (pixels), `bytes` (of the file), `format`, `jpeg_quality` (null of other formats),
            `statistics` (fixed-size list) and `thumbnail` (8-bit pixels, grey or RGB, row by row).
        statistics: names of the places in the column `statistics`.
        captions: n captions.
        objects: (n,) number of objects, NaN where unknown.

    Raises:
        ValueError: the arguments differ in length.

    """
    found = []
    if labels is not None:
        found.append(Feature("label", "category", np.asarray(labels, np.int64), tuple(classes)))
    size = None if looks is None else _size(looks)
    if crops is not None:
        found += _crop(np.asarray(crops, np.float64), size)
    if looks is not None:
        found += _looks(looks, size, statistics)
    if captions is not None:
        found += _captions(captions)
    if objects is not None:
        found.append(Feature("number of objects", "number", np.asarray(objects, np.float64)))
    if len({len(one.values) for one in found}) > 1:
        raise ValueError(f"samples differ in number: {', '.join(f'{one.name} {len(one.values)}' for one in found)}")
    return {one.name: one for one in found}


def _crop(crops: Floats, size: Floats | None) -> list[Feature]:
    x, y, w, h = np.where(crops[:, 2:3] > 0, crops, np.nan).T
    found = [
        Feature("crop left edge", "number", x, unit="px"),
        Feature("crop top edge", "number", y, unit="px"),
        Feature("crop width", "number", w, unit="px"),
        Feature("crop height", "number", h, unit="px"),
        Feature("crop shorter side", "number", np.minimum(w, h), unit="px"),
        Feature("crop aspect", "number", _ratio(w, h)),
    ]
    if size is not None:
        found.append(Feature("crop share of the picture", "number", _ratio(w * h, size[:, 0] * size[:, 1])))
    return found


def _ratio(one: Floats, two: Floats) -> Floats:
    found: Floats = np.divide(one, two, out=np.full(one.shape, np.nan), where=two > 0)
    return found


def _size(looks: pa.Table) -> Floats | None:
    """(n, 2) width and height; NaN where unknown."""
    if not {"width", "height"} <= set(looks.column_names):
        return None
    return np.stack([_numbers(looks, "width"), _numbers(looks, "height")], axis=1)


def _numbers(looks: pa.Table, name: str) -> Floats:
    return np.asarray(looks[name].cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _looks(looks: pa.Table, size: Floats | None, statistics: Sequence[str]) -> list[Feature]:
    found, there = [], set(looks.column_names)
    if size is not None:
        found += [
            Feature("picture width", "number", size[:, 0], unit="px"),
            Feature("picture height", "number", size[:, 1], unit="px"),
            Feature("picture aspect", "number", _ratio(size[:, 0], size[:, 1])),
        ]
    if "bytes" in there:
        found.append(Feature("file size", "number", _numbers(looks, "bytes"), unit="bytes"))
    if "format" in there:
        found.append(_category("file format", looks["format"]))
    if "jpeg_quality" in there:
        found.append(Feature("JPEG quality", "number", _numbers(looks, "jpeg_quality")))
    if "statistics" in there:
        values = _vectors(looks["statistics"])
        if values.shape[1]:
            names = tuple(statistics) or tuple(f"statistic {at}" for at in range(values.shape[1]))
            found.append(Feature("pixel statistics", "vector", values, names))
    if "thumbnail" in there:
        values, names = layout(_vectors(looks["thumbnail"]))
        if values.shape[1]:
            found.append(Feature("picture layout", "vector", values, names))
    return found


def _category(name: str, column: pa.ChunkedArray) -> Feature:
    coded = pc.dictionary_encode(column.cast(pa.string())).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # an empty column, in some versions of arrow
        return Feature(name, "category", np.full(len(column), -1, np.int64))
    codes = np.asarray(pc.fill_null(coded.indices.cast(pa.int64()), -1), np.int64)
    return Feature(name, "category", codes, tuple(coded.dictionary.to_pylist()))


def _vectors(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """(n, d) of a column of lists or of bytes, NaN where null; d is 0 where every row is null."""
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind):
        rows = [None if one is None else np.frombuffer(one, np.uint8) for one in column.to_pylist()]
    else:
        rows = [None if one is None else np.asarray(one, np.float32) for one in column.to_numpy(zero_copy_only=False)]
    size = max((len(row) for row in rows if row is not None), default=0)
    values = np.full((len(rows), size), np.nan, np.float32)
    for at, row in enumerate(rows):
        if row is not None and len(row) == size:
            values[at] = row
    return values


def _captions(captions: Sequence[str | None]) -> list[Feature]:
    def counted(lengths: list[int | None]) -> Floats:
        return np.array([np.nan if length is None else length for length in lengths], np.float64)

    words = counted([None if one is None else len(one.split()) for one in captions])
    letters = counted([None if one is None else len(one) for one in captions])
    found = [Feature("caption words", "number", words), Feature("caption characters", "number", letters)]
    values, names = wording(captions)
    if names:
        found.append(Feature("caption wording", "vector", values, names))
    return found
