"""What published weights were trained on (`weights.toml`): by family, name and tag."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Literal, TypeAlias

from dejavu_audit.membership.datasets import Part, datasets, mentioned, part
from dejavu_audit.membership.tables import read_table
from dejavu_audit.membership.tags import read_tag

Sure: TypeAlias = Literal["stated", "tag", "thought", "name"]
RANDOM = "random"
HUB = "hf-hub:"
SENTENCES = "sentence-transformers"


@dataclass(frozen=True)
class Training:
    """What weights were trained on, as far as it is known."""

    data: tuple[Part, ...]
    """In the order of the training."""
    source: str
    sure: Sure
    """"stated" by the paper or card; "tag": the tag says it; "thought": follows from what is stated; "name": a file
    is called so, or a hub's name speaks of it."""
    some: tuple[Part, ...] = ()
    """Data sets of which a part was taken."""
    head: tuple[Part, ...] = ()
    """Seen by the classifier alone."""
    teacher: tuple[Part, ...] = ()
    """Seen by a model that this one was distilled from."""
    perhaps: tuple[Part, ...] = ()
    note: str | None = None
    captions: bool = False
    """An encoder of sentences: of all these it saw the captions alone."""

    @property
    def words(self) -> str | None:
        """In words, as "LAION-2B, then ImageNet-1k"; None where no data set is known."""
        if self.captions:
            names = [datasets()[one.id].title for one in self.data]
            return f"texts alone, captions of {' and '.join(names)} among them" if names else "texts alone"
        told = [datasets()[one.id].title for one in self.data]
        told += [f"some of {datasets()[one.id].title}" for one in self.some]
        told += [f"{datasets()[one.id].title} (classifier alone)" for one in self.head]
        return ", then ".join(dict.fromkeys(told)) or None

    @property
    def disclosed(self) -> bool:
        """Whether at least one data set is known by name."""
        return self.captions or any(one.id != "undisclosed" for one in (*self.data, *self.some))


@dataclass(frozen=True)
class _Entry:
    """One entry of the table."""

    families: frozenset[str]
    model: re.Pattern[str]
    tag: re.Pattern[str]
    training: Training
    tokens: bool
    replace: Mapping[str, str] = field(default_factory=dict)

    def fits(self, family: str, model: str, tag: str) -> bool:
        if "*" in self.families:  # files by their published names
            return any(self.model.fullmatch(name) for name in (model, tag) if name)
        return family in self.families and bool(self.model.fullmatch(model) and self.tag.fullmatch(tag))


def training_of(family: str, name: str, pretrained: str | None) -> Training | None:
    """What weights were trained on; None: nothing is known, or they are random.

    `family` is a family of encoders, "detector", "torchvision", "zero-shot" or "sentence-transformers"; `name` as the
    family writes it; `pretrained` a tag, "random" or a file, of which the bare name is read. What a file is called
    proves nothing, which `sure` = "name" says.
    """
    if pretrained == RANDOM:
        return None
    model, tag = _split(family, name, pretrained)
    for entry in _entries():
        if entry.fits(family, model, tag):
            return _completed(entry, tag)
    if family == "timm" and tag and "." not in tag:
        found = read_tag(tag)
        if found.data and not found.strange:
            return Training(tuple(map(part, found.data)), "timm, by the words of the tag", "tag")
    if family == SENTENCES:
        return Training((), "nothing that says more is known", "thought", captions=True)
    return _by_name(f"{_bare(name)}.{_bare(pretrained or '')}")


def training_in(words: str) -> Training | None:
    """What a sentence says of training data, as `Training.words` or a tagger has it; None: no data set is named."""
    parts = tuple(map(Part, mentioned(words)))
    return Training(parts, "the part itself", "stated", captions=words.startswith("texts alone")) if parts else None


def _split(family: str, name: str, pretrained: str | None) -> tuple[str, str]:
    """The architecture and the tag or the file's name, lower case; timm writes both into one name."""
    model, given = _bare(name).lower(), _bare(pretrained or "").lower()
    if family != "timm":
        return model, "" if given == model else given
    published = pretrained is None or pretrained == name or pretrained.startswith(HUB)
    whole = given if published and "." in given else model
    arch, _, tag = whole.partition(".")
    return arch, tag if published else given.removeprefix(f"{arch}.") if not _is_file(given) else given


def _is_file(name: str) -> bool:
    return name.endswith((".pt", ".pth", ".bin", ".ckpt", ".tar", ".safetensors", ".npz"))


def _completed(entry: _Entry, tag: str) -> Training:
    if not entry.tokens:
        return entry.training
    found = read_tag(tag, entry.replace)
    data = dict.fromkeys((*entry.training.data, *map(part, found.data)))
    return replace(entry.training, data=tuple(data))


def _by_name(text: str) -> Training | None:
    ids = mentioned(text)
    specific = [one for one in ids if not (datasets()[one].umbrella and set(datasets()[one].umbrella) & set(ids))]
    parts = tuple(Part("imagenet-1k", "train") if one in ("imagenet", "imagenet-1k") else Part(one) for one in specific)
    return Training(parts, "the name of the weights", "name") if parts else None


def _bare(text: str) -> str:
    """The last part of a path or a hub's name: the folders around a file say nothing of it."""
    return PurePath(text.removeprefix(HUB).replace("\\", "/")).name


@lru_cache(maxsize=1)
def _entries() -> tuple[_Entry, ...]:
    return tuple(_entry(**one) for one in read_table("weights.toml")["weights"])


def _entry(families: list[str], source: str, model: str = ".*", tag: str = ".*", **told: Any) -> _Entry:
    lists = {name: tuple(map(part, told.get(name, ()))) for name in ("data", "some", "head", "teacher", "perhaps")}
    return _Entry(
        families=frozenset(families),
        model=re.compile(model),
        tag=re.compile(tag),
        training=Training(
            **lists,
            source=source,
            sure=told.get("sure", "stated"),
            note=told.get("note"),
            captions=SENTENCES in families,
        ),
        tokens=told.get("tokens", False),
        replace=told.get("replace", {}),
    )
