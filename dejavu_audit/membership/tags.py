"""timm's tags, read word by word: `augreg_in21k_ft_in1k` is a recipe, ImageNet-21k, fine-tuned on ImageNet-1k."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from dejavu_audit.membership.tables import read_table

SIZE = re.compile(r"[ers]?\d{2,4}|\d{2,4}ep?|patch\d+|\d{3,4}px")
"""Epochs, pixels, patches: of no matter here."""


class Words(NamedTuple):
    """What a tag says."""

    data: tuple[str, ...]
    """Data sets, in the order of the tag."""
    strange: tuple[str, ...]
    """Words that are neither data nor recipe: there may be more to it than `data`."""


def read_tag(tag: str, replace: Mapping[str, str] | None = None) -> Words:
    """The words of a tag; `replace` gives some of them another data set."""
    tokens, recipe = _vocabulary()
    meaning: Mapping[str, str | list[str]] = {**tokens, **(replace or {})}
    data: list[str] = []
    strange: list[str] = []
    for word in tag.lower().split("_"):
        if word in meaning:
            found = meaning[word]
            data += [found] if isinstance(found, str) else found
        elif word not in recipe and not SIZE.fullmatch(word):
            strange.append(word)
    return Words(tuple(dict.fromkeys(data)), tuple(strange))


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[dict[str, str | list[str]], frozenset[str]]:
    table = read_table("weights.toml")
    return table["tokens"], frozenset(table["recipe"]["words"])
