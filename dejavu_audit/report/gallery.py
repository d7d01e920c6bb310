"""A contact sheet of samples: the picture with its crop, the crop, and the nearest public pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dejavu_audit.errors import AuditError
from dejavu_audit.report.album import Album, open_dataset
from dejavu_audit.report.listing import NEIGHBORS
from dejavu_audit.report.plain import number, plain
from dejavu_audit.report.sheet import LARGE, SMALL, Strip, Tile, fitted, outlined, page
from dejavu_audit.report.verdict import model_name
from dejavu_audit.report.whole import write_whole
from dejavu_audit.types import Rect

if TYPE_CHECKING:
    from PIL import Image

    from dejavu_audit.report.reading import Run
    from dejavu_audit.types import Dataset, Progress


def write_gallery(
    run: Run,
    rows: list[dict[str, Any]],
    file: Path,
    *,
    title: str,
    per_page: int,
    progress: Progress,
    root: str | None = None,
) -> list[Path]:
    """Draw the samples of `listing` onto pages; the files that were written: FILE.png, FILE-2.png, ...

    The pictures are opened as the run opened them, by its configuration; `root`: where they are now. One that cannot
    be opened is a grey tile with the reason. AuditError where the data cannot be had at all, or no file be written.
    """
    if file.suffix.lower() != ".png":
        raise AuditError(f"--gallery {file} must end in .png")
    if not rows:
        raise AuditError("there is no such sample to draw; choose another --part or --set")
    strips_of = Strips(run.test, rows, open_dataset(run, root))
    starts = range(0, len(rows), per_page)
    written = []
    with progress.stage("drawing", len(rows), "samples") as done:
        for number, start in enumerate(starts, 1):
            strips = []
            for place in range(start, min(start + per_page, len(rows))):
                strips.append(strips_of.strip(place))
                done(1)
            of = f", page {number:,} of {len(starts):,}" if len(starts) > 1 else ""
            record = run.record
            sheet = page(f"{model_name(record.model.family, record.model.name)}: {title}{of}", strips_of.note, strips)
            written.append(file if number == 1 else file.with_name(f"{file.stem}-{number}{file.suffix}"))
            write_whole(written[-1], lambda path, sheet=sheet: sheet.save(path, "PNG"))  # type: ignore[misc]
    return written


class Strips:
    """What stands on the sheet: `rows` of a listing, the pictures from the data."""

    def __init__(self, test: str, rows: list[dict[str, Any]], dataset: Dataset) -> None:
        self._label = test == "label"
        self._rows = rows
        self._album = Album(rows, dataset)

    @property
    def note(self) -> str:
        """What the page shows."""
        middle = "its background crop" if self._label else "its caption"
        own = "; framed in green: public pictures of the sample's own class" if self._label else ""
        return f"Left to right: the picture, {middle}, its {NEIGHBORS} nearest public pictures with their distance{own}"

    def strip(self, place: int) -> Strip:
        """All that stands on the sheet of one row."""
        row = self._rows[place]
        title = f"{row['rank']}.  {plain(row['id'], 160)}"
        near = tuple(self._neighbor(row, entry) for entry in row["neighbors"])
        picture, missing = self._album.open(self._album.sample(row["id"]))
        if self._label:
            return Strip(title, _label_says(row), _with_crop(picture, missing, row["crop"]), near)
        tile = Tile(fitted(picture, LARGE) if picture else None, (), missing)
        text = (("caption", plain(row["caption"], 2_000)), ("objects", plain(", ".join(row["objects"]), 2_000)))
        return Strip(title, _objects_say(row), (tile,), near, text)

    def _neighbor(self, row: dict[str, Any], entry: dict[str, Any]) -> Tile:
        album = self._album
        at = album.neighbor(entry["id"])
        picture, missing = album.open(at)
        lines, own = [f"{entry['distance']:.3f}"], False
        if at is not None and self._label:
            name = album.label(at)
            lines, own = [plain(name), *lines], name == row["label"]
        elif at is not None and (caption := album.caption(at)) is not None:
            lines = [*lines, plain(caption)]
        return Tile(fitted(picture, SMALL) if picture else None, tuple(lines), missing, own)


def _with_crop(picture: Image.Image | None, missing: str, crop: dict[str, int]) -> tuple[Tile, Tile]:
    """The picture with its crop drawn in, and the crop."""
    if picture is None:
        return Tile(None, (), missing), Tile(None, (), missing)
    rect = Rect(crop["x"], crop["y"], crop["w"], crop["h"])
    if min(rect.x, rect.y) < 0 or rect.x + rect.w > picture.width or rect.y + rect.h > picture.height:
        return Tile(fitted(picture, LARGE)), Tile(None, (), "the crop lies outside the picture: another one than then")
    cut = picture.crop((rect.x, rect.y, rect.x + rect.w, rect.y + rect.h))
    return Tile(outlined(picture, rect, LARGE)), Tile(fitted(cut, LARGE))


def _label_says(row: dict[str, Any]) -> str:
    votes = f"{row['label_votes']} of {row['neighbors_counted']} votes"
    baseline = f"{plain(row['reference_top1'])}, expects the label by {number(row['reference_probability'])}"
    return (
        f"label {plain(row['label'])} ({votes})  |  encoder says {plain(row['target_top1'])}  |  "
        f"baseline says {baseline}  |  memorization confidence {number(row['memorization_confidence'])} nats"
    )


def _objects_say(row: dict[str, Any]) -> str:
    return (
        f"found by the encoder {row['target_correct']} of {len(row['objects'])} objects, by the baseline "
        f"{row['reference_correct']}  |  recall gap {number(row['recall_gap'])}  |  precision gap "
        f"{number(row['precision_gap'])}"
    )
