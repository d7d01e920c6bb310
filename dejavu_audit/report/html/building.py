"""Puts report.html together: every section on its own, so that one that fails is said and the others are shown."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from pydantic import ValidationError

from dejavu_audit.gate.record import GATE, GateRecord
from dejavu_audit.report.columns import MEMORIZED
from dejavu_audit.report.html import classes, measured, numbers, pictured, reproduce, trust
from dejavu_audit.report.html.gallery import BUDGET, gallery
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.html.texts import changed, clean
from dejavu_audit.report.html.withheld import Withholder
from dejavu_audit.report.html.wording import name_of
from dejavu_audit.report.reading import columns_of, read_record, test_of
from dejavu_audit.report.whole import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

    from dejavu_audit.report.reading import Run
    from dejavu_audit.types import Dataset, Progress

REPORT = "report.html"
"""The file in the run folder."""


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    key: str
    title: str
    make: Callable[[Material], dict[str, Any] | None]
    """What its template is given; None: there is no such section in this report."""


SECTIONS = (
    Section("found", "The finding", numbers.found),
    Section("gate", "The release gate", trust.gate),
    Section("measured", "What was measured, and what not", measured.measured),
    Section("parts", "The four parts", numbers.parts),
    Section("numbers", "The numbers", numbers.table),
    Section("sureness", "How sure the model is", pictured.sureness),
    Section("listed", "The list of memorized samples", pictured.listed),
    Section("gallery", "Look at the samples", lambda material: None),
    Section("classes", "Classes", classes.classes),
    Section("balance", "Is the control a fair one?", trust.balance),
    Section("references", "The references", trust.references),
    Section("membership", "Who was in the training data", trust.membership),
    Section("pictures", "Pictures, set aside and duplicates", trust.pictures),
    Section("reproduce", "How to reproduce it", reproduce.reproduce),
)


@dataclass(frozen=True)
class Part:
    """A section as it stands on the page."""

    key: str
    title: str
    body: Markup
    fault: str | None


_EACH = {"label": ("top1", "top5", "confidence"), "objects": ("objects", "precision", "recall", "f1", "correct")}
"""Columns that there are of model and reference."""
_OWN = {"label": ("label", "reference_probability"), "objects": ("objects", "min_distance")}
_MAYBE = ("cluster", "weight", *MEMORIZED)


def columns_for(path: Path) -> list[str]:
    """The columns of a run's samples.parquet that the report is made from; of the samples shown it reads all."""
    test, there = test_of(read_record(path)), columns_of(path)
    maybe = [name for name in _MAYBE if name in there]
    each = (f"{who}_{what}" for who in ("target", "reference") for what in _EACH[test])
    return ["set", "id", "path", "group", "part", *_OWN[test], *each, *maybe]


def write_report(
    run: Run,
    *,
    images: bool = True,
    dataset: Dataset | None = None,
    gate: GateRecord | None = None,
    progress: Progress,
    root: str | None = None,
    file: Path | None = None,
) -> Path:
    """Write RUN/report.html, or `file`; the file.

    Args:
        run: the record and the samples of a finished audit, whose folder has its samples.parquet.
        images: False leaves out every picture, path, file name, id and caption, so that the report can be shared.
        dataset: the data as the audit has them open; None: they are opened again where pictures are shown.
        gate: what a gate decided; None: what gate.json in the run folder says, if it is there.
        progress: where to tell how far it is.
        root: where the data are now, if they have moved.
        file: another place for the report.

    What cannot be drawn is said in the report. AuditError where the file cannot be written.

    """
    text = build(run, images=images, dataset=dataset, gate=gate, progress=progress, root=root)
    target = run.path / REPORT if file is None else file
    write_whole(target, lambda path: path.write_text(text, "utf-8"))
    return target


def build(
    run: Run,
    *,
    images: bool = True,
    dataset: Dataset | None = None,
    gate: GateRecord | None = None,
    progress: Progress,
    root: str | None = None,
    budget: int = BUDGET,
) -> str:
    """The text of report.html; see `write_report`."""
    judged, unread = (gate, None) if gate is not None else read_gate(run.path)
    material = Material(run, judged, images)
    withholder = None if images else Withholder(run)
    data: dict[str, Any] = {}

    def fit(value: Any) -> Any:
        """What may be shown of it."""
        value = changed(value, clean)
        return value if withholder is None else changed(value, withholder.text)

    def show(section: Section) -> Any:
        if section.key == "gallery":
            shown = gallery(material, dataset, progress, root=root, budget=budget)
            data["gallery"] = {"images": images, "pictures": shown.pop("pictures"), "cards": fit(shown.pop("cards"))}
            return fit(shown) if shown["samples"] != "0" else None
        made = section.make(material)
        if section.key == "classes" and made is not None:
            data["classes"] = fit({"rows": made.pop("rows"), "calibrated": made["calibrated"]})
        return None if made is None else fit(made)

    parts = list(_parts(show, unread))
    page = _environment().get_template("page.html.j2")
    style, script = asset("report.css"), asset("report.js")
    title = fit(f"Memorization audit of {name_of(material)} on {material.record.data.name}")
    return page.render(
        title=title,
        parts=parts,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704
        policy=policy(style, script),
        data=embedded(data),
        images=images,
    )


def _parts(show: Callable[[Section], Any], unread: str | None) -> Iterator[Part]:
    for section in SECTIONS:
        body, fault = Markup(), None
        try:
            told = show(section)
            if told is None and not (section.key == "gate" and unread):
                continue
            if told is None:
                fault = unread
            else:
                template = _environment().get_template(f"{section.key}.html.j2")
                body = Markup(template.render(**told, key=section.key))  # noqa: S704 - escaped by the template
        except Exception as error:  # whatever it is, the rest of the report is worth more than a traceback
            fault = f"This part could not be drawn ({type(error).__name__}); the figures are in audit.json."
        yield Part(section.key, section.title, body, fault)


def read_gate(folder: Path) -> tuple[GateRecord | None, str | None]:
    """What a gate decided of a run, or why that cannot be read; neither: no gate has judged it."""
    file = folder / GATE
    try:
        if not file.is_file():
            return None, None
        return GateRecord.model_validate_json(file.read_bytes()), None
    except (OSError, ValidationError):
        return None, f"{GATE} lies in the run folder but cannot be read; judge the run again with dejavu-audit gate."


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("dejavu_audit.report.html"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


@cache
def asset(name: str) -> str:
    """The text of one of our own files that is put into the page."""
    return (files("dejavu_audit.report.html") / "assets" / name).read_text("utf-8")


def policy(style: str, script: str) -> str:
    """A Content-Security-Policy that forbids every request, and any style or script but our own."""

    def own(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"

    return (
        f"default-src 'none'; img-src data:; style-src {own(style)}; script-src {own(script)}; base-uri 'none'; "
        "form-action 'none'"
    )


def embedded(data: Any) -> Markup:
    """Data as JSON that no text in it can end: it stands in a script element of a type that nothing runs.

    ValueError where a number is none.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can be markup any more
