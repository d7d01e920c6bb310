"""The models that a family knows by name, with the tags of their published weights."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable

from dejavu_audit.errors import AuditError, unknown

NAMED = {
    "checkpoint": "MODEL is a file; --arch names the architecture that its weights fill.",
    "hf": "MODEL is a name on the Hugging Face hub, as facebook/dinov2-small, or a folder of transformers.",
    "python": "MODEL is MODULE:FUNCTION, your own code.",
    "torchscript": "MODEL is a file that torch.jit.save wrote.",
}
"""What MODEL is, of families whose models have no list."""


def models(family: str, pattern: str | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """Model names of a family that match `pattern` ("*" is any text; a word alone is looked for anywhere), and tags.

    AuditError for a family that has no list, and where nothing matches.
    """
    if family not in _LISTS:
        hint = NAMED.get(family)
        if hint is None:
            raise unknown("family with a list of models", family, _LISTS)
        raise AuditError(f"the family {family} has no list of models: {hint}")
    listed = _LISTS[family]()
    wanted = (pattern or "*").lower()
    wanted = wanted if any(letter in wanted for letter in "*?[") else f"*{wanted}*"
    found = [(name, tags) for name, tags in listed.items() if fnmatch.fnmatchcase(name.lower(), wanted)]
    if not found:
        raise AuditError(f"no model of {family} matches {pattern!r}, of {len(listed):,}; type a part of its name")
    return found


def _openclip() -> dict[str, tuple[str, ...]]:
    import open_clip

    tags: dict[str, list[str]] = {name: [] for name in open_clip.list_models()}
    for name, tag in open_clip.list_pretrained():
        tags.setdefault(name, []).append(tag)
    return {name: tuple(tags[name]) for name in sorted(tags)}


def _timm() -> dict[str, tuple[str, ...]]:
    import timm

    tags: dict[str, list[str]] = {name: [] for name in timm.list_models()}
    for full in timm.list_models(pretrained=True):
        name, _, tag = full.partition(".")
        tags.setdefault(name, []).append(tag)
    return {name: tuple(filter(None, tags[name])) for name in sorted(tags)}


_LISTS: dict[str, Callable[[], dict[str, tuple[str, ...]]]] = {"openclip": _openclip, "timm": _timm}
