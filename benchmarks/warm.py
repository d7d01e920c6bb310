"""A second audit with a warm cache, against the first: whole commands."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import pictures
from benchmarks.bar import Bar

SCRIPT = """
import json, sys, time
from dejavu_audit import audit
data, cache = sys.argv[1:]
def once():
    began = time.perf_counter()
    audit("timm:resnet18", pretrained="random", data=data, preset="full", k=50, out=cache + "/run", cache_dir=cache)
    return time.perf_counter() - began
print(json.dumps([once(), once()]))
"""


def run(folder: Path) -> list[Bar]:
    """A ResNet-18, both runs in one process, so that loading Python's libraries counts for neither."""
    import json

    from benchmarks.bar import whole

    with tempfile.TemporaryDirectory() as place:
        description = pictures.write(Path(place) / "data", public=2_000, targets=500, control=500, fit=1_000)
        first, second = json.loads(
            whole("-c", SCRIPT, str(description), str(Path(place) / "cache")).output.splitlines()[-1]
        )
    return [
        Bar("second run with a warm cache / first run, ResNet-18, 4,000 pictures", 100 * second / first, 5, " %", ".1f")
    ]
