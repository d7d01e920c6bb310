"""The gallery: the chosen samples with their pictures, as many as the budget of bytes holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.errors import AuditError
from dejavu_audit.report.album import Album, open_dataset
from dejavu_audit.report.html.cards import NEIGHBORS, label_card, named, neighbors, object_card, rect_of
from dejavu_audit.report.html.choice import choose
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.html.thumbnails import Thumbnails
from dejavu_audit.report.listing import listing
from dejavu_audit.report.ranking import Ranked

if TYPE_CHECKING:
    from concurrent.futures import Future

    from dejavu_audit.types import Dataset, Progress

BUDGET = 6_500_000
"""Characters of all data URIs together."""
AT_ONCE = 8
"""Samples whose pictures are under way together."""


def gallery(
    material: Material,
    dataset: Dataset | None,
    progress: Progress,
    *,
    root: str | None = None,
    budget: int = BUDGET,
) -> dict[str, Any]:
    """Cards, the pictures that they name by number, what was chosen, and what could not be had.

    `dataset` is the one that the audit has open; None: it is opened again, from `root` where that is given. Without
    images no picture is opened, and nothing is told that names a sample.
    """
    groups = choose(material)
    rows = np.concatenate([np.zeros(0, np.int64), *(one.rows for one in groups)])
    listed = listing(material.run, Ranked(rows, len(rows), len(rows), "", "", "", np.zeros(len(rows))), votes=True)
    album, fault = _album(material, listed, dataset, root)
    cards: list[dict[str, Any]] = []
    pictures: dict[str, str]
    seen: dict[str, int] = {}
    for place, row in enumerate(listed):
        card = label_card(row, place) if material.label else object_card(row, place, caption=material.images)
        named(card, row, int(rows[place]), images=material.images)
        card["near"] = neighbors(row, album, material, seen)
        cards.append(card)
    pictures, kept = {}, len(cards)
    if material.images and album is not None:
        pictures, kept = _pictures(cards, listed, album, progress, budget)
    return {
        "cards": cards[:kept],
        "pictures": pictures,
        "groups": [(f"{_kept(one, groups, kept):,}", f"{one.total:,}", one.says) for one in groups],
        "shown": f"{kept:,}",
        "samples": f"{material.run.samples.num_rows:,}",
        "fault": fault,
        "left": len(cards) - kept,
        "label": material.label,
        "images": material.images,
        "parts": _counted(cards[:kept], "part"),
        "sets": _counted(cards[:kept], "set"),
        "has_list": any(card["listed"] is not None for card in cards),
    }


def _counted(cards: list[dict[str, Any]], name: str) -> dict[str, int]:
    values = [card[name] for card in cards]
    return {value: values.count(value) for value in dict.fromkeys(values)}


def _kept(one: Any, groups: list[Any], kept: int) -> int:
    """How many of a group are among the first `kept` cards."""
    before = 0
    for group in groups:
        if group is one:
            break
        before += len(group.rows)
    return int(min(max(kept - before, 0), len(one.rows)))


def _album(
    material: Material, listed: list[dict[str, Any]], dataset: Dataset | None, root: str | None
) -> tuple[Album | None, str | None]:
    """Where the pictures are found; None, and why, where the data cannot be had."""
    if not listed or (dataset is None and not material.images):
        return None, None
    try:
        return Album(listed, open_dataset(material.run, root) if dataset is None else dataset), None
    except AuditError as error:
        return None, str(error)


def _pictures(
    cards: list[dict[str, Any]], listed: list[dict[str, Any]], album: Album, progress: Progress, budget: int
) -> tuple[dict[str, str], int]:
    """Data URIs by number, which the cards are told, and how many cards fit into the budget."""
    pictures: dict[str, str] = {}
    numbers: dict[str, str] = {}
    spent = 0

    def number(uri: str) -> str:
        if uri not in numbers:
            numbers[uri] = str(len(numbers))
        return numbers[uri]

    with Thumbnails(album) as thumbnails, progress.stage("pictures of the report", len(cards), "samples") as done:
        for start in range(0, len(cards), AT_ONCE):
            chunk = range(start, min(start + AT_ONCE, len(cards)))
            under_way = [
                (
                    thumbnails.sample(listed[place]["id"], rect_of(listed[place])),
                    [thumbnails.neighbor(near["id"]) for near in listed[place]["neighbors"][:NEIGHBORS]],
                )
                for place in chunk
            ]
            for place, (own, near) in zip(chunk, under_way, strict=True):
                uris = _uris(own, near)
                cost = sum(len(uri) for uri in {uri for uri in uris if uri} if uri not in numbers)
                if spent + cost > budget and place:
                    return pictures, place
                spent += cost
                for uri in uris:
                    if uri:
                        pictures[number(uri)] = uri
                _tell(cards[place], own, uris, listed[place], thumbnails.missing, number)
                done(1)
    return pictures, len(cards)


def _uris(own: Any, near: list[Future[str] | None]) -> list[str | None]:
    return [*own.wait(), *(None if one is None else one.result() for one in near)]


def _tell(
    card: dict[str, Any], own: Any, uris: list[str | None], row: dict[str, Any], missing: dict[str, str], number: Any
) -> None:
    """Write into a card which pictures are its own, or why there is none."""
    picture, cut, *near = uris
    card["size"] = own.size
    card["picture"] = number(picture) if picture else None
    card["missing"] = own.missing or None
    card["cut"] = number(cut) if cut else None
    card["cutMissing"] = own.cut_missing or None
    for entry, uri, told in zip(card["near"], near, row["neighbors"], strict=False):
        entry["picture"] = number(uri) if uri else None
        if not uri:
            entry["missing"] = missing.get(told["id"], "")
