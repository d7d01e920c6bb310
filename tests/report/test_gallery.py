from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from dejavu_audit.data.scenes import load
from dejavu_audit.errors import AuditError, SetAside
from dejavu_audit.progress import Silent
from dejavu_audit.report import gallery
from dejavu_audit.report.album import GONE
from dejavu_audit.report.gallery import Strips, write_gallery
from dejavu_audit.report.listing import listing
from dejavu_audit.report.ranking import columns_for, rank
from dejavu_audit.report.reading import read_run
from tests.run_folders import write_run

OPTIONS = {"classes": "10", "targets": "60", "control": "30", "public": "200", "fit": "20"}


def drawn(folder, test="label", top=3):
    run = read_run(folder, columns_for(test, "memorization" if test == "label" else "recall"))
    return run, listing(run, rank(run.samples, test, set_="target", part="memorized", sort=None, top=top))


def sheet(run, rows, file, **changes):
    return write_gallery(run, rows, file, **{"title": "t", "per_page": 10, "progress": Silent(), **changes})


def test_pages_are_pictures_named_one_after_the_other(tmp_path):
    run, rows = drawn(write_run(tmp_path / "run"), top=5)
    files = sheet(run, rows, tmp_path / "new" / "sheet.png", per_page=2)
    assert [file.name for file in files] == ["sheet.png", "sheet-2.png", "sheet-3.png"]
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == sorted(file.name for file in files)
    sizes = []
    for file in files:
        with Image.open(file) as page:
            page.load()
            sizes.append(page.size)
    assert sizes[0] == sizes[1]
    assert sizes[2][1] < sizes[0][1]  # one sample is left for it


def test_a_strip_shows_the_pictures_the_run_was_about(tmp_path):
    _, rows = drawn(write_run(tmp_path / "run"))
    data = load(None, OPTIONS, 0)
    strip = Strips("label", rows, data).strip(0)
    at = data.table["id"].to_pylist().index(rows[0]["id"])
    picture, crop = data.open(at), rows[0]["crop"]
    cut = picture.crop((crop["x"], crop["y"], crop["x"] + crop["w"], crop["y"] + crop["h"]))
    assert strip.large[1].picture.tobytes() == gallery.fitted(cut, gallery.LARGE).tobytes()
    near = data.table["id"].to_pylist().index(rows[0]["neighbors"][0]["id"])
    assert strip.small[0].picture.tobytes() == gallery.fitted(data.open(near), gallery.SMALL).tobytes()
    label = data.classes[data.table["label"][near].as_py()]
    assert strip.small[0].lines == (label, f"{rows[0]['neighbors'][0]['distance']:.3f}")
    assert strip.small[0].own == (label == rows[0]["label"])
    assert rows[0]["id"] in strip.title
    for told in (rows[0]["label"], rows[0]["target_top1"], rows[0]["reference_top1"]):
        assert told in strip.says


def test_an_object_sample_shows_its_caption_and_objects(tmp_path):
    _, rows = drawn(write_run(tmp_path / "run", "objects"), "objects")
    strip = Strips("objects", rows, load(None, OPTIONS, 0)).strip(0)
    assert len(strip.large) == 1
    assert strip.text == (("caption", rows[0]["caption"]), ("objects", ", ".join(rows[0]["objects"])))


class Torn:
    """A data set with holes."""

    def __init__(self, data, broken):
        self.table, self.classes, self._data, self._broken = data.table, data.classes, data, broken

    def open(self, row, draft=None):
        if row in self._broken:
            raise SetAside("picture is truncated")
        return self._data.open(row)


def test_a_picture_that_is_gone_leaves_a_tile_with_the_reason(tmp_path):
    _, rows = drawn(write_run(tmp_path / "run"))
    data = load(None, OPTIONS, 0)
    at = data.table["id"].to_pylist().index(rows[0]["id"])
    rows[0]["neighbors"][0]["id"] = "public-999999"
    strip = Strips("label", rows, Torn(data, {at})).strip(0)
    assert [(tile.picture, tile.missing) for tile in strip.large] == [(None, "picture is truncated")] * 2
    assert (strip.small[0].picture, strip.small[0].missing) == (None, GONE)
    assert strip.small[1].picture is not None


def test_a_sample_whose_id_has_gone_is_found_by_its_path(tmp_path):
    _, rows = drawn(write_run(tmp_path / "run"))
    rows[0]["id"] = "target-000001#2"
    assert Strips("label", rows, load(None, OPTIONS, 0)).strip(0).large[0].picture is not None


def test_a_crop_outside_the_picture_is_not_made_up(tmp_path):
    _, rows = drawn(write_run(tmp_path / "run"))
    rows[0]["crop"] = {"x": 50, "y": 0, "w": 100, "h": 10}
    whole, cut = Strips("label", rows, load(None, OPTIONS, 0)).strip(0).large
    assert whole.picture is not None
    assert (cut.picture, cut.missing[:28]) == (None, "the crop lies outside the pi")


def test_the_same_samples_give_the_same_page(tmp_path):
    run, rows = drawn(write_run(tmp_path / "run"))
    one, two = sheet(run, rows, tmp_path / "a.png")[0], sheet(run, rows, tmp_path / "b.png")[0]
    assert one.read_bytes() == two.read_bytes()
    with Image.open(one) as page:
        assert np.asarray(page).std() > 10


def test_hostile_names_are_only_text(tmp_path):
    names = ["\x1b[31m\u202e" + "ü" * 50_000, "", "a\nb"] * 30
    run, rows = drawn(write_run(tmp_path / "run", path=names, label=["\x00<b>"] * 90, target_top1=["\x00<b>"] * 90))
    assert sheet(run, rows, tmp_path / "a.png")[0].exists()


@pytest.mark.parametrize("name", ["sheet.jpg", "sheet", "sheet.png.exe"])
def test_only_png_is_written(tmp_path, name):
    run, rows = drawn(write_run(tmp_path / "run"))
    with pytest.raises(AuditError, match=r"must end in \.png"):
        sheet(run, rows, tmp_path / name)


def test_faults_are_told_in_a_sentence(tmp_path):
    run, rows = drawn(write_run(tmp_path / "run"))
    with pytest.raises(AuditError, match="no such sample to draw"):
        sheet(run, [], tmp_path / "a.png")
    told = json.loads((tmp_path / "run" / "audit.json").read_text())
    told["config"] |= {"data": "imagenet", "data_options": {}}
    (tmp_path / "run" / "audit.json").write_text(json.dumps(told))
    moved, _ = drawn(tmp_path / "run")
    with pytest.raises(AuditError, match="nowhere"):
        sheet(moved, rows, tmp_path / "a.png", root=str(tmp_path / "nowhere"))
    assert not (tmp_path / "a.png").exists()
