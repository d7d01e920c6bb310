"""Pictures from disk or memory: every one comes out as decoded 8-bit RGB, or is set aside with a reason.

Reasons: "picture is missing", "picture is truncated", "picture is damaged", "not a picture", "decompression bomb",
"picture cannot be read" (rights, disk), "unsupported pixel format", "picture does not fit into memory".
"""

from __future__ import annotations

import io
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError

from dejavu_audit.errors import SetAside

# Only raster formats that Pillow decodes in its own process: EPS, for one, would start Ghostscript on any file.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF")
MOST_BYTES = 1 << 29
"""Of one encoded picture that is held in memory as a whole."""
_GONE = (FileNotFoundError, NotADirectoryError)


def open_picture(source: Path | bytes, draft: int | None = None) -> Image.Image:
    """The picture in a file or in encoded bytes, decoded, in mode RGB; SetAside, with its reason, where it is none.

    Transparency is composited on white, 16-bit grey keeps its upper 8 bits, CMYK is converted, of an animation the
    first frame is taken. EXIF orientation is left alone: annotated boxes refer to the pixels as they are stored.
    Pillow's limit against decompression bombs stays on, and its warning counts as its error.

    With `draft`, a JPEG is decoded at 1/2, 1/4 or 1/8 of its size where its shorter side stays >= `draft` pixels.
    """
    with _opened(source) as file:
        try:
            image = identify(file)
            if draft is not None and draft > 0:
                image.draft("RGB", (draft, draft))
            image.load()
            return _to_rgb(image)
        except SetAside:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise SetAside("decompression bomb") from None
        except UnidentifiedImageError:
            raise SetAside("not a picture") from None
        except MemoryError:
            raise SetAside("picture does not fit into memory") from None
        except OSError as error:
            if error.errno is not None:  # the disk's fault; the decoders' own errors carry no number
                raise SetAside("picture cannot be read") from error
            truncated = "truncated" in str(error).lower()
            raise SetAside("picture is truncated" if truncated else "picture is damaged") from error
        except Exception as error:  # decoders raise whatever their arithmetic runs into on hostile bytes
            raise SetAside("picture is damaged") from error


def picture_size(source: Path | bytes) -> tuple[int, int]:
    """Width and height of the picture that `open_picture` would give; SetAside, with its reason, where it is none.

    Only the header is read where it can be trusted with the size: of JPEG and PNG.
    """
    with _opened(source) as file, suppress(Exception):  # for every fault `open_picture` has the word
        image = identify(file)
        if image.format in {"JPEG", "PNG"}:
            return image.size
    return open_picture(source).size


def encoded_picture(source: Path | bytes) -> bytes:
    """The bytes that encode a picture, as they are; SetAside where they cannot be read, or are too many to hold."""
    if isinstance(source, bytes):
        return source
    with _opened(source) as file:
        try:
            content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise SetAside("picture cannot be read") from error
    if len(content) > MOST_BYTES:
        raise SetAside("picture does not fit into memory")
    return content


def file_identity(path: Path | str) -> str:
    """Absolute path, size in bytes and time of change in ns: equal while the file is; SetAside if it is missing."""
    try:
        info = Path(path).stat()
    except (*_GONE, ValueError):  # ValueError: a null byte in the name
        raise SetAside("picture is missing") from None
    except OSError as error:
        raise SetAside("picture cannot be read") from error
    return f"{Path(path).absolute()}|{info.st_size}|{info.st_mtime_ns}"


@contextmanager
def _opened(source: Path | bytes) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        if not stat.S_ISREG(source.stat().st_mode):  # a pipe would be waited for, a device read for ever
            raise SetAside("not a picture")
        file = source.open("rb")
    except (*_GONE, ValueError):
        raise SetAside("picture is missing") from None
    except OSError as error:
        raise SetAside("picture cannot be read") from error
    with file:
        yield file


def identify(file: IO[bytes]) -> Image.Image:
    """The picture with its header read and no pixel yet; SetAside for a decompression bomb, else Pillow's errors."""
    # catch_warnings is not thread safe; the worst that a race leaves behind are these two filters, and the size is
    # looked at again below, so no bomb slips through.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")  # corrupt EXIF: not needed
        warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
        image = Image.open(file, formats=_formats())
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        raise SetAside("decompression bomb")
    return image


@cache
def _formats() -> tuple[str, ...]:
    Image.init()  # AVIF and JPEG 2000 are not in every build of Pillow
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow would clip at 255
        values = np.asarray(image).astype(np.int64)
        return Image.fromarray((np.clip(values, 0, 65535) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image).convert("RGB")
    if image.mode == "RGB":
        return image
    if image.mode == "F":  # no convention says which value is white
        raise SetAside("unsupported pixel format")
    try:
        return image.convert("RGB")
    except ValueError:
        raise SetAside("unsupported pixel format") from None
