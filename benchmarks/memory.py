"""Peak memory at 20,000 pictures against 5,000, with a small encoder."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import pictures
from benchmarks.bar import Bar, whole


def run(folder: Path) -> list[Bar]:
    """Two whole commands; the pictures are small, so that decoding does not take the day."""
    peaks = []
    with tempfile.TemporaryDirectory() as place:
        for public in (4_000, 19_000):
            here = Path(place) / str(public)
            description = pictures.write(
                here / "data", public=public, targets=400, control=300, fit=300, size=(400, 300)
            )
            done = whole(
                "-m", "dejavu_audit", "timm", "test_resnet", "--pretrained", "random", "--data", str(description),
                "--preset", "full", "--out", str(here / "run"), "--cache-dir", str(here / "cache"), "--quiet",
                "--baseline-option", "epochs=2", "--keep-duplicates",  # the pictures are windows into a few photographs
            )  # fmt: skip
            peaks.append(done.peak)
    return [Bar("peak memory at 20,000 pictures / at 5,000, test_resnet", peaks[1] / peaks[0], 1.2)]
