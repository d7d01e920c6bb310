"""A model card's file: its front matter and its text, of which an audit writes its own parts and leaves all else.

The text of an audit stands between two comments that name what was audited; its result stands in `model-index` beside
those of others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from dejavu_audit.errors import AuditError
from dejavu_audit.report import card
from dejavu_audit.report.whole import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from dejavu_audit.report.record import AuditRecord

INDEX = "model-index"
_FRONT = re.compile(r"\A(\ufeff?---[ \t]*\n)(.*?)^(---[ \t]*(?:\n|\Z))", re.S | re.M)


def whole_card(record: AuditRecord) -> str:
    """A card of its own: front matter and section."""
    return f"{_dumped_front(card.metadata(record))}{section_between_marks(record)}\n"


def put_into(file: Path, record: AuditRecord) -> bool:
    """Put the section and the metadata into a card that is there; whether anything changed.

    What an earlier audit of the same data by the same test wrote is replaced; nothing else is touched. AuditError where
    the file is not there, is no UTF-8, or has a front matter that is not YAML or holds a strange `model-index`.
    """
    try:
        before = file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise AuditError(
            f"there is no {file} to put the card into; make it first, or write a new one with --out"
        ) from None
    except UnicodeDecodeError:
        raise AuditError(f"{file} is not UTF-8; save it so first") from None
    except OSError as error:
        raise AuditError(f"cannot read {file}: {error.strerror or error}") from error
    line = "\r\n" if "\r\n" in before else "\n"
    text = before.replace("\r\n", "\n")
    if line == "\r\n" and text.count("\n") != before.count("\r\n"):
        raise AuditError(f"{file} mixes two kinds of line ends; save it with one of them first")
    text = with_section(with_metadata(text, card.metadata(record), str(file)), record, str(file))
    after = text.replace("\n", line).encode()
    if after == before.encode():
        return False
    write_whole(file, lambda path: path.write_bytes(after))
    return True


def section_between_marks(record: AuditRecord) -> str:
    """The section with the comments by which it is found again."""
    begin, end = _marks(record)
    return f"{begin}\n{card.section(record)}\n\n{end}"


def _marks(record: AuditRecord) -> tuple[str, str]:
    test = "label" if record.headline.metric.startswith("deja_vu") else "objects"
    # Two hyphens would end the comment.
    name = re.sub(r"[^\w.]+", "-", record.data.name).strip("-")
    return f"<!-- dejavu-audit: begin {name} {test} -->", f"<!-- dejavu-audit: end {name} {test} -->"


def with_section(text: str, record: AuditRecord, where: str) -> str:
    """The text of a card with the section: in the place of an earlier one, else at the end."""
    begin, end = _marks(record)
    section = section_between_marks(record)
    counts = text.count(begin), text.count(end)
    if counts == (0, 0):
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}{section}\n"
    first, last = text.find(begin), text.find(end)
    if counts != (1, 1) or last < first:
        raise AuditError(
            f"{where} should hold {begin} once, and {end} once after it; take what an earlier audit wrote out by hand"
        )
    return text[:first] + section + text[last + len(end) :]


def with_metadata(text: str, metadata: Mapping[str, Any], where: str) -> str:
    """The text of a card with an audit's result in its front matter, which is made where there is none."""
    if not metadata:
        return text
    front = _FRONT.match(text)
    if front is None:
        return _dumped_front(metadata) + text
    body = front[2]
    start, end, existing = _index_in(body, where)
    index = _merged(existing, metadata[INDEX], where)
    if index == existing:
        return text
    block = _dumped({INDEX: index})
    gap = "\n" if body[:start] and not body[:start].endswith("\n") else ""
    return front[1] + body[:start] + gap + block + body[end:] + front[3] + text[front.end() :]


def _index_in(body: str, where: str) -> tuple[int, int, list[Any]]:
    """Where `model-index` begins and ends in a front matter, and what it holds; at its end where it is not there."""
    try:
        node, told = yaml.compose(body, yaml.SafeLoader), yaml.safe_load(body)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise AuditError(f"the front matter of {where} is not YAML ({reason}); mend it first") from None
    if node is None:
        return len(body), len(body), []
    if not isinstance(node, yaml.MappingNode) or not isinstance(told, dict):
        raise AuditError(f"the front matter of {where} is not a list of keys and values; mend it first")
    if node.flow_style:
        raise AuditError(f"the front matter of {where} is written in braces; write it as one key a line first")
    for key, value in node.value:
        if key.value == INDEX:
            existing = told[INDEX] if told[INDEX] is not None else []
            if not isinstance(existing, list):
                raise AuditError(f"{INDEX} in {where} is not a list of models; mend it first")
            end = key.end_mark.index + 1 if value.tag.endswith(":null") else value.end_mark.index
            return key.start_mark.index, _without_trailing(body, key.start_mark.index, end), existing
    return len(body), len(body), []


def _without_trailing(body: str, start: int, end: int) -> int:
    """The end of a block without the comments and empty lines after it, which belong to what follows."""
    lines = body[start:end].splitlines(keepends=True)
    if end < len(body) and lines and not lines[-1].endswith("\n"):  # the value ends within its line
        rest = body.find("\n", end)
        return len(body) if rest < 0 else rest + 1
    while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
        lines.pop()
    return start + sum(map(len, lines))


def _merged(existing: list[Any], own: list[dict[str, Any]], where: str) -> list[Any]:
    """The models of a card with the audit's result, in the place of an earlier one, else last of the first model's."""
    result = own[0]["results"][0]
    if not existing:
        return own
    models = []
    placed = False
    for model in existing:
        results = model.get("results") if isinstance(model, dict) else None
        if not isinstance(results, list):
            raise AuditError(f"{INDEX} in {where} holds a model without a list of results; mend it first")
        kept: list[Any] = []
        for one in results:
            if not _same_question(one, result):
                kept.append(one)
            elif not placed:
                kept.append(result)
                placed = True
        models.append({**model, "results": kept})
    if not placed:
        models[0]["results"].append(result)
    return models


def _same_question(one: Any, result: Mapping[str, Any]) -> bool:
    """Whether a result answers what the audit's does: its task, on its data."""
    try:
        return bool(
            one["task"]["name"] == result["task"]["name"] and one["dataset"]["name"] == result["dataset"]["name"]
        )
    except (KeyError, TypeError):
        return False


def _dumped_front(metadata: Mapping[str, Any]) -> str:
    return f"---\n{_dumped(metadata)}---\n\n" if metadata else ""


def _dumped(value: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True, width=110)
    return text
