"""The members of a tar shard, header by header; a shard that is damaged or hostile ends in one sentence.

Python's own tarfile takes 130 µs a header as webdataset writes them, which would be longer than a GPU takes for the
picture; it also takes whatever it does not understand for the end of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from dejavu_audit.data.manifest import is_file
from dejavu_audit.errors import AuditError

BLOCK = 512
LONGEST_HEADER = 1 << 20
"""Bytes of an extended header: names are not longer."""
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_FILES, _FOLDER, _EXTENDED = (b"0", b"\0", b"7"), b"5", (b"x", b"g", b"L", b"K")


class Member(NamedTuple):
    """A file in a shard: its bytes are `size` from `offset` on. Names that are not UTF-8 hold surrogates."""

    name: str
    offset: int
    size: int


class _Fault(Exception):  # noqa: N818 - a sentence is made of it at once
    """What is wrong with a shard."""


def members(shard: Path) -> Iterator[tuple[Member, IO[bytes]]]:
    """Every file in an uncompressed tar, and the opened shard to read from: one pass over the headers.

    Reads the formats ustar, pax and GNU. AuditError, that names the shard and the member, for a tar that is compressed,
    truncated, damaged, or goes on after its end, and for a member that is a link or device or whose name climbs out of
    the folder that it would be unpacked into.
    """
    last = None
    try:
        if not is_file(shard):
            raise AuditError(f"there is no shard {shard}")
        with shard.open("rb") as file:
            head = file.read(8)
            for magic, packer in _MAGIC.items():
                if head.startswith(magic):
                    raise compressed(shard, packer)
            end = file.seek(0, 2)
            for kind, member, target in _headers(file, end):
                last = member.name
                _refuse_hostile(shard, kind, member.name, target)
                if kind in _FILES:
                    yield member, file
    except _Fault as fault:
        where = "no member could be read" if last is None else f"the last member that could be read is {last!r}"
        raise AuditError(f"the shard {shard} {fault} ({where}); fetch or write it anew") from None
    except OSError as error:
        raise AuditError(f"the shard {shard} cannot be read: {error.strerror or error}") from None


def _headers(file: IO[bytes], end: int) -> Iterator[tuple[bytes, Member, str]]:
    """Kind, place and, of a link, the target of every member, up to the end mark."""
    at = 0
    extended: dict[str, bytes] = {}
    while True:
        file.seek(at)
        header = file.read(BLOCK)
        if len(header) < BLOCK:
            raise _Fault("is truncated: its end mark is missing" if at >= end else "is truncated")
        if not header.strip(b"\0"):
            break
        if sum(header) - sum(header[148:156]) + 256 != _number(header[148:156]):
            raise _Fault("is damaged: no header where one should be")
        kind, size = header[156:157], _size(header, extended)
        start = at + BLOCK
        at = start + -(-size // BLOCK) * BLOCK
        if start + size > end:
            raise _Fault("is truncated")
        if kind in _EXTENDED:
            extended |= _extension(kind, file.read(size) if size <= LONGEST_HEADER else None)
            continue
        name = _name(header, extended)
        if kind == b"\0" and name.endswith("/"):  # how folders were written before there was a kind for them
            kind = _FOLDER
        yield kind, Member(name, start, size), _text(extended.get("linkpath", _until_zero(header[157:257])))
        extended = {}
    while block := file.read(1 << 20):  # the rest of the file must be zeros
        if block.count(0) < len(block):
            raise _Fault("goes on behind its end mark")


def _number(digits: bytes) -> int:
    """Octal digits, or for large files the bytes of a number."""
    if digits[0] == 0x80:
        return int.from_bytes(digits[1:], "big")
    try:
        return int(digits.replace(b"\0", b" ").strip() or b"0", 8)
    except ValueError:
        raise _Fault("is damaged: no header where one should be") from None


def _size(header: bytes, extended: dict[str, bytes]) -> int:
    if "size" not in extended:
        return _number(header[124:136])
    if not extended["size"].isdigit() or len(extended["size"]) > 20:
        raise _Fault("is damaged: no header where one should be")
    return int(extended["size"])


def _name(header: bytes, extended: dict[str, bytes]) -> str:
    if "path" in extended:
        return _text(extended["path"])
    name = _until_zero(header[:100])
    if header[257:263] == b"ustar\0" and header[345]:
        name = _until_zero(header[345:500]) + b"/" + name
    return _text(name)


def _extension(kind: bytes, content: bytes | None) -> dict[str, bytes]:
    """What an extended header says of the next member, of the keys that matter here."""
    if content is None:
        raise _Fault("is damaged: a header is longer than any name")
    if kind == b"L":
        return {"path": _until_zero(content)}
    if kind == b"K":
        return {"linkpath": _until_zero(content)}
    told: dict[str, bytes] = {}
    while content:
        length, space, _ = content.partition(b" ")
        if not space or not length.isdigit() or not len(length) + 3 <= int(length[:9]) <= len(content):
            raise _Fault("is damaged: no header where one should be")
        key, _, value = content[len(length) + 1 : int(length) - 1].partition(b"=")
        content = content[int(length) :]
        if key.startswith(b"GNU.sparse"):
            raise _Fault("holds a sparse file")
        if key in (b"path", b"size", b"linkpath"):
            told[key.decode()] = value
    if told and kind == b"g":
        raise _Fault("has one name or size for all members")
    return told


def _until_zero(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _text(name: bytes) -> str:
    return name.decode(errors="surrogateescape")


def compressed(shard: Path, kind: str) -> AuditError:
    """The complaint about a shard that is compressed."""
    return AuditError(
        f"the shard {shard} is compressed ({kind}), so its pictures cannot be read one by one; decompress it to a "
        ".tar, which is hardly larger where it holds pictures"
    )


def _refuse_hostile(shard: Path, kind: bytes, name: str, target: str) -> None:
    fault, path = None, name.replace("\\", "/")
    if path.startswith("/") or path[1:3] == ":/":
        fault = "an absolute path"
    elif ".." in path.split("/"):
        fault = "a path that climbs out of its folder"
    elif kind in (b"1", b"2"):
        fault = f"a link to {target!r}"
    elif kind not in _FILES and kind != _FOLDER:
        fault = "no ordinary file"
    if fault is not None:
        raise AuditError(
            f"the shard {shard} has the member {name!r}, which is {fault}; pictures and captions need none, so do not "
            "trust the shard, or write it anew without"
        )
