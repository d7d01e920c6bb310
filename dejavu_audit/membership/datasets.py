"""Data sets that encoders are trained on (`datasets.toml`), and which of them holds which."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from dejavu_audit.membership.tables import read_table

Holds: TypeAlias = Literal["holds", "some", "lacks", "unknown"]


class Part(NamedTuple):
    """A data set, or one of its splits: "coco val2017"; without a split it may be any of it."""

    id: str
    split: str | None = None

    def __str__(self) -> str:
        return self.id if self.split is None else f"{self.id} {self.split}"

    @property
    def title(self) -> str:
        """In words, as in "ImageNet-1k train"."""
        own = datasets()[self.id].title
        return own if self.split is None else f"{own} {self.split}"


@dataclass(frozen=True)
class DataSet:
    """One data set of the table; the fields are explained at its head."""

    id: str
    title: str
    kind: Literal["closed", "web", "drawn"]
    public: Literal["pictures", "links", "no"]
    source: str
    named: str | None = None
    size: str | None = None
    parts: tuple[str, ...] = ()
    umbrella: tuple[str, ...] = ()


class Relation(NamedTuple):
    """Whether what was trained on holds what is asked about, why, and by whose word."""

    holds: Holds
    why: str
    source: str
    sure: Literal["stated", "measured", "thought"] = "thought"


@lru_cache(maxsize=1)
def datasets() -> dict[str, DataSet]:
    """Every data set by its id, in the order in which a training usually reads them."""
    return {
        entry["id"]: DataSet(
            **{**entry, "parts": tuple(entry.get("parts", ())), "umbrella": tuple(entry.get("umbrella", ()))}
        )
        for entry in read_table("datasets.toml")["set"]
    }


def part(text: str) -> Part:
    """The part of the table that an id, or an id and a split, names; KeyError where there is none."""
    name, _, split = text.partition(" ")
    known = datasets()[name]
    if split and split not in known.parts:
        raise KeyError(text)
    return Part(name, split or None)


def find(text: str) -> Part | None:
    """What a source means that somebody typed, as "ImageNet-1k train", "ILSVRC2012 val" or "coco"; None: nothing known.

    The split is the last word, where it is one of the data set's.
    """
    words = text.strip().lower().split()
    if not words:
        return None
    for last in (words[-1], None):
        name = " ".join(words if last is None else words[:-1])
        ids = _exactly(name)
        if last is not None:
            ids = [one for told in ids for one in (told, *datasets()[told].umbrella) if last in datasets()[one].parts]
        if len(ids) == 1:
            return Part(ids[0], last)
    return None


def near(text: str) -> list[str]:
    """Known sources that are spelled much like one that is not."""
    return difflib.get_close_matches(text.strip().lower(), _spelled(), n=2, cutoff=0.75)


@lru_cache(maxsize=1)
def _spelled() -> list[str]:
    return [str(one) for one in _every()]


def _every() -> list[Part]:
    return [
        Part(known.id, split) for known in datasets().values() if not known.umbrella for split in (None, *known.parts)
    ]


def _exactly(name: str) -> list[str]:
    """The ids of data sets that the name is; of an umbrella and one below it, the latter alone."""
    if name in datasets():
        return [name]
    name = re.sub(r"^ilsvrc([-_ ]?2012)?$|^imagenet([-_ ]?1k)?([-_ ]?2012)?$", "imagenet-1k", name)
    plain = re.sub(r"[-_ ]", "", name)
    return [one for one in datasets() if re.sub(r"[-_ ]", "", one) == plain]


def mentioned(text: str) -> list[str]:
    """The ids of all data sets that names, tags or sentences speak of, in the order of the table."""
    lower = text.lower()
    return [known.id for known in datasets().values() if known.named and re.search(known.named, lower)]


def relation(trained: Part, asked: Part) -> Relation:
    """Whether `trained`, which an encoder was trained on, holds the pictures of `asked`."""
    told = _told(trained, asked)
    if told is not None:
        return told
    ours, theirs = datasets()[trained.id], datasets()[asked.id]
    if trained.id == asked.id:
        return _same(trained, asked)
    if asked.split is None:
        for split in theirs.parts:
            one = _told(trained, Part(asked.id, split))
            if one is not None and one.holds in ("holds", "some"):
                return Relation("some", f"of {asked.title} {split}: {one.why}", one.source, one.sure)
    if trained.id in theirs.umbrella or asked.id in ours.umbrella:
        return Relation("some", f"{asked.title} is a word for several sets, {trained.title} among them", theirs.source)
    below = [relation(trained, Part(one)) for one in theirs.umbrella]
    if any(one.holds in ("holds", "some") for one in below):
        return Relation("some", f"{trained.title} holds some of what is called {asked.title}", ours.source)
    around = _told(asked, trained)
    if around is not None and around.holds in ("holds", "some"):
        return Relation("some", f"{trained.title} is a part of {asked.title}, or shares some with it", around.source)
    if "drawn" in (ours.kind, theirs.kind):
        return Relation(
            "lacks", f"{_drawn(ours, theirs)} are drawn by a program, and in no other data set", ours.source
        )
    if ours.kind == "closed":
        return Relation("lacks", f"{ours.title} is a fixed collection of other pictures, but for chance", ours.source)
    return Relation("unknown", _why_unknown(ours), ours.source)


def _drawn(*known: DataSet) -> str:
    return next(one.title for one in known if one.kind == "drawn")


def _why_unknown(known: DataSet) -> str:
    if known.id == "undisclosed":
        return "the data are not disclosed"
    access = {
        "no": "are not published",
        "links": "are published as links, many of them dead, and were not compared",
        "pictures": "are published and were not compared",
    }[known.public]
    return f"{known.title} may hold any picture of the web; its pictures {access}"


def _same(trained: Part, asked: Part) -> Relation:
    known = datasets()[trained.id]
    if trained.split == asked.split and not (known.parts and trained.split is None):
        return Relation("holds", f"it was trained on {trained.title}", known.source, "stated")
    if trained.split is None:
        return Relation("some", f"it was trained on {trained.title}; on which split is not said", known.source)
    if asked.split is None:
        return Relation(
            "some", f"it was trained on {trained.title}, and which split these are is not said", known.source
        )
    return Relation("lacks", f"it was trained on {trained.title}, another split", known.source, "stated")


def _told(trained: Part, asked: Part) -> Relation | None:
    """What the table says, by the split, or by the whole."""
    for mine in dict.fromkeys((str(trained), trained.id)):
        for theirs in dict.fromkeys((str(asked), asked.id)):
            if (mine, theirs) in _relations():
                return _relations()[mine, theirs]
    return None


@lru_cache(maxsize=1)
def _relations() -> dict[tuple[str, str], Relation]:
    found: dict[tuple[str, str], Relation] = {}
    for entry in read_table("datasets.toml")["relation"]:
        one: Any = Relation(entry["is"], entry["why"], entry["source"], entry["sure"])
        for mine in entry["of"]:
            for theirs in entry["asked"]:
                part(mine), part(theirs)
                found[mine, theirs] = one
    return found
