"""What can be said of a picture's pixels without knowing what it shows: colour, contrast, sharpness, layout.

None of it needs a model, so that it can tell whether two sets of pictures were drawn alike (method: section 4.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

SIDE = 64
"""Pixels a side of the brightness that is looked at, whatever the picture's shape was; of its colours half as many."""
_BINS = 8
_CELLS = 3
_LEVELS = (5, 50, 95)
_CHANNELS = ("red", "green", "blue")

STATISTICS: tuple[str, ...] = (
    "aspect",
    *(f"mean {channel}" for channel in _CHANNELS),
    *(f"spread of {channel}" for channel in _CHANNELS),
    "mean saturation",
    "spread of saturation",
    "colourfulness",
    "contrast",
    *(f"brightness, percentile {level}" for level in _LEVELS),
    "share of black",
    "share of white",
    "edges across",
    "edges down",
    "sharpness",
    *(f"detail of {size} px" for size in (2, 4, 8)),
    "border less centre",
    *(f"brightness, bin {number + 1}" for number in range(_BINS)),
    *(f"hue, bin {number + 1}" for number in range(_BINS)),
    *(
        f"{channel} of row {row + 1}, column {column + 1}"
        for row in range(_CELLS)
        for column in range(_CELLS)
        for channel in _CHANNELS
    ),
)
"""Names of the places of a picture's statistics. Brightness and colours count from 0 to 1."""


def statistics(grey: NDArray[np.uint8], colours: NDArray[np.uint8], aspect: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of n pictures to (n, len(STATISTICS)), all finite.

    Args:
        grey: (n, 64, 64) brightness: tells edges and detail.
        colours: (n, 32, 32, 3) RGB: tells colours, levels and layout.
        aspect: (n,) log(width / height).

    """
    n = len(grey)
    flat = colours.reshape(n, colours.shape[1] * colours.shape[2], 3)
    planes = np.ascontiguousarray(flat.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
    levels: Pixels = np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), planes, 1)
    saturation, hue = _saturation_and_hue(planes)
    fine = grey.astype(np.float32) / np.float32(255)
    parts = [
        aspect[:, None],
        planes.mean(axis=2).T,
        planes.std(axis=2).T,
        saturation.mean(axis=1, keepdims=True),
        saturation.std(axis=1, keepdims=True),
        _colourfulness(planes),
        levels.std(axis=1, keepdims=True),
        np.percentile(levels, _LEVELS, axis=1).T,
        (levels < 8 / 255).mean(axis=1, keepdims=True),
        (levels > 247 / 255).mean(axis=1, keepdims=True),
        np.abs(fine[:, :, 1:] - fine[:, :, :-1]).mean(axis=(1, 2))[:, None],
        np.abs(fine[:, 1:] - fine[:, :-1]).mean(axis=(1, 2))[:, None],
        _sharpness(fine),
        _detail(fine),
        _border(fine),
        _shares(levels, np.ones_like(levels)),
        _shares(hue, saturation),
        _layout(colours),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32, copy=False)


def _saturation_and_hue(planes: Pixels) -> tuple[Pixels, Pixels]:
    """(3, n, p) to (n, p) each; hue from 0 to 1 around the circle, 0 where there is none."""
    red, green, blue = planes
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    chroma = most - least
    safe = np.where(chroma > 0, chroma, 1)
    hue = np.where(
        most == red,
        (green - blue) / safe,
        np.where(most == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    hue = np.where(hue < 0, hue + 6, hue) / 6
    return chroma / np.where(most > 0, most, 1), np.where(chroma > 0, hue, 0).astype(np.float32)


def _colourfulness(planes: Pixels) -> Pixels:
    """(n, 1), after Hasler and Suesstrunk, Measuring colourfulness in natural images (2003), equation 3."""
    red, green, blue = planes
    one, two = red - green, (red + green) / 2 - blue
    spread = np.hypot(one.std(axis=1), two.std(axis=1))
    found: Pixels = (spread + 0.3 * np.hypot(one.mean(axis=1), two.mean(axis=1)))[:, None]
    return found


def _sharpness(grey: Pixels) -> Pixels:
    """(n, 1) log of 1 and the variance of the Laplacian in squared grey levels: low where a picture is blurred."""
    middle = grey[:, 1:-1, 1:-1]
    laplacian = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:] - 4 * middle
    found: Pixels = np.log1p(255**2 * laplacian.var(axis=(1, 2)))[:, None]
    return found


def _detail(grey: Pixels) -> Pixels:
    """(n, 3) spread that is lost each time the picture is halved: of structures 2, 4 and 8 pixels wide."""
    lost = []
    spread = grey.var(axis=(1, 2))
    for _ in range(3):
        rows = grey[:, ::2] + grey[:, 1::2]
        grey = np.asarray((rows[:, :, ::2] + rows[:, :, 1::2]) / 4, np.float32)
        left = grey.var(axis=(1, 2))
        lost.append(np.sqrt(np.maximum(spread - left, 0)))
        spread = left
    return np.stack(lost, axis=1)


def _border(grey: Pixels) -> Pixels:
    """(n, 1) mean brightness of the outer eighth less that of the rest: objects on white, dark corners."""
    side = grey.shape[1]
    rim = side // 8
    whole, inner = grey.sum(axis=(1, 2)), grey[:, rim:-rim, rim:-rim].sum(axis=(1, 2))
    inside = (side - 2 * rim) ** 2
    found: Pixels = ((whole - inner) / (side**2 - inside) - inner / inside)[:, None]
    return found


def _shares(values: Pixels, weights: Pixels) -> Pixels:
    """(n, bins) shares of the weight, of values from 0 to 1; all 0 where there is no weight."""
    n = len(values)
    place = (values * _BINS).astype(np.int64).clip(0, _BINS - 1) + _BINS * np.arange(n)[:, None]
    counted = np.bincount(place.ravel(), weights.ravel(), n * _BINS).reshape(n, _BINS)
    total = weights.sum(axis=1, dtype=np.float64)[:, None]
    found: Pixels = np.divide(counted, total, out=np.zeros_like(counted), where=total > 0).astype(np.float32)
    return found


def _layout(colours: NDArray[np.uint8]) -> Pixels:
    """(n, 27) mean colours of nine fields, row by row."""
    cuts = np.linspace(0, colours.shape[1], _CELLS + 1).astype(int)
    rows = np.add.reduceat(colours, cuts[:-1], axis=1, dtype=np.float32)
    fields = np.add.reduceat(rows, cuts[:-1], axis=2)
    sizes = np.diff(cuts)
    found: Pixels = (fields / (255 * sizes[:, None] * sizes)[None, :, :, None]).reshape(len(colours), -1)
    return found
