from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from dejavu_audit.data.splits import draw_split
from dejavu_audit.data.terms import Terms
from dejavu_audit.errors import AuditError
from tests.data.conftest import Table, config

WORDS = pa.list_(pa.string())


def captioned(captions, objects=None, sets=None, classes=()):
    data = Table([0] * len(captions), sets=sets)
    if not classes:
        data.classes = []
        place = data.table.schema.get_field_index("label")
        data.table = data.table.set_column(place, "label", pa.array([-1] * len(captions), pa.int32()))
    data.table = data.table.append_column("caption", pa.array(captions, pa.string()))
    if objects is not None:
        data.table = data.table.append_column("objects", pa.array(objects, WORDS))
    return data


def objects_test(**asked):
    return config(**{"test": "objects", "preset": "full", "k": 1, **asked})


def test_the_label_test_judges_what_has_boxes():
    data = Table([0, 1, 1], boxed=[True, False, True])
    terms = Terms.of(data, config())
    assert terms.possible.all()
    assert terms.judgeable.tolist() == [True, False, True]
    assert terms.strata.tolist() == [0, 1, 1]
    assert Terms.of(data, config(crop="corner")).judgeable.all()


def test_the_object_test_needs_caption_and_objects_and_counts_what_lacks_them():
    data = captioned(["a", None, "c", "d", None], [["x"], ["x"], [], None, None])
    terms = Terms.of(data, objects_test())
    assert terms.possible.tolist() == [True, False, False, False, False]
    assert terms.left_out == {"no caption": 2, "no objects": 2}
    assert not terms.fit


def test_a_tagger_finds_what_the_data_do_not_name():
    data = captioned(["a", None, "c"])
    assert Terms.of(data, objects_test(), tagged=True).possible.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("data", "asked", "says"),
    [
        (captioned(["a"], [["x"]]), {"test": "label"}, "needs a label for every picture"),
        (Table([0, 1]), {"test": "objects"}, "has none; give the data a column 'caption'"),
        (captioned([None, None], [["x"], ["y"]]), {"test": "objects"}, "has none; give the data a column 'caption'"),
        (captioned(["a"]), {"test": "objects"}, "has no column 'objects'; give it one, or have them found by --tagger"),
        (captioned(["a", None], [[], ["x"]]), {"test": "objects"}, "no picture of table has both"),
        (captioned(["a"], [["x"]]), {"test": "objects", "folds": 2}, "no reference of --test objects is fitted"),
    ],
)
def test_data_that_cannot_have_the_test(data, asked, says):
    with pytest.raises(AuditError, match=says):
        Terms.of(data, config(**asked))


def test_captioned_data_without_labels_are_split_without_a_fit_set():
    # Of 100 free pictures with captions, 30 % are public and the rest targets; the control is prescribed.
    data = captioned(["a"] * 110 + [None] * 10, [["x"]] * 120, sets=[None] * 100 + ["control"] * 20)
    split = draw_split(data, objects_test(), Terms.of(data, objects_test()))
    assert {name: len(rows) for name, rows in split.sets().items()} == {
        "target": 70, "control": 10, "public": 30, "fit": 0
    }  # fmt: skip
    every = np.concatenate(list(split.sets().values()))
    assert len(np.unique(every)) == len(every)
    assert every.max() < 110


def test_no_sample_left_is_said():
    data = captioned(["a"] * 4, [["x"]] * 4, sets=["public"] * 4)
    with pytest.raises(AuditError, match=r"no picture in table .* is left to be a target"):
        draw_split(data, objects_test(), Terms.of(data, objects_test()))


def test_terms_are_of_the_test_that_was_settled():
    data = SimpleNamespace(classes=["a"], name="d", table=Table([0]).table)
    assert Terms.of(data, config().settled("label")).fit
