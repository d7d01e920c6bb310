"""Small pictures as data URIs, within a budget of bytes, so that the report stays a file that can be sent."""

from __future__ import annotations

import base64
import io
import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from PIL import Image

from dejavu_audit.types import Rect

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from dejavu_audit.report.album import Album

LARGE, CUT, SMALL = 360, 240, 128
"""Longest sides of a sample's picture, of its crop and of a neighbour, in pixels."""
QUALITY = 76
OUTSIDE = "the crop lies outside the picture: another one than then"
THREADS = min(4, os.cpu_count() or 1)


class Thumbnails:
    """Reads pictures one after the other, since data sets share open files, and shrinks and packs them in threads."""

    def __init__(self, album: Album) -> None:
        self._album = album
        self._pool = ThreadPoolExecutor(THREADS)
        self._near: dict[str, Future[str]] = {}
        self.missing: dict[str, str] = {}
        """Neighbour -> why there is no picture of it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def sample(self, id_: str, crop: Rect | None) -> Shown:
        """A sample's picture, and the crop of it; `Shown.wait` has them packed."""
        picture, reason = self._album.open(self._album.sample(id_))
        if picture is None:
            return Shown(None, None, None, reason, reason)
        size = picture.size
        large = self._pool.submit(pack, picture, LARGE)
        if crop is None:
            return Shown(size, large, None, "", "")
        if min(crop.x, crop.y) < 0 or crop.x + crop.w > size[0] or crop.y + crop.h > size[1]:
            return Shown(size, large, None, "", OUTSIDE)
        cut = picture.crop((crop.x, crop.y, crop.x + crop.w, crop.y + crop.h))
        return Shown(size, large, self._pool.submit(pack, cut, CUT), "", "")

    def neighbor(self, id_: str) -> Future[str] | None:
        """A public picture, each packed once; None: see `missing`."""
        if id_ not in self._near and id_ not in self.missing:
            picture, reason = self._album.open(self._album.neighbor(id_), draft=SMALL)
            if picture is None:
                self.missing[id_] = reason
            else:
                self._near[id_] = self._pool.submit(pack, picture, SMALL)
        return self._near.get(id_)


class Shown:
    """A sample's pictures under way."""

    def __init__(
        self,
        size: tuple[int, int] | None,
        picture: Future[str] | None,
        cut: Future[str] | None,
        missing: str,
        cut_missing: str,
    ) -> None:
        self.size, self.missing, self.cut_missing = size, missing, cut_missing
        self._picture, self._cut = picture, cut

    def wait(self) -> tuple[str | None, str | None]:
        """The picture and its crop as data URIs."""
        return tuple(None if one is None else one.result() for one in (self._picture, self._cut))  # type: ignore[return-value]


def pack(picture: Image.Image, side: int) -> str:
    """A picture as a data URI, shrunk (never enlarged) so that its longer side is at most `side` pixels."""
    scale = side / max(picture.size)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    kind, save = _format()
    file = io.BytesIO()
    save(picture, file)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _format() -> tuple[str, Callable[[Image.Image, io.BytesIO], None]]:
    """WebP where Pillow has it, else JPEG, which is half as large again."""
    if "WEBP" in Image.SAVE or (Image.init() and "WEBP" in Image.SAVE):
        return "webp", lambda picture, file: picture.save(file, "WEBP", quality=QUALITY, method=3)
    return "jpeg", lambda picture, file: picture.save(file, "JPEG", quality=QUALITY, optimize=True)
