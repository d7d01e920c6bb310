"""A page of a contact sheet: strips of pictures with text, drawn with Pillow and its built-in font."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from dejavu_audit.types import Rect

LARGE, SMALL = 208, 124
"""Sides of the squares that pictures are fitted into, in pixels."""
PANEL = 300
"""Width of a strip's text panel."""
_MARGIN, _GAP, _PAD = 28, 10, 14
_PAPER, _INK, _MUTED, _RULE = "#ffffff", "#1f2328", "#59636e", "#d8dee4"
_TILE, _BLANK = "#f0f2f4", "#d4d9de"
OWN, CROP = "#1a7f37", "#ff8c00"
"""Colours: a neighbour of the sample's own class, the rectangle of the crop."""
_LINE = 1.3
"""Line height over font size."""


@dataclass(frozen=True)
class Tile:
    """One picture with what stands under it."""

    picture: Image.Image | None
    """None: a grey tile that says `missing`."""
    lines: tuple[str, ...] = ()
    missing: str = ""
    own: bool = False
    """Framed in the colour of the sample's own class."""


@dataclass(frozen=True)
class Strip:
    """One sample: large tiles, then text if there is any, then small tiles."""

    title: str
    says: str
    large: tuple[Tile, ...]
    small: tuple[Tile, ...]
    text: tuple[tuple[str, str], ...] = ()
    """Paragraphs: a heading and its text."""


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, which has the letters of ASCII alone."""
    return ImageFont.load_default(size)


_LIKE = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})


def drawable(text: str) -> str:
    """The text in letters that Pillow's own font has, which are those of ASCII: accents go, the rest becomes "?"."""
    apart = unicodedata.normalize("NFKD", text.translate(_LIKE))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in bare)


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """The picture scaled to fit a square of `side` pixels, enlarged too, never under one pixel."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)


def outlined(picture: Image.Image, rect: Rect, side: int) -> Image.Image:
    """The picture fitted into `side`, with a rectangle given in its own pixels drawn on it."""
    small = fitted(picture, side)
    x_scale, y_scale = small.width / picture.width, small.height / picture.height
    left, top = round(rect.x * x_scale), round(rect.y * y_scale)
    right = max(left, round((rect.x + rect.w) * x_scale) - 1)
    bottom = max(top, round((rect.y + rect.h) * y_scale) - 1)
    draw = ImageDraw.Draw(small)
    draw.rectangle((left, top, right, bottom), outline="#000000", width=4)  # shows on any ground
    if right - left > 2 and bottom - top > 2:
        draw.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=CROP, width=2)
    return small


def wrapped(text: str, size: int, width: int, lines: int) -> list[str]:
    """Text broken into at most `lines` lines of `width` pixels; what does not fit ends in "..."."""
    done: list[str] = []
    most = width * lines  # no letter is narrower than a pixel
    rest, cut = " ".join(drawable(text[:most]).split()), len(text) > most
    while rest and len(done) < lines:
        end = _fits(rest, size, width)
        if end < len(rest):
            space = rest.rfind(" ", 1, end + 1)
            end = space if space > 0 else end
        done.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    if done and (rest or cut):
        last = done[-1]
        while last and font(size).getlength(f"{last}...") > width:
            last = last[:-1]
        done[-1] = f"{last.rstrip()}..."
    return done


def _fits(text: str, size: int, width: int) -> int:
    """How many letters of a text fit, at least one."""
    low, high = 1, min(len(text), width)
    while low < high:
        middle = (low + high + 1) // 2
        if font(size).getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def page(title: str, note: str, strips: Sequence[Strip]) -> Image.Image:
    """Draw a page."""
    width = 2 * _MARGIN + max((_width(strip) for strip in strips), default=LARGE)
    head = _MARGIN + _height(22) + _height(13) + _PAD
    heights = [_strip_height(strip) for strip in strips]
    sheet = Image.new("RGB", (width, head + sum(heights) + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (_MARGIN, _MARGIN), wrapped(title, 22, width - 2 * _MARGIN, 1), 22, _INK)
    _write(draw, (_MARGIN, _MARGIN + _height(22)), wrapped(note, 13, width - 2 * _MARGIN, 1), 13, _MUTED)
    top = head
    for strip, height in zip(strips, heights, strict=True):
        draw.line((_MARGIN, top, width - _MARGIN, top), fill=_RULE)
        _draw_strip(sheet, draw, strip, top + _PAD, width - 2 * _MARGIN)
        top += height
    return sheet


def _width(strip: Strip) -> int:
    tiles = len(strip.large) * (LARGE + _GAP) + len(strip.small) * (SMALL + _GAP)
    return tiles + (PANEL + 3 * _GAP if strip.text else _GAP)


def _strip_height(strip: Strip) -> int:
    under = max((len(tile.lines) for tile in strip.large), default=0) * _height(12)
    return _PAD + _height(16) + _height(13) + 8 + LARGE + under + _PAD + 4


def _draw_strip(sheet: Image.Image, draw: ImageDraw.ImageDraw, strip: Strip, top: int, width: int) -> None:
    _write(draw, (_MARGIN, top), wrapped(strip.title, 16, width, 1), 16, _INK)
    _write(draw, (_MARGIN, top + _height(16)), wrapped(strip.says, 13, width, 1), 13, _MUTED)
    top += _height(16) + _height(13) + 8
    left = _MARGIN
    for tile in strip.large:
        _draw_tile(sheet, draw, tile, (left, top), LARGE)
        left += LARGE + _GAP
    if strip.text:
        left += _GAP
        _draw_panel(draw, strip.text, left, top)
        left += PANEL + _GAP
    left += _GAP
    for tile in strip.small:
        _draw_tile(sheet, draw, tile, (left, top), SMALL)
        left += SMALL + _GAP


def _draw_panel(draw: ImageDraw.ImageDraw, paragraphs: Sequence[tuple[str, str]], left: int, top: int) -> None:
    room = max(1, (LARGE // _height(13) - len(paragraphs)) // max(1, len(paragraphs)))
    for heading, text in paragraphs:
        _write(draw, (left, top), [heading], 12, _MUTED)
        lines = wrapped(text, 13, PANEL - _GAP, room)
        _write(draw, (left, top + _height(12)), lines, 13, _INK)
        top += _height(12) + len(lines) * _height(13) + 5


def _draw_tile(sheet: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, corner: tuple[int, int], side: int) -> None:
    left, top = corner
    blank = tile.picture is None
    draw.rectangle((left, top, left + side - 1, top + side - 1), fill=_BLANK if blank else _TILE)
    if tile.picture is None:
        lines = wrapped(tile.missing, 12, side - 16, side // _height(12) - 1)
        middle = top + (side - len(lines) * _height(12)) // 2
        for number, line in enumerate(lines):
            x = left + (side - font(12).getlength(line)) / 2
            draw.text((x, middle + number * _height(12)), line, font=font(12), fill=_INK)
    else:
        small = tile.picture if max(tile.picture.size) == side else fitted(tile.picture, side)
        sheet.paste(small, (left + (side - small.width) // 2, top + (side - small.height) // 2))
    if tile.own:
        draw.rectangle((left - 3, top - 3, left + side + 2, top + side + 2), outline=OWN, width=3)
    for number, text in enumerate(tile.lines):
        ink = OWN if tile.own and number == 0 else _INK if number == 0 else _MUTED
        _write(draw, (left, top + side + 5 + number * _height(12)), wrapped(text, 12, side, 1), 12, ink)


def _write(draw: ImageDraw.ImageDraw, corner: tuple[int, int], lines: Sequence[str], size: int, ink: str) -> None:
    for number, line in enumerate(lines):
        draw.text((corner[0], corner[1] + number * _height(size)), line, font=font(size), fill=ink)


def _height(size: int) -> int:
    return round(size * _LINE)
