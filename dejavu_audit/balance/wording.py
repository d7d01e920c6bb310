"""Which of the common words a caption holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 200
"""Words that are looked at: the commonest of both sets together."""
FEWEST, LEAST = 5, 0.005
"""Captions, and share of them, that must hold a word."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]", re.UNICODE)
"""Words, and marks: how captions are punctuated tells one source from another."""


def wording(captions: Sequence[str | None]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """(n, d) 1 where the caption holds the word, 0 else (NaN without a caption), and the d words.

    The words are chosen by how many captions hold them, blind to the sets; case is kept apart from the words by a
    component of its own, the share of capital letters.
    """
    told = [None if one is None else set(_WORD.findall(one.lower())) for one in captions]
    n = sum(one is not None for one in told)
    counts = Counter(word for one in told if one is not None for word in one)
    enough = max(FEWEST, LEAST * n)
    chosen = sorted(
        (word for word, count in counts.items() if enough <= count <= n - FEWEST),
        key=lambda word: (-counts[word], word),
    )[:MOST]
    if n == 0:
        return np.empty((len(captions), 0), np.float32), ()
    place = {word: at for at, word in enumerate(chosen)}
    values = np.zeros((len(captions), len(chosen) + 1), np.float32)
    for row, (words, caption) in enumerate(zip(told, captions, strict=True)):
        if words is None or caption is None:
            values[row] = np.nan
            continue
        values[row, [place[word] for word in words if word in place]] = 1
        values[row, -1] = sum(map(str.isupper, caption)) / max(len(caption), 1)
    return values, (*(f"“{word}”" for word in chosen), "share of capitals")
