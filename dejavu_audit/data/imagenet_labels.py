"""What the tables around ILSVRC say: the names of the classes, and the classes of the val pictures."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from dejavu_audit.data.imagenet_layouts import WNID
from dejavu_audit.errors import AuditError

NAMES = ("LOC_synset_mapping.txt", "synset_words.txt", "words.txt")
SOLUTION = "LOC_val_solution.csv"
TRUTHS = ("ILSVRC2012_validation_ground_truth.txt", "imagenet_2012_validation_synset_labels.txt")
META = "meta.mat"
MAP = "map_clsloc.txt"

_NUMBER = re.compile(r"(\d+)$")


def class_names(folders: Sequence[Path], wnids: Sequence[str]) -> list[str]:
    """A name for every WordNet id, by the first synsets file found ("n01440764 tench, Tinca tinca"), else the id.

    Two classes of one name (ILSVRC has two cranes) get their ids added.
    """
    path = _first(folders, NAMES)
    known: dict[str, str] = {}
    for line in _text(path).splitlines() if path else ():
        wnid, _, words = line.strip().partition("\t" if "\t" in line else " ")
        known[wnid] = words.strip()
    names = [known.get(wnid) or wnid for wnid in wnids]
    often = Counter(names)
    return [
        f"{name} ({wnid})" if often[name] > 1 and name != wnid else name
        for name, wnid in zip(names, wnids, strict=True)
    ]


def val_labels(folders: Sequence[Path], stems: Sequence[str], val: Path) -> list[str | None]:
    """The WordNet id of each val picture by its name without ending, None where the tables leave it out.

    By Kaggle's LOC_val_solution.csv, or by the devkit's ground truth, whose line i is of ILSVRC2012_val_(i). AuditError
    where nothing says it, or where the ground truth's numbers cannot be turned into WordNet ids.
    """
    solution = _first(folders, (SOLUTION,))
    if solution:
        table = _solution(solution)
        return [table.get(stem) for stem in stems]
    truth = _first(folders, TRUTHS)
    if truth is None:
        raise AuditError(
            f"nothing says the labels of the pictures in {val}: put {SOLUTION} (Kaggle), or {TRUTHS[0]} with {META} "
            f"(devkit), into {folders[0]}, or sort the pictures into {val}/<WordNet id>/, or move it away to go "
            "without a held-out control"
        )
    lines = _truth(truth, folders)
    numbers = [int(found.group()) if (found := _NUMBER.search(stem)) else 0 for stem in stems]
    if max(numbers, default=0) > len(lines):
        raise AuditError(
            f"{truth} has {len(lines):,} lines, but {val} has a picture number {max(numbers):,}: "
            "put the ground truth of this val set there"
        )
    return [lines[number - 1] if number else None for number in numbers]


def _solution(path: Path) -> dict[str, str]:
    """Picture name -> WordNet id, from lines like `ILSVRC2012_val_00048981,n03995372 85 1 499 272`."""
    rows = csv.DictReader(_text(path).splitlines())
    if not {"ImageId", "PredictionString"} <= set(rows.fieldnames or ()):
        raise AuditError(f"{path} lacks the columns ImageId and PredictionString: put Kaggle's {SOLUTION} there")
    table: dict[str, str] = {}
    for row in rows:
        wnid = (row["PredictionString"] or "").split(" ", 1)[0]
        if not WNID.fullmatch(wnid):
            raise AuditError(
                f"line {rows.line_num:,} of {path} gives no WordNet id but {wnid[:20]!r}: put Kaggle's {SOLUTION} there"
            )
        table[row["ImageId"]] = wnid
    return table


def _truth(path: Path, folders: Sequence[Path]) -> list[str]:
    """Each line's WordNet id. The devkit's lines are ILSVRC2012_IDs, which are NOT the order of the sorted ids."""
    lines = _text(path).split()
    if all(WNID.fullmatch(line) for line in lines):
        return lines
    table = _numbered(path, folders)
    try:
        return [table[int(line)] for line in lines]
    except (KeyError, ValueError) as error:
        raise AuditError(
            f"{path} has the line {str(error.args[0])[:60]}, which is no ILSVRC2012_ID of the devkit: "
            f"put {path.name} and {META} of one devkit there"
        ) from None


def _numbered(truth: Path, folders: Sequence[Path]) -> dict[int, str]:
    meta = _first(folders, (META,))
    if meta:
        return _meta(meta)
    table = _first(folders, (MAP,))
    if table:
        rows = [line.split() for line in _text(table).splitlines() if line.strip()]
        if all(len(row) >= 2 and WNID.fullmatch(row[0]) and row[1].isdecimal() for row in rows):
            return {int(row[1]): row[0] for row in rows}
        raise AuditError(f"{table} has lines that are not `<WordNet id> <number> <name>`: put the devkit's file there")
    raise AuditError(
        f"{truth} numbers the classes, and nothing says which WordNet ids these are: put the devkit's {META} beside it "
        f"(or {MAP} of a later devkit; synset_words.txt is in another order)"
    )


def _meta(path: Path) -> dict[int, str]:
    """ILSVRC2012_ID -> WordNet id. loadmat only parses a MATLAB 5 file, it runs nothing of what is in it."""
    from scipy.io import loadmat

    try:
        synsets = np.atleast_1d(loadmat(str(path), squeeze_me=True, variable_names=["synsets"])["synsets"])
        table = {int(number): str(wnid) for number, wnid in zip(synsets["ILSVRC2012_ID"], synsets["WNID"], strict=True)}
    except Exception as error:  # loadmat raises whatever a damaged file makes it run into
        raise AuditError(f"cannot read the synsets in {path} ({error}): put the devkit's {META} there") from error
    return {number: wnid for number, wnid in table.items() if WNID.fullmatch(wnid)}


def _first(folders: Iterable[Path], names: Iterable[str]) -> Path | None:
    places = [folder / name for name in names for folder in folders]
    return next((place for place in places if place.is_file()), None)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"cannot read {path}: {error}; put a readable UTF-8 file there") from error
