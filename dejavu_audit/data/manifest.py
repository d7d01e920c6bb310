"""Tables that users write: Parquet, CSV or JSONL, read into arrow columns; a fault is one sentence with its place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.json as pajson
import pyarrow.parquet as pq

from dejavu_audit.data.json_lines import read_line_by_line
from dejavu_audit.errors import AuditError

FORMATS = (".parquet", ".csv", ".jsonl")


def user_path(text: str | Path) -> Path:
    """A path as the user typed it, `~` resolved; AuditError for the home of nobody."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise AuditError(f"{text} begins with the home folder of a user who is not known here; write it out") from None


def is_file(path: Path) -> bool:
    """Is there such a file? Unlike Path.is_file this raises nothing, however strange the name."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Is there such a folder? Raises nothing either."""
    return os.path.isdir(path)  # noqa: PTH112


def on_one_line(found: object) -> str:
    """What was found in a file, to be quoted in a sentence: its names may hold line breaks."""
    return " ".join(str(found).split())


def is_text(value: str) -> bool:
    """Can it be written as UTF-8? File names need not be text, and JSON can spell half a character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Manifest:
    """A table and the file that it came from, so that every complaint can name the file."""

    path: Path
    """The file; of several, the pattern that they share, as in /data/*.parquet."""
    table: pa.Table
    """The wanted columns that were found. Text is `string`, whatever flavour of it the file had."""
    found: tuple[str, ...]
    """Every column of the file, wanted or not."""
    files: tuple[tuple[Path, int], ...]
    """Every file and its number of rows, in the order of the table."""

    @property
    def typed(self) -> bool:
        """Does the format know text from numbers? A CSV is text throughout."""
        return self.path.suffix.lower() != ".csv"

    def has(self, name: str) -> bool:
        """Is there such a column, and was it wanted?"""
        return name in self.table.column_names

    def column(self, name: str) -> pa.ChunkedArray:
        """A column; AuditError, that says what was found instead, if there is none."""
        if not self.has(name):
            found = on_one_line(", ".join(self.found)) or "none"
            raise AuditError(f"{self.path} has no column {name!r}; found: {found}")
        return self.table[name]

    def full(self, name: str) -> pa.ChunkedArray:
        """A column without empty places; AuditError, that counts them, if it has some."""
        column = self.column(name)
        if column.null_count:
            raise AuditError(
                f"the column {name!r} of {self.path} has {column.null_count:,} empty places; fill them or drop the rows"
            )
        return column

    def text(self, name: str) -> pa.ChunkedArray:
        """A column as text, whole numbers written out; AuditError if it holds lists or the like."""
        column = self.column(name)
        if not (pa.types.is_string(column.type) or pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
            kind = on_one_line(column.type)
            raise AuditError(f"the column {name!r} of {self.path} is of type {kind}; it must be text")
        return column.cast(pa.string())


def read_manifest(path: Path, wanted: Collection[str]) -> Manifest:
    """The `wanted` columns of a file, its format told by the suffix; AuditError if it cannot be read or has no rows.

    A CSV is read as text throughout: what looks like a number may be an id with leading zeros. Only an empty field is
    an empty place: "NA" may be a class.
    """
    try:
        if not is_file(path):
            raise AuditError(f"there is no file {path}; name a {', '.join(FORMATS)} file")
        table, found = _READERS[path.suffix.lower()](path, wanted)
        # Not every reader looks whether text is UTF-8; one bad caption of a Parquet file is left out later on.
        spared = {"caption"} if path.suffix.lower() == ".parquet" else set()
        for name in set(table.column_names) - spared:
            table[name].validate(full=True)
    except KeyError:
        raise AuditError(f"{path} is of no known format; write it as {', '.join(FORMATS)}") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise AuditError(f"{path} cannot be read as {path.suffix[1:]}: {_why(error, path)}") from None
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice is not None:
        raise AuditError(f"{path} has two columns {twice!r}; rename one")
    if not table.num_rows:
        raise AuditError(f"{path} has no rows")
    columns = {name: _plain(table[name]) for name in table.column_names}
    return Manifest(path, pa.table(columns), tuple(found), ((path, table.num_rows),))


def read_manifests(paths: Sequence[Path], wanted: Collection[str]) -> Manifest:
    """Several files of one format as one, the rows of one after those of the other; AuditError also if they disagree.

    A column that one of them lacks is empty there.
    """
    parts = [read_manifest(path, wanted) for path in paths]
    if len(parts) == 1:
        return parts[0]
    found = tuple(dict.fromkeys(name for part in parts for name in part.found))
    try:
        table = pa.concat_tables([part.table for part in parts], promote_options="permissive")
    except pa.ArrowException as error:
        for part in parts[1:]:
            for name in set(part.table.column_names) & set(parts[0].table.column_names):
                kinds = parts[0].table[name].type, part.table[name].type
                if kinds[0] != kinds[1] and pa.null() not in kinds:
                    raise AuditError(
                        f"the column {name!r} is of type {on_one_line(kinds[0])} in {parts[0].path} and of type "
                        f"{on_one_line(kinds[1])} in {part.path}; write all as one type"
                    ) from None
        raise AuditError(f"{paths[0].parent} holds files that do not go together: {on_one_line(error)}") from None
    return Manifest(
        paths[0].parent / f"*{paths[0].suffix}", table, found, tuple(one for part in parts for one in part.files)
    )


def text_of(path: Path) -> str:
    """The text of a file; AuditError that names the line where it is not UTF-8, or says why it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror or error}") from None
    fault = _not_utf8(content)
    if fault is not None:
        raise AuditError(f"{path} cannot be read: {fault}")
    return content.decode("utf-8-sig")


def _not_utf8(content: bytes) -> str | None:
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"line {line:,} is not UTF-8; write the file anew as UTF-8"
    return None


def _why(error: Exception, path: Path) -> str:
    """What to say of a file that arrow or Python cannot read."""
    if path.suffix.lower() in {".csv", ".jsonl"} and is_file(path):
        with contextlib.suppress(OSError):
            fault = _not_utf8(path.read_bytes())
            if fault is not None:
                return fault
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _read_parquet(path: Path, wanted: Collection[str]) -> tuple[pa.Table, list[str]]:
    file = pq.ParquetFile(path)
    found = list(file.schema_arrow.names)
    names = [name for name in found if name in wanted]
    if not names:  # a table without columns would have no rows either
        return pa.table({"": pa.nulls(file.metadata.num_rows)}), found
    return file.read(columns=names), found


def _read_csv(path: Path, wanted: Collection[str]) -> tuple[pa.Table, list[str]]:
    with csv.open_csv(path) as reader:
        found = list(reader.schema.names)
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(found, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    try:
        table = csv.read_csv(path, convert_options=convert, parse_options=parse)
    except pa.ArrowInvalid:  # with one thread, arrow knows the row
        table = csv.read_csv(
            path, convert_options=convert, parse_options=parse, read_options=csv.ReadOptions(use_threads=False)
        )
    return _chosen(table, found, wanted), found


def _read_jsonl(path: Path, wanted: Collection[str]) -> tuple[pa.Table, list[str]]:
    try:
        table = pajson.read_json(path)
        table.validate()  # arrow breaks lists of nulls while reading them
        plain = "timestamp" not in str(table.schema.types)  # arrow takes any text like a date for a time
    except pa.ArrowInvalid:
        plain = False
    if not plain:  # slower: finds the line of a fault, reads ragged boxes, leaves text alone
        table = read_line_by_line(path)
    found = list(table.column_names)
    return _chosen(table, found, wanted), found


_READERS = {".parquet": _read_parquet, ".csv": _read_csv, ".jsonl": _read_jsonl}


def _chosen(table: pa.Table, found: list[str], wanted: Collection[str]) -> pa.Table:
    if len(set(found)) < len(found):  # refused later on, with its name
        return table.select([])
    names = [name for name in found if name in wanted]
    return table.select(names) if names else pa.table({"": pa.nulls(table.num_rows)})


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text and dictionaries of it, as pandas and polars write them, as the one type `string`.

    Whole numbers that became floats, since pandas knows no empty place among integers, are whole numbers again.
    """
    if pa.types.is_floating(column.type):
        try:
            return column.cast(pa.int64())  # refused for 0.5, NaN and what does not fit
        except pa.ArrowInvalid:
            return column
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view"
    plain = pa.string() if text else kind
    # arrow breaks some nested columns (lists of nulls) by casting them to what they are
    return column if plain == column.type else column.cast(plain)
