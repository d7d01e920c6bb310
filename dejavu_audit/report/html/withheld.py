"""What a report without images leaves out: paths and file names, wherever a text holds one.

Ids, captions and pictures are never put into such a report; names in free text (notes, reasons, settings) are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from dejavu_audit.report.reading import Run

WITHHELD = "(withheld)"
_ALWAYS = ("root", "split", "members", "reference_members", "out", "cache_dir")
_OFTEN = ("model", "pretrained", "arch", "data", "tagger", "baseline_model", "reference")
_OPTIONS = ("data_options", "tagger_options", "baseline_options")
_SUFFIXES = (
    "pt|pth|bin|ckpt|tar|safetensors|ts|py|toml|json|jsonl|parquet|csv|tsv|txt|xml|zip|npz|npy|pkl|ya?ml|onnx|gz|"
    "jpe?g|png|webp|gif|bmp|tiff?|ppm|avif|jp2"
)
_OURS = ("audit.json", "samples.parquet", "split.parquet", "duplicates.parquet", "gate.json", "dejavu.toml")
_FILE = re.compile(rf"(?<![\w/\\.])[\w@%+=~./\\-]*[\w%+=~-]\.(?:{_SUFFIXES})(?![\w/\\])", re.IGNORECASE)
_PLACE = re.compile(r"(?<![\w.:/\\])(?:~|\.{1,2})?[/\\][^\s'\"`,;()<>|]*[^\s'\"`,;()<>|.:]")
_DRIVE = re.compile(r"(?<!\w)[A-Za-z]:[/\\][^\s'\"`,;()<>|]*")


class Withholder:
    """Replaces what names a file, knowing those that the run was given."""

    def __init__(self, run: Run) -> None:
        # The longest first: a folder is a part of the names of its files.
        self._known = sorted(set(_known(run)), key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without paths and file names."""
        for name in self._known:
            if name in text:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", WITHHELD, text)
        for pattern in (_DRIVE, _PLACE, _FILE):
            text = pattern.sub(_unless_ours, text)
        return text

    def all(self, value: Any) -> Any:
        """The same of every text in lists, tuples and dictionaries; markup is ours and stays."""
        if isinstance(value, Markup):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.all(key): self.all(one) for key, one in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self.all, value))
        if isinstance(value, (list, tuple)):
            return type(value)(map(self.all, value))
        return value


def _unless_ours(found: re.Match[str]) -> str:
    return found[0] if found[0] in _OURS else WITHHELD


def _known(run: Run) -> Iterator[str]:
    """Names that this run was given, and the folders of them."""
    config, record = run.record.config, run.record
    given = [str(config.get(key) or "") for key in _ALWAYS]
    given += [record.data.root, str(run.path), str(run.path.absolute()), run.path.name]
    maybe = [str(config.get(key) or "") for key in _OFTEN] + [record.model.name, record.model.pretrained]
    for key in _OPTIONS:
        maybe += map(str, (config.get(key) or {}).values())
    given += [one for text in maybe for one in (text, text.partition(":")[2]) if looks_like_file(one)]
    for text in given:
        if len(text.strip("./\\~")) > 1:
            yield text
            name = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
            if _FILE.fullmatch(name):
                yield name


def looks_like_file(text: str) -> bool:
    """Whether a setting names a file or folder, not a model of a hub or an architecture."""
    if not text or text.startswith("hf-hub:"):
        return False
    if text[0] in "/\\~." or _DRIVE.match(text) or _FILE.fullmatch(text.replace("\\", "/").rpartition("/")[2]):
        return True
    try:
        return ("/" in text or "\\" in text) and Path(text).exists()
    except (OSError, ValueError):
        return False
