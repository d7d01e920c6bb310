from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from dejavu_audit.data.scenes import load
from dejavu_audit.errors import SetAside
from dejavu_audit.progress import Silent
from dejavu_audit.report.html.gallery import gallery
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.reading import read_run
from tests.report.html.runs import change, full_run

OPTIONS = {"classes": "10", "targets": "60", "control": "30", "public": "200", "fit": "20"}


def made(folder, *, images=True, dataset=None, **settings):
    return gallery(Material(read_run(folder), None, images), dataset, Silent(), **settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return full_run(tmp_path_factory.mktemp("gallery") / "run")


def test_a_card_says_what_the_run_says(folder):
    told = made(folder)
    rows = {row["id"]: row for row in read_run(folder).samples.to_pylist()}
    assert len(told["cards"]) == int(told["shown"]) > 30
    for card in told["cards"]:
        row = rows[card["id"]]
        assert (card["label"], card["says"], card["reference"]) == (
            row["label"],
            row["target_top1"],
            row["reference_top1"],
        )
        assert (card["part"], card["set"], card["listed"]) == (row["part"], row["set"], row["memorized"])
        assert card["right"] == (row["label"] == row["target_top1"])
        assert card["p"] == (None if row["p_value"] is None else pytest.approx(row["p_value"], abs=1e-6))
        votes = {vote["class"]: vote["count"] for vote in row["votes"]}
        assert {name: count for name, count, _ in card["votes"] if count}.items() <= votes.items()
        assert [name for name, _, own in card["votes"] if own] == [row["label"]]
        assert card["cast"] == sum(votes.values())
        assert [(near["id"], near["d"]) for near in card["near"]] == [
            (near["id"], pytest.approx(near["distance"], abs=1e-4)) for near in row["neighbors"][:5]
        ]


def test_the_pictures_are_those_of_the_data(folder):
    told, data = made(folder), load(None, OPTIONS, 0)
    ids = data.table["id"].to_pylist()
    card = told["cards"][0]

    def opened(number):
        return Image.open(io.BytesIO(base64.b64decode(told["pictures"][number].partition(",")[2]))).convert("RGB")

    for number, at in ((card["picture"], card["id"]), (card["near"][0]["picture"], card["near"][0]["id"])):
        theirs = data.open(ids.index(at))
        assert opened(number).size == theirs.size
        assert _distance(opened(number), theirs) < 12 < _distance(opened(number), data.open(ids.index(at) + 1))
    assert opened(card["cut"]).size == tuple(card["crop"][2:])
    assert card["size"] == (96, 96)
    assert card["near"][0]["class"] == data.classes[data.table["label"][ids.index(card["near"][0]["id"])].as_py()]


def _distance(one, two):
    pairs = zip(one.tobytes(), two.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / len(one.tobytes())


def test_the_budget_bounds_the_pictures_and_is_said(folder):
    whole = made(folder)
    size = sum(map(len, whole["pictures"].values()))
    less = made(folder, budget=size // 3)
    assert sum(map(len, less["pictures"].values())) <= size // 3
    assert 0 < len(less["cards"]) < len(whole["cards"])
    assert less["left"] == len(whole["cards"]) - len(less["cards"])
    assert sum(int(shown) for shown, _, _ in less["groups"]) == len(less["cards"])
    assert made(folder, budget=1)["cards"] == whole["cards"][:1]  # one is always shown


class Torn:
    """A data set with holes."""

    def __init__(self, data, broken):
        self.table, self.classes, self._data, self._broken = data.table, data.classes, data, broken

    def open(self, row, draft=None):
        if row in self._broken:
            raise SetAside("picture is truncated")
        return self._data.open(row)


def test_a_picture_that_cannot_be_opened_is_told_with_its_reason(folder):
    data = load(None, OPTIONS, 0)
    first = made(folder)["cards"][0]
    ids = data.table["id"].to_pylist()
    broken = {ids.index(first["id"]), ids.index(first["near"][1]["id"])}
    card = made(folder, dataset=Torn(data, broken))["cards"][0]
    assert (card["picture"], card["cut"], card["size"]) == (None, None, None)
    assert card["missing"] == card["cutMissing"] == "picture is truncated"
    assert (card["near"][1]["picture"], card["near"][1]["missing"]) == (None, "picture is truncated")
    assert card["near"][0]["picture"] is not None


def test_data_that_are_gone_leave_the_cards_and_a_sentence(folder, tmp_path):
    gone = full_run(tmp_path / "run")
    change(gone, config={"data": "imagenet", "data_options": {}, "root": str(tmp_path / "nowhere")})
    told = made(gone)
    assert "nowhere" in told["fault"]
    assert told["pictures"] == {}
    assert len(told["cards"]) == len(made(folder)["cards"])


def test_without_images_nothing_names_a_sample(folder):
    told = made(folder, images=False)
    assert told["pictures"] == {}
    rows = read_run(folder).samples["id"].to_pylist()
    text = str(told["cards"])
    assert not any(name in text for name in rows) and "public-0" not in text
    numbers = [int(card["id"].removeprefix("sample in row ")) for card in told["cards"]]
    assert [rows[number] for number in numbers] == [card["id"] for card in made(folder)["cards"]]


def test_object_cards_say_who_found_what(tmp_path):
    run = full_run(tmp_path / "run", "objects")
    rows = {row["id"]: row for row in read_run(run).samples.to_pylist()}
    for card in made(run)["cards"]:
        row = rows[card["id"]]
        mine, theirs = set(row["target_objects"]), set(row["reference_objects"])
        assert [name for name, _ in card["objects"]] == row["objects"]
        for name, by in card["objects"]:
            assert (by in ("both", "model"), by in ("both", "reference")) == (name in mine, name in theirs)
        assert card["wrong"] == [len(mine - set(row["objects"])), len(theirs - set(row["objects"]))]
        assert card["caption"] == row["caption"]
    assert made(run, images=False)["cards"][0]["caption"] is None


def test_numbers_that_are_none_are_not_measured(tmp_path):
    folder = full_run(tmp_path / "run", reference_probability=[float("nan"), float("inf"), None] * 30)
    cards = made(folder, images=False)["cards"]
    assert {card["probability"] for card in cards} == {None}
    json.dumps(cards, allow_nan=False)
