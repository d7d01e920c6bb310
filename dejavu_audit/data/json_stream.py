"""The arrays of one large JSON object, element by element: a file of half a gigabyte is never held as a whole."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from dejavu_audit.errors import AuditError

CHUNK = 1 << 22
"""Bytes that are read at once."""
_SPACE = re.compile(r"[ \t\n\r]*")


def elements(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Key and element, one after the other, of the top-level arrays that are `wanted`; the rest is read over.

    AuditError, with the line, for what is no JSON object or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            yield from _Reader(path, file).elements(wanted)
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror or error}") from None


class _Reader:
    """A window over the text of the file."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._parse = json.JSONDecoder().raw_decode
        self._text, self._at, self._line, self._ended = "", 0, 1, False

    def elements(self, wanted: Collection[str]) -> Iterator[tuple[str, Any]]:
        self._expect("{")
        mark = self._next()
        if mark == "}":
            self._at += 1
        while mark != "}":
            key = self._value()
            if not isinstance(key, str):
                raise self._fault("a key in quotes was expected")
            self._expect(":")
            if self._next() == "[":
                for element in self._array():
                    if key in wanted:
                        yield key, element
            else:
                self._value()
            mark = self._one_of(",}")
        if self._next():
            raise self._fault("something follows after its end")

    def _array(self) -> Iterator[Any]:
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if self._one_of(",]") == "]":
                return

    def _value(self) -> Any:
        """The value at the place; more is read for as long as it may be cut off."""
        self._next()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
                rest = self._text[end : end + 32]
                whole = bool(rest) and (rest[0] not in ".eE" or len(rest) == 32)  # a number may be cut off anywhere
            except (ValueError, RecursionError) as error:
                if self._ended or isinstance(error, RecursionError):
                    raise self._fault(getattr(error, "msg", str(error)), getattr(error, "pos", None)) from None
                whole = False
            if whole or self._ended:
                self._at = end
                return value
            self._read(max(CHUNK, len(self._text)))

    def _next(self) -> str:
        """The next character that is no space, left where it is; blank at the end of the file."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._read(CHUNK)

    def _one_of(self, marks: str) -> str:
        mark = self._next()
        if not mark or mark not in marks:
            raise self._fault(f"{' or '.join(marks)} was expected, {'the file ends' if not mark else f'not {mark!r}'}")
        self._at += 1
        return mark

    def _expect(self, mark: str) -> None:
        self._one_of(mark)

    def _read(self, size: int) -> None:
        """Drop what is behind, and take more."""
        self._line += self._text.count("\n", 0, self._at)
        content = self._file.read(size)
        self._ended = not content
        rest = self._text[self._at :]
        try:
            self._text = rest + self._decode(content, final=self._ended)
        except UnicodeDecodeError as error:
            line = self._line + rest.count("\n") + error.object.count(b"\n", 0, error.start)
            raise AuditError(f"{self._path} cannot be read: line {line:,} is not UTF-8") from None
        self._at = 0

    def _fault(self, what: str, at: int | None = None) -> AuditError:
        line = self._line + self._text.count("\n", 0, self._at if at is None else at)
        return AuditError(f"line {line:,} of {self._path} is not JSON as COCO has it: {what}")
