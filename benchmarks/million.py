"""A million thumbnails as an inspection would give them: made by one process, searched by another that is measured.

Each is three windows into photographs laid over one another, so that hardly any are alike by chance; 50,000 are
blank, and 1,000 targets have a near-duplicate among the public pictures.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from dejavu_audit.inspection.looking import THUMBNAIL, fixed_binary
from dejavu_audit.inspection.statistics import STATISTICS

BLANK, PLANTED = 50_000, 1_000
SHARES = (0.01, 0.01, 0.93, 0.05)
"""Of targets, control, public and fit, about as the presets have them."""
_BLOCK = 50_000
_PIXELS = THUMBNAIL**2


def make(folder: Path, n: int) -> None:
    """Write the thumbnails and what is counted of them."""
    from benchmarks.doubles import photographs
    from dejavu_audit.inspection.hashes import perceptual_hashes

    rng = np.random.default_rng(0)
    windows = []
    for photograph in photographs().values():
        for side in (128, 200, 256, 320, 400):
            size = [max(THUMBNAIL, round(length * side / min(photograph.size))) for length in photograph.size]
            grey = np.asarray(photograph.convert("L").resize(size, Image.Resampling.BILINEAR))
            windows.append(np.lib.stride_tricks.sliding_window_view(grey, (THUMBNAIL, THUMBNAIL)))

    def draw(count):
        found = np.empty((count, THUMBNAIL, THUMBNAIL), np.uint8)
        which = rng.integers(len(windows), size=count)
        for number, views in enumerate(windows):
            at = np.flatnonzero(which == number)
            found[at] = views[rng.integers(views.shape[0], size=len(at)), rng.integers(views.shape[1], size=len(at))]
        for turns, at in enumerate(np.array_split(rng.permutation(count), 8)):  # four ways up, and from behind
            turned = np.rot90(found[at], turns % 4, axes=(1, 2))
            found[at] = turned[:, ::-1] if turns > 3 else turned
        return found

    pixels = np.memmap(folder / "thumbnails", np.uint8, "w+", shape=(n, _PIXELS))
    for start in range(0, n, _BLOCK):
        count = min(_BLOCK, n - start)
        layers = sum(share * draw(count) for share in (0.4, 0.35, 0.25))
        pixels[start : start + count] = layers.reshape(count, -1)
    pixels[:PLANTED], pixels[n - PLANTED :] = _planted(rng)
    pixels[PLANTED : n - PLANTED : max(20, n // BLANK)] = 255  # in every set
    statistics = np.memmap(folder / "statistics", np.float32, "w+", shape=(n, len(STATISTICS)))
    hashes = np.memmap(folder / "hashes", np.uint64, "w+", shape=(n,))
    for start in range(0, n, _BLOCK):
        some = np.asarray(pixels[start : start + _BLOCK])
        statistics[start : start + _BLOCK, 1:4] = some.mean(axis=1, keepdims=True) / 255
        hashes[start : start + _BLOCK] = perceptual_hashes(some.reshape(-1, THUMBNAIL, THUMBNAIL))


def _planted(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(1000, 1024) each: pictures, and near-duplicates of them, of the four kinds in turn."""
    from benchmarks.doubles import KINDS, Album, encoded, planted, targets
    from dejavu_audit.inspection.inspecting import inspect
    from dejavu_audit.progress import Silent

    originals = targets(PLANTED, rng)
    copies = [planted(KINDS[number % len(KINDS)], picture, rng) for number, picture in enumerate(originals)]
    album = Album([*map(encoded, originals), *copies])
    with tempfile.TemporaryDirectory() as cache:
        looks = inspect(album, np.arange(2 * PLANTED), cache, workers=0, progress=Silent())
    return looks.thumbnails[:PLANTED].reshape(-1, _PIXELS), looks.thumbnails[PLANTED:].reshape(-1, _PIXELS)


def search(folder: Path, n: int) -> tuple[float, ...]:
    """Seconds and peak GiB of the whole process, how many of the planted were found, and of the other public pictures
    how many went.
    """
    from dejavu_audit.duplicates.search import find_duplicates
    from dejavu_audit.inspection.looks import Looks
    from dejavu_audit.progress import Silent

    def column(name, kind, *shape):
        return np.memmap(folder / name, kind, "r", shape=(n, *shape))

    keys = np.zeros((n, 16), np.uint8)
    keys[:, :8] = np.arange(n, dtype=np.int64)[:, None].view(np.uint8)
    keys[:, 8] = 1
    flat = pa.py_buffer(column("statistics", np.float32, len(STATISTICS)))
    values = pa.Array.from_buffers(pa.float32(), n * len(STATISTICS), [None, flat])
    thumbnails = column("thumbnails", np.uint8, _PIXELS)
    columns = {
        "row": np.arange(n),
        "key": fixed_binary(keys),
        "thumbnail": fixed_binary(thumbnails),
        "bytes_hash": fixed_binary(keys[:, ::-1]),
        "phash": pa.array(np.asarray(column("hashes", np.uint64))),
        "width": np.full(n, 500, np.int32),
        "height": np.full(n, 375, np.int32),
        "statistics": pa.FixedSizeListArray.from_arrays(values, len(STATISTICS)),
    }
    cuts = (n * np.cumsum(SHARES[:2])).astype(int)
    fit = n - PLANTED - int(n * SHARES[3])
    rows = np.arange(n)
    sets = {
        "target": rows[: cuts[0]],
        "control": rows[cuts[0] : cuts[1]],
        "public": np.concatenate([rows[cuts[1] : fit], rows[n - PLANTED :]]),
        "fit": rows[fit : n - PLANTED],
    }
    looks = Looks(pa.table(columns), {}, scratch=thumbnails)
    began = time.perf_counter()
    found = find_duplicates(looks, sets, _Blank(n), workers=0, progress=Silent())
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    right = sum(row in found.lost for row in range(n - PLANTED, n))
    return seconds, peak, right, len(found.lost)


class _Blank:
    """Decodes, where asked, to a picture of nothing."""

    name = "million"

    def __init__(self, n: int) -> None:
        self.table = pa.table({"id": pa.array(np.arange(n)).cast(pa.string())})

    def open(self, row, draft=None):
        return Image.new("RGB", (8, 8))


if __name__ == "__main__":
    what, where, size = sys.argv[1:]
    if what == "make":
        make(Path(where), int(size))
    else:
        print(*search(Path(where), int(size)))
