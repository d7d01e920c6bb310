"""Rectangles of background: pure functions from picture sizes and boxes to crops, vectorised over pictures.

Boxes are (x0, y0, x1, y1) in pixels, edges not pixel indices: a box covers x0 <= x < x1. They are clipped to the
picture and rounded outward to whole pixels, so that a crop disjoint from them touches no annotated pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

# (left edge, right edge) pairs worked on at once: every array of a block then fits into a core's cache.
_BLOCK = 1 << 16


def whole_pixels(boxes: Floats, sizes: Ints) -> Ints:
    """(..., b, 4) boxes, clipped to pictures of (..., 2) sizes (width, height) and rounded outward."""
    limits = np.concatenate([sizes, sizes], axis=-1)[..., None, :]
    clipped = np.clip(boxes, 0, limits)
    outward = np.concatenate([np.floor(clipped[..., :2]), np.ceil(clipped[..., 2:])], axis=-1)
    return outward.astype(np.int64)


def largest_background(sizes: Ints, boxes: Floats, counts: Ints | None = None) -> Ints:
    """Of ALL whole-pixel rectangles disjoint from a picture's boxes, the one with the largest shorter side.

    Ties: larger area, then smaller y, then smaller x (method 1.1). `sizes` is (n, 2) widths and heights, `boxes` padded
    (n, b, 4), of which the first `counts[i]` are picture i's (None: all). Gives (n, 4) x, y, w, h; w = h = 0 where the
    boxes leave nothing. ValueError for boxes that are reversed or not numbers. O(b^3) a picture, in bounded memory.
    """
    sizes, boxes = np.asarray(sizes, dtype=np.int64), np.asarray(boxes, dtype=np.float64)
    n, b = boxes.shape[:2]
    counts = np.full(n, b) if counts is None else np.asarray(counts)
    real = boxes[np.arange(b) < counts[:, None]]
    if not (real[:, :2] <= real[:, 2:]).all():  # a comparison with NaN is false too
        raise ValueError("a box is reversed or not a number")
    found = np.zeros((n, 4), dtype=np.int64)
    for rows, count in _blocks(counts):
        found[rows] = _largest(sizes[rows], whole_pixels(boxes[rows, :count], sizes[rows]))
    return found


def _blocks(counts: Ints) -> Iterator[tuple[Ints, int]]:
    """Row numbers of pictures with equally many boxes, so that nothing is padded; bounded in work."""
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        step = max(1, _BLOCK // (int(count) + 1) ** 2)
        for start in range(0, len(rows), step):
            yield rows[start : start + step], int(count)


def _largest(sizes: Ints, boxes: Ints) -> Ints:
    """The winner is maximal: its left edge is 0 or some box's right edge, its right edge the width or some left edge.

    For every such pair of edges a sweep down the boxes finds the tallest gap between those that reach between the
    edges. At a given width the tallest has both the larger shorter side and the larger area, so one gap is enough.
    """
    order = np.argsort(boxes[..., 1], axis=1, kind="stable")
    x0, y0, x1, y1 = np.moveaxis(np.take_along_axis(boxes, order[..., None], axis=1).astype(np.int32), -1, 0)
    width, height = sizes.astype(np.int32).T
    zero = np.zeros((len(sizes), 1), dtype=np.int32)
    left = np.concatenate([zero, x1], axis=1)[:, :, None]  # (n, b + 1, 1)
    right = np.concatenate([width[:, None], x0], axis=1)[:, None, :]  # (n, 1, b + 1)

    shape = np.broadcast_shapes(left.shape, right.shape)
    floor, tallest, top = (np.zeros(shape, dtype=np.int32) for _ in range(3))  # floor: lowest box edge so far
    for j in range(boxes.shape[1]):
        inside = (x0[:, j, None, None] < right) & (x1[:, j, None, None] > left)
        gap = np.where(inside, y0[:, j, None, None] - floor, 0)
        better = gap > tallest
        np.copyto(tallest, gap, where=better)
        np.copyto(top, floor, where=better)
        np.maximum(floor, y1[:, j, None, None], out=floor, where=inside)
    gap = height[:, None, None] - floor
    better = gap > tallest
    np.copyto(tallest, gap, where=better)
    np.copyto(top, floor, where=better)
    return _winner(left, top, np.maximum(right - left, 0), tallest)


def _winner(left: NDArray[np.int32], top: NDArray[np.int32], w: NDArray[np.int32], h: NDArray[np.int32]) -> Ints:
    """Of each picture's candidates the best; (shorter, longer) orders like (shorter, area)."""
    shorter, longer = np.minimum(w, h).astype(np.int64), np.maximum(w, h)
    n = len(w)
    size = np.where(shorter > 0, shorter << 32 | longer, 0).reshape(n, -1)
    place = (top.astype(np.int64) << 32 | left).reshape(n, -1)
    best = size.max(axis=1, keepdims=True)
    pick = np.where(size == best, place, np.iinfo(np.int64).max).argmin(axis=1)
    lefts = np.broadcast_to(left, w.shape)
    rows = np.arange(n)
    found = np.stack([part.reshape(n, -1)[rows, pick] for part in (lefts, top, w, h)], axis=1).astype(np.int64)
    found[best[:, 0] == 0] = 0
    return found


def strip_background(size: tuple[int, int], boxes: Floats) -> tuple[int, int, int, int]:
    """The best gap within columns between consecutive x-edges of one picture's (b, 4) boxes: x, y, w, h.

    What the published code of the label test looks at (Meehan et al. 2023): within a column, the gaps between the boxes
    that reach into it; the largest shorter side wins, the last one (rightmost, then lowest) among equals.
    (0, 0, 0, 0) where the boxes leave nothing.
    """
    pixels = whole_pixels(np.asarray(boxes, dtype=np.float64), np.asarray(size, dtype=np.int64))
    pixels = pixels[np.argsort(pixels[:, 1], kind="stable")]
    edges = np.unique(np.concatenate([[0, size[0]], pixels[:, 0], pixels[:, 2]]))
    left, right = edges[:-1], edges[1:]
    if not len(left):
        return 0, 0, 0, 0
    inside = (pixels[:, :1] < right) & (pixels[:, 2:3] > left)  # (b, columns)
    ends = np.where(inside, pixels[:, 3:], 0)
    floor = np.maximum.accumulate(np.vstack([np.zeros_like(left), ends]), axis=0)  # (b + 1, columns)
    gaps = np.where(inside, pixels[:, 1:2] - floor[:-1], 0)
    heights = np.vstack([gaps, size[1] - floor[-1]])
    shorter = np.maximum(np.minimum(heights, right - left), 0).T  # (columns, b + 1): the order that decides ties
    last = shorter.size - 1 - int(shorter.ravel()[::-1].argmax())
    column, gap = divmod(last, shorter.shape[1])
    if shorter[column, gap] == 0:
        return 0, 0, 0, 0
    x, y = int(left[column]), int(floor[gap, column])
    return x, y, int(right[column]) - x, int(heights[gap, column])
