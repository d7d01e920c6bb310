from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.data.captioned import choose_captions
from dejavu_audit.data.captions import load
from dejavu_audit.data.loading import checked
from tests.captioned_data import samples, write_caption_table, write_tar_shards
from tests.data.conftest import Table

LISTS = [["a", "b", "c"], None, ["d"], ["e", "f"]]


def told(lists, ids=None, groups=None):
    """A data set that is nothing but its table, with these captions."""
    data = Table([0] * len(lists), ids=ids or [f"p{number}" for number in range(len(lists))])
    data.table = data.table.append_column("caption", pa.array(lists, pa.list_(pa.string())))
    if groups:
        data.table = data.table.set_column(5, "group", pa.array(groups))
    data.identity = lambda row: f"picture {row}"
    return data


def captions(data):
    return data.table["caption"].to_pylist()


def test_the_first_and_each():
    data = told(LISTS, groups=["g", None, None, None])
    assert captions(choose_captions(data, "first", 0)) == ["a", None, "d", "e"]
    each = checked(choose_captions(data, "all", 0))
    assert each.table.select(["id", "group", "caption"]).to_pylist() == [
        {"id": "p0#0", "group": "g", "caption": "a"},
        {"id": "p0#1", "group": "g", "caption": "b"},
        {"id": "p0#2", "group": "g", "caption": "c"},
        {"id": "p1#0", "group": "p1", "caption": None},
        {"id": "p2#0", "group": "p2", "caption": "d"},
        {"id": "p3#0", "group": "p3", "caption": "e"},
        {"id": "p3#1", "group": "p3", "caption": "f"},
    ]
    assert [each.identity(row) for row in range(7)] == [f"picture {row}" for row in (0, 0, 0, 1, 2, 3, 3)]
    assert each.pictures.tolist() == [0, 0, 0, 1, 2, 3, 3]
    assert each.notes[-1] == "2 pictures have several captions, up to 3: each is a sample, resampled with its picture"


@given(st.permutations(range(30)), st.integers(0, 5))
def test_a_drawn_caption_hangs_on_the_id_and_not_on_the_order(order, seed):
    lists = [[f"{number}-{turn}" for turn in range(1 + number % 4)] for number in range(30)]
    ids = [f"id {number}" for number in range(30)]
    drawn = captions(choose_captions(told(lists, ids), "random", seed))
    assert all(caption in some for caption, some in zip(drawn, lists, strict=True))
    again = captions(choose_captions(told([lists[n] for n in order], [ids[n] for n in order]), "random", seed))
    assert again == [drawn[number] for number in order]


def test_every_caption_is_drawn_as_often():
    """3,000 pictures of five captions: each place 600 times, give or take four times sqrt(3000 x 0.2 x 0.8) = 22."""
    data = told([list("abcde")] * 3_000)
    drawn = captions(choose_captions(data, "random", 1))
    counts = np.array([drawn.count(letter) for letter in "abcde"])
    assert np.abs(counts - 600).max() < 88
    assert drawn != captions(choose_captions(data, "random", 2))


def test_blanks_are_passed_over():
    data = told([[" ", "a"], ["", None], ["x" * 10_001, "b"]])
    assert captions(choose_captions(data, "first", 0)) == ["a", None, "b"]
    each = choose_captions(data, "all", 0)
    assert each.table["id"].to_pylist() == ["p0#0", "p1#0", "p2#0"] and captions(each) == ["a", None, "b"]
    assert "1 captions are longer than 10,000 characters: they are taken as missing" in each.notes


@pytest.mark.parametrize("how", ["first", "random", "all"])
def test_data_with_one_caption_or_none_are_left_alone(how):
    plain = Table([0, 1])
    assert choose_captions(plain, how, 0) is plain
    plain.table = plain.table.append_column("caption", pa.array(["a", None]))
    assert choose_captions(plain, how, 0) is plain
    empty = told([None, None])
    assert captions(choose_captions(empty, how, 0)) == [None, None]


@pytest.mark.parametrize("how", ["first", "random", "all"])
def test_chosen_captions_of_real_data_keep_their_pictures(tmp_path, how):
    write_tar_shards(tmp_path / "tar", 6, captions=3)
    write_caption_table(tmp_path / "table" / "t.parquet", 6, captions=3, boxes=True)
    every = {sample.key: sample for sample in samples(6, captions=3)}
    for root in ("tar", "table"):
        data = checked(choose_captions(load(str(tmp_path / root), {}, 0), how, 3))
        assert data.table.num_rows == (18 if how == "all" else 6)
        there = pickle.loads(pickle.dumps(data))
        for row, (id_, caption) in enumerate(zip(data.table["id"].to_pylist(), captions(data), strict=True)):
            sample = every[id_.partition("#")[0].rpartition("/")[2]]
            assert caption in sample.captions and there.open(row).tobytes() == data.open(row).tobytes()
            assert there.identity(row) == data.identity(row)
            if root == "table":
                assert data.annotation(row).boxes == tuple(sample.boxes)
    identities = {data.identity(row) for row in range(data.table.num_rows)}
    assert len(identities) == 6  # so every picture is embedded once
