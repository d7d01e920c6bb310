"""What a report without images leaves out: paths and file names, wherever a text holds one.

Ids, captions and pictures are never put into such a report; names in free text (notes, reasons, settings) are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
_WORD = re.compile(r"[^\s'\"`,;()<>|:]+")
_NUMBER = re.compile(r"[\d.,eE+-]+")
LEAST, WORDS = 5, 10
"""Letters of a sample's name that is looked for in texts, at the least, and words of one, at most."""
_SUFFIX = re.compile(rf"[^/\\]\.(?:{_SUFFIXES})$", re.IGNORECASE)
_PLACE = re.compile(r"(?<![\w.:/\\])(?:~|\.{1,2})?[/\\][^\s'\"`,;()<>|]*[^\s'\"`,;()<>|.:]")
_DRIVE = re.compile(r"(?<!\w)[A-Za-z]:[/\\][^\s'\"`,;()<>|]*")


class Withholder:
    """Replaces what names a file, knowing those that the run was given."""

    def __init__(self, run: Run) -> None:
        # The longest first: a folder is a part of the names of its files.
        self._known = sorted(set(_known(run)), key=len, reverse=True)
        self._samples = {name for column in ("id", "path") for name in _names(run, column)}

    def text(self, text: str) -> str:
        """The text without paths and file names."""
        for name in self._known:
            if name in text:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", WITHHELD, text)
        if " " in text or text in self._samples:
            text = self._without_samples(text)
        for pattern in (_DRIVE, _PLACE, _FILE):
            text = pattern.sub(_unless_ours, text)
        return text

    def _without_samples(self, text: str) -> str:
        """The text without ids and paths of samples, of up to WORDS words."""
        words = list(_WORD.finditer(text))
        for first, begin in enumerate(words):
            for end in reversed(words[first : first + WORDS]):
                name = text[begin.start() : end.end()]
                if name in self._samples:
                    return self._without_samples(text.replace(name, WITHHELD))
        return text


def _names(run: Run, column: str) -> Iterator[str]:
    """What samples are called, where it cannot be taken for a word or a number."""
    if column in run.samples.column_names:
        for name in map(str, run.samples[column].to_pylist()):
            if len(name) >= LEAST and not name.isalpha() and not _NUMBER.fullmatch(name):
                yield name


def _unless_ours(found: re.Match[str]) -> str:
    return found[0] if found[0] in _OURS else WITHHELD


def hidden(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without what names files and folders."""

    def hide(key: str, value: Any) -> Any:
        if key in _OPTIONS and value:
            return {name: WITHHELD if looks_like_file(str(one)) else one for name, one in value.items()}
        if value and (key in _ALWAYS or (key in _OFTEN and any(map(looks_like_file, _forms(str(value)))))):
            return WITHHELD
        return value

    return {key: hide(key, value) for key, value in config.items()}


def _known(run: Run) -> Iterator[str]:
    """Names of files and folders that this run was given; of one word only where it is a file's."""
    config, record = run.record.config, run.record
    given = [str(config.get(key) or "") for key in (*_ALWAYS, *_OFTEN)]
    given += [str(one) for key in _OPTIONS for one in (config.get(key) or {}).values()]
    given += [record.data.root, record.model.name, record.model.pretrained, str(run.path), str(run.path.absolute())]
    for text in (form for one in given for form in _forms(one)):
        if looks_like_file(text) and len(text.strip("./\\~")) > 1:
            yield text
            name = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
            if _SUFFIX.search(name):
                yield name


def _forms(text: str) -> tuple[str, str]:
    """A setting, and what follows its first colon, as of FAMILY:FILE."""
    return text, text.partition(":")[2]


def looks_like_file(text: str) -> bool:
    """Whether a setting names a file or folder, not a model of a hub or an architecture."""
    if not text or text.startswith("hf-hub:"):
        return False
    if text[0] in "/\\~." or _DRIVE.match(text) or _SUFFIX.search(text):
        return True
    try:
        return ("/" in text or "\\" in text) and Path(text).exists()
    except (OSError, ValueError):
        return False
