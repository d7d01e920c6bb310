"""Boxes from annotation files in the Pascal VOC format, as ILSVRC ships them. The files are not trusted.

Coordinates are taken as they stand, as edges: ILSVRC counts from 0 or from 1, it does not say which.
"""

from __future__ import annotations

import math
import stat
from typing import TYPE_CHECKING, Any

import defusedxml
import defusedxml.ElementTree

from dejavu_audit.errors import SetAside
from dejavu_audit.types import Annotation, Box

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 8 << 20  # real ones have some hundred bytes a box
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read_annotation(path: Path) -> Annotation:
    """The boxes of every object in a file, of whatever class, and the picture size that it claims.

    SetAside: "annotation is missing", "annotation cannot be read", "annotation is malformed", "annotation has forbidden
    XML" (a document type or entities). A coordinate that is no number becomes NaN, which the crop rule refuses.
    """
    return parse_annotation(_content(path))


def parse_annotation(content: bytes) -> Annotation:
    """As `read_annotation`, from the bytes of the file."""
    try:
        root = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except defusedxml.DefusedXmlException:
        raise SetAside("annotation has forbidden XML") from None
    except (SyntaxError, ValueError, LookupError):  # ParseError is a SyntaxError; the others: encodings that are none
        raise SetAside("annotation is malformed") from None
    if root.tag != "annotation":
        raise SetAside("annotation is malformed")
    boxes: list[Box] = []
    for item in root.findall("object"):
        found = item.findall("bndbox")
        if not found:  # somewhere there is a foreground, and nobody knows where
            raise SetAside("annotation is malformed")
        boxes += [_box(element) for element in found]
    return Annotation(tuple(boxes), _size(root.find("size")))


def _content(path: Path) -> bytes:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > _MOST_BYTES:
            raise SetAside("annotation is malformed")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SetAside("annotation is missing") from None
    except OSError as error:
        raise SetAside("annotation cannot be read") from error


def _box(element: Any) -> Box:
    texts = [element.findtext(corner) for corner in _CORNERS]
    if None in texts:
        raise SetAside("annotation is malformed")
    x0, y0, x1, y1 = map(_number, texts)
    return x0, y0, x1, y1


def _size(element: Any) -> tuple[int, int] | None:
    if element is None:
        return None
    width, height = _number(element.findtext("width")), _number(element.findtext("height"))
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        return None  # some tools write 0: then nothing is claimed
    return int(width), int(height)


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
