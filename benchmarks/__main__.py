"""Run the benchmarks that are named, or all; prints a Markdown table and exits 1 where a bar is missed.

Wall-clock never gates a release here: `make bench` is run by hand, on a quiet machine.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.bar import Bar

NAMES = [
    "start",
    "geometry",
    "bootstrap",
    "stream",
    "warm",
    "memory",
    "naive_bayes",
    "objects",
    "shared",
    "tars",
    "duplicates",
    "report",
    "validation",
]


def main(names: list[str]) -> int:
    """Run and print; 0 where every bar is met."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"unknown benchmark {unknown[0]!r}; choose from {', '.join(NAMES)}", file=sys.stderr)
        return 2
    bars: list[Bar] = []
    for name in names or NAMES:
        print(f"… {name}", file=sys.stderr, flush=True)
        bars += import_module(f"benchmarks.{name}").run(Path.cwd())
    print("| what | measured | bar | met |\n| --- | --- | --- | --- |")
    for bar in bars:
        limit = f"{bar.sign} {bar.limit:g}{bar.unit}"
        print(f"| {bar.what} | {bar.measured:{bar.form}}{bar.unit} | {limit} | {'yes' if bar.met else 'NO'} |")
    return 0 if all(bar.met for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
