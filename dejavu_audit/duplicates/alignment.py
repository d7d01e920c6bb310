"""Lays one thumbnail on another: which window of A shows what B shows, and how well do they agree there?

Windows are refined by inverse compositional Gauss-Newton steps on brightness up to gain and offset (Baker and Matthews,
Lucas-Kanade 20 years on, 2004, sections 3.2 and 5): a picture is registered, not just compared where it lies.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from dejavu_audit.embeddings.workers import cores
from dejavu_audit.inspection.looking import THUMBNAIL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

_PIXELS = THUMBNAIL**2
STEPS = 4, 2
"""Steps at half the size, and then at full size."""
PROMISING = 0.8
"""Correlation at half the size under which a pair is not looked at any closer."""
BLOCK = 256
"""Pairs at once: what they need stays in the processor's cache."""
_LONGEST_STEP = 0.06
_SCALES = 0.75, 1.33
_DETAIL = 1.5
"""Pixels of the blur that is taken off to see the detail."""
_SOFTENED = 0.6
"""Pixels by which both are blurred first: thumbnails of a crop fall on other pixels, which is no disagreement."""


@dataclass(frozen=True)
class Aligned:
    """How n pairs agree, over what both show; all 0 of pairs that hold no promise at half the size."""

    windows: Pixels
    """(n, 4) x, w, y, h: what of A is seen in B, as shares of A; partly outside where B shows more."""
    structure: Pixels
    """(n,) correlation, after a smooth shading (a polynomial of degree two) is taken off both."""
    detail: Pixels
    """(n,) correlation of what a blur of 1.5 pixels loses."""
    relief: Pixels
    """(n,) grey levels of standard deviation that are left of the flatter picture without its smooth shading."""
    difference: Pixels
    """(n,) mean difference of grey levels, neither gain nor offset taken off."""
    overlap: Pixels
    """(n,) share of B that lies on A."""


def align(one: NDArray[np.uint8], other: NDArray[np.uint8], windows: Pixels) -> Aligned:
    """(n, 32, 32) thumbnails A and B, and the (n, 4) windows of A to start from; done by a thread a core."""

    def block(start: int) -> Aligned:
        some = slice(start, start + BLOCK)
        a, b = (_blurred(part[some].astype(np.float32), _SOFTENED) for part in (one, other))
        return _align(a, b, windows[some].astype(np.float32))

    with ThreadPoolExecutor(cores()) as threads:  # numpy lets go of the interpreter's lock
        parts = list(threads.map(block, range(0, max(1, len(one)), BLOCK)))
    return Aligned(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Aligned)))


def _align(one: Pixels, other: Pixels, windows: Pixels) -> Aligned:
    agreement, windows = _refined(_halved(one), _halved(other), windows, STEPS[0])
    at = np.flatnonzero(agreement >= PROMISING)
    _, found = _refined(one[at], other[at], windows[at], STEPS[1])
    measured = _measured(one[at], other[at], found)
    every = []
    for field in fields(Aligned):
        values: Pixels = getattr(measured, field.name)
        filled = np.zeros((len(one), *values.shape[1:]), np.float32)
        filled[at] = values
        every.append(filled)
    return Aligned(*every)


def _halved(pictures: Pixels) -> Pixels:
    rows = pictures[:, ::2] + pictures[:, 1::2]
    return np.asarray((rows[:, :, ::2] + rows[:, :, 1::2]) / 4, np.float32)


def _refined(one: Pixels, other: Pixels, windows: Pixels, steps: int) -> tuple[Pixels, Pixels]:
    """The best correlation of (n, s, s) pictures on the way of so many steps, and the windows that gave it."""
    n, side = other.shape[:2]
    level = other.reshape(n, side**2)
    template = _normalised(level, None)
    slopes = _slopes(other, template)
    turned = np.ascontiguousarray(slopes.transpose(0, 2, 1))
    curvature = np.matmul(turned, slopes)
    trace = np.trace(curvature, axis1=1, axis2=2)[:, None, None]
    curvature += np.eye(4, dtype=np.float32) * (1e-3 * trace / 4 + 1e-9)
    best, kept = np.full(n, -2, np.float32), windows
    for step in range(steps + 1):
        seen, inside = (part.reshape(n, side**2) for part in _seen(one, windows))
        agreement = _correlation(seen, level, inside)
        better = agreement > best
        best, kept = np.where(better, agreement, best), np.where(better[:, None], windows, kept)
        if step < steps:
            error = (_normalised(seen, inside) - template) * inside
            moved = np.linalg.solve(curvature, np.matmul(turned, error[:, :, None]))[:, :, 0]
            windows = _moved(windows, np.clip(-moved, -_LONGEST_STEP, _LONGEST_STEP))
    return best, kept


def _moved(windows: Pixels, by: Pixels) -> Pixels:
    """Windows after a shift and a stretch about the middle, of B's frame: dx, dw, dy, dh as shares."""
    x, w, y, h = windows.T
    least, most = _SCALES
    across = x + w * (by[:, 0] - by[:, 1] / 2), np.clip(w * (1 + by[:, 1]), least, most)
    down = y + h * (by[:, 2] - by[:, 3] / 2), np.clip(h * (1 + by[:, 3]), least, most)
    return np.stack([*across, *down], axis=1).astype(np.float32)


