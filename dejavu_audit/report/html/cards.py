"""The samples of the gallery as plain records for the page; whatever comes from data is made one line of text."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from dejavu_audit.report.html.material import Material
from dejavu_audit.report.plain import plain
from dejavu_audit.types import Rect

if TYPE_CHECKING:
    from dejavu_audit.report.album import Album

SHORT, LONG = 140, 800
"""Letters of a name, and of a caption or path, at most."""
VOTES, OBJECTS, NEIGHBORS = 4, 40, 5
"""Classes with the most votes, objects, and neighbours that are shown of a sample."""


def label_card(row: dict[str, Any], place: int) -> dict[str, Any]:
    """A sample of the label test."""
    own, cast = row["label"], row.get("neighbors_counted") or 0
    first = sorted(row["votes"], key=lambda vote: (-vote["count"], vote["class"] != own))[:VOTES]
    if own not in [vote["class"] for vote in first]:
        first = [*first[: VOTES - 1], {"class": own, "count": row.get("label_votes") or 0}]
    return {
        **_shared(row, place),
        "label": plain(own, SHORT),
        "says": plain(row["target_top1"], SHORT),
        "right": row["target_top1"] == own,
        "reference": plain(row["reference_top1"], SHORT),
        "referenceRight": row["reference_top1"] == own,
        "probability": _rounded(row["reference_probability"]),
        "confidence": _rounded(row["memorization_confidence"]),
        "votes": [[plain(vote["class"], SHORT), vote["count"], vote["class"] == own] for vote in first],
        "cast": cast,
        "tied": bool(row.get("target_tied")),
        "crop": [row["crop"][side] for side in "xywh"] if row["crop"] else None,
    }


def object_card(row: dict[str, Any], place: int, *, caption: bool) -> dict[str, Any]:
    """A sample of the object test; each object of the picture with who found it."""
    mine, theirs = set(row["target_objects"] or []), set(row["reference_objects"] or [])
    truth = row["objects"] or []
    found = {(True, True): "both", (True, False): "model", (False, True): "reference", (False, False): "none"}
    return {
        **_shared(row, place),
        "caption": plain(row["caption"], LONG) if caption else None,
        "objects": [[plain(name, SHORT), found[name in mine, name in theirs]] for name in truth[:OBJECTS]],
        "more": max(0, len(truth) - OBJECTS),
        "wrong": [len(mine - set(truth)), len(theirs - set(truth))],
        "scores": [
            [_rounded(row[f"{who}_{measure}"]) for measure in ("precision", "recall")]
            for who in ("target", "reference")
        ],
    }


def _shared(row: dict[str, Any], place: int) -> dict[str, Any]:
    return {
        "n": place + 1,
        "set": row["set"],
        "part": row["part"],
        "listed": row.get("memorized"),
        "p": _rounded(row.get("p_value"), 6),
        "score": _rounded(row.get("score")),
    }


def named(card: dict[str, Any], row: dict[str, Any], at: int, *, images: bool) -> None:
    """Say which sample it is: by id and path, or by its row in samples.parquet where none may be told."""
    card["id"] = plain(row["id"], SHORT) if images else f"sample in row {at:,}"
    card["path"] = plain(row["path"], LONG) if images and row["path"] != row["id"] else None


def neighbors(
    row: dict[str, Any], album: Album | None, material: Material, seen: dict[str, int]
) -> list[dict[str, Any]]:
    """The nearest public pictures of a sample: name, distance, class; `seen` numbers those that may not be named."""
    made = []
    for entry in row["neighbors"][:NEIGHBORS]:
        id_ = entry["id"]
        at = None if album is None else album.neighbor(id_)
        number = seen.setdefault(id_, len(seen) + 1)
        name = plain(id_, SHORT) if material.images else f"no. {number:,}"
        one: dict[str, Any] = {"id": name, "d": _rounded(entry["distance"])}
        if at is not None and album is not None:
            if material.label:
                class_ = album.label(at)
                one |= {"class": plain(class_, SHORT), "own": class_ == row["label"]}
            elif material.images and (text := album.caption(at)) is not None:
                one["class"] = plain(text, SHORT)
        made.append(one)
    return made


def rect_of(row: dict[str, Any]) -> Rect | None:
    """The crop of a sample; None where it has none."""
    crop = row.get("crop")
    return Rect(crop["x"], crop["y"], crop["w"], crop["h"]) if crop else None


def _rounded(value: Any, digits: int = 4) -> float | None:
    return None if value is None or not isfinite(value) else round(float(value), digits)