def _seen(one: Pixels, windows: Pixels) -> tuple[Pixels, Pixels]:
    """What the windows show, (n, s, s), and 1 where that lies on the picture."""
    side = one.shape[1]
    columns, across = _samples(windows[:, 0], windows[:, 1], side)
    rows, down = _samples(windows[:, 2], windows[:, 3], side)
    seen: Pixels = np.matmul(np.matmul(rows, one), columns.transpose(0, 2, 1))
    return seen, down[:, :, None] * across[:, None, :]


def _samples(start: Pixels, length: Pixels, side: int) -> tuple[Pixels, Pixels]:
    """(n, s, s) weights of linear interpolation, see `windows.interpolation`; (n, s) 1 where on the picture."""
    at = (start[:, None] + _middles(side) * length[:, None]) * side - np.float32(0.5)
    inside = ((at > -0.75) & (at < side - 0.25)).astype(np.float32)
    distance = np.abs(np.clip(at, 0, side - 1)[:, :, None] - np.arange(side, dtype=np.float32))
    weights: Pixels = np.maximum(0, 1 - distance)
    return weights, inside


def _middles(side: int) -> Pixels:
    return (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)


def _normalised(rows: Pixels, weights: Pixels | None) -> Pixels:
    """Rows less their mean, of unit length; with weights, by what is weighted."""
    if weights is None:
        rows = rows - rows.mean(axis=1, keepdims=True)
        length = np.sqrt(np.einsum("np,np->n", rows, rows))[:, None]
        unit: Pixels = rows / np.maximum(length, np.float32(1e-3))
        return unit
    share = np.maximum(weights.mean(axis=1, keepdims=True), 1e-3)
    rows = (rows - (rows * weights).mean(axis=1, keepdims=True) / share) * weights
    length = np.sqrt(np.einsum("np,np->n", rows, rows)[:, None] / share)
    unit = rows / np.maximum(length, np.float32(1e-3))
    return unit


def _slopes(other: Pixels, template: Pixels) -> Pixels:
    """(n, s * s, 4): how the normalised B changes with shift and stretch; gain and offset are projected out."""
    n, side = other.shape[:2]
    across, down = np.zeros_like(other), np.zeros_like(other)
    across[:, :, 1:-1] = (other[:, :, 2:] - other[:, :, :-2]) * (side / 2)
    down[:, 1:-1] = (other[:, 2:] - other[:, :-2]) * (side / 2)
    middle = _middles(side) - np.float32(0.5)
    slopes = np.stack([across, across * middle, down, down * middle[:, None]], axis=3).reshape(n, side**2, 4)
    length = np.sqrt(np.maximum(other.reshape(n, side**2).var(axis=1) * side**2, 1e-6))
    slopes /= length[:, None, None]
    slopes -= slopes.mean(axis=1, keepdims=True)
    along = np.matmul(template[:, None, :], slopes)
    found: Pixels = slopes - template[:, :, None] * along
    return found


def _correlation(one: Pixels, other: Pixels, weights: Pixels) -> Pixels:
    """(n,) weighted correlation of the rows; 0 where one of them is constant."""
    share = np.maximum(weights.sum(axis=1, keepdims=True), 1e-3)
    one = (one - (one * weights).sum(axis=1, keepdims=True) / share) * weights
    other = (other - (other * weights).sum(axis=1, keepdims=True) / share) * weights
    both = np.einsum("np,np->n", one, other)
    scale = np.einsum("np,np->n", one, one) * np.einsum("np,np->n", other, other)
    return np.where(scale > 1e-6, both / np.sqrt(np.maximum(scale, 1e-12)), 0).astype(np.float32)


def _measured(one: Pixels, other: Pixels, windows: Pixels) -> Aligned:
    seen, inside = _seen(one, windows)
    n = len(one)
    weights = inside.reshape(n, _PIXELS)
    share = np.maximum(weights.sum(axis=1), 1e-3)
    bare_one, bare_other = _unshaded(seen.reshape(n, _PIXELS)), _unshaded(other.reshape(n, _PIXELS))
    relief = np.minimum(*(np.einsum("np,np,np->n", bare, bare, weights) for bare in (bare_one, bare_other)))
    fine_one, fine_other = ((part - _blurred(part, _DETAIL)).reshape(n, _PIXELS) for part in (seen, other))
    return Aligned(
        windows=windows,
        structure=_correlation(bare_one, bare_other, weights),
        detail=_correlation(fine_one, fine_other, weights),
        relief=np.sqrt(relief / share).astype(np.float32),
        difference=((np.abs(seen - other).reshape(n, _PIXELS) * weights).sum(axis=1) / share).astype(np.float32),
        overlap=weights.mean(axis=1),
    )


def _unshaded(rows: Pixels) -> Pixels:
    """(n, 1024) less the polynomial of degree two that fits each picture best."""
    basis = _shadings()
    found: Pixels = rows - np.matmul(np.matmul(rows, basis), basis.T)
    return found


@cache
def _shadings() -> Pixels:
    """(1024, 6) orthonormal polynomials of degree up to two."""
    middle = _middles(THUMBNAIL) - np.float32(0.5)
    y, x = np.meshgrid(middle, middle, indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=2).reshape(_PIXELS, 6)
    basis: Pixels = np.linalg.qr(terms)[0].astype(np.float32)
    return basis


def _blurred(pictures: Pixels, pixels: float) -> Pixels:
    blur = _blur(pixels)
    found: Pixels = np.matmul(np.matmul(blur, pictures), blur.T)
    return found


@cache
def _blur(pixels: float) -> Pixels:
    blur: Pixels = gaussian_filter1d(np.eye(THUMBNAIL), pixels, axis=0, mode="nearest").astype(np.float32)
    return blur
