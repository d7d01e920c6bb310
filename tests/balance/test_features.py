from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dejavu_audit.balance.features import gather
from dejavu_audit.balance.thumbnails import layout
from dejavu_audit.balance.wording import wording


def looks(**columns):
    return pa.table(columns)


def test_crops_give_their_geometry_and_what_has_none_is_missing():
    table = looks(width=pa.array([100, 200], pa.int32()), height=pa.array([50, 80], pa.int32()))
    found = gather(crops=[[5, 6, 20, 40], [0, 0, 0, 0]], looks=table)
    first = {name: one.values[0] for name, one in found.items() if name.startswith("crop")}
    assert first == {
        "crop left edge": 5,
        "crop top edge": 6,
        "crop width": 20,
        "crop height": 40,
        "crop shorter side": 20,
        "crop aspect": 0.5,
        "crop share of the picture": 0.16,
    }
    assert all(np.isnan(one.values[1]) for name, one in found.items() if name.startswith("crop"))
    assert found["picture aspect"].values.tolist() == [2, 2.5]


def test_looks_give_sizes_formats_and_vectors():
    table = looks(
        width=pa.array([100, None], pa.int32()),
        height=pa.array([50, 80], pa.int32()),
        bytes=pa.array([1_000, 2_000]),
        format=pa.array(["JPEG", None]),
        jpeg_quality=pa.array([90, None], pa.int16()),
        statistics=pa.array([[0.5, 1.5], None], pa.list_(pa.float32(), 2)),
        thumbnail=pa.array([bytes(16), None], pa.binary(16)),
    )
    found = gather(looks=table, statistics=("dark", "light"))
    assert found["file format"].values.tolist() == [0, -1]
    assert found["file format"].names == ("JPEG",)
    assert found["file size"].values.tolist() == [1_000, 2_000]
    assert found["JPEG quality"].values[0] == 90
    assert found["pixel statistics"].names == ("dark", "light")
    assert np.isnan(found["pixel statistics"].values[1]).all()
    assert np.isnan(found["picture layout"].values[1]).all()
    for name in ("JPEG quality", "picture width", "picture aspect"):
        assert np.isnan(found[name].values[1])


def test_only_what_the_data_have_is_there():
    assert gather() == {}
    assert list(gather(labels=[0, 1, -1], classes=("a", "b"))) == ["label"]
    assert list(gather(objects=[1, np.nan])) == ["number of objects"]
    assert gather(looks=pa.table({"row": [1, 2]})) == {}


def test_empty_tables_give_empty_features():
    table = looks(
        format=pa.array([], pa.string()),
        width=pa.array([], pa.int32()),
        height=pa.array([], pa.int32()),
        statistics=pa.array([], pa.list_(pa.float32(), 2)),
    )
    assert {len(one.values) for one in gather(looks=table, captions=[]).values()} == {0}


def test_captions_are_counted_and_their_common_words_told():
    captions = ["A red Dog!", None, *(f"a cat {n}" for n in range(8)), "a dog", *["dog"] * 5]
    found = gather(captions=captions)
    assert found["caption words"].values[:3].tolist() == pytest.approx([3, np.nan, 3], nan_ok=True)
    assert found["caption characters"].values[0] == 10
    one = found["caption wording"]
    assert one.names == ("“a”", "“cat”", "“dog”", "share of capitals")  # "red" is rare
    assert one.values[0].tolist() == pytest.approx([1, 0, 1, 0.2])
    assert np.isnan(one.values[1]).all()


def test_a_word_that_nearly_all_or_hardly_any_captions_hold_is_no_feature():
    values, names = wording(["the sun"] * 50 + ["the moon"] * 4)
    assert names == ("share of capitals",)
    assert values.shape == (54, 1)
    assert wording([None, None])[1] == ()


def test_the_layout_of_a_flat_picture_is_its_mean_alone():
    values, names = layout(np.full((1, 64), 100, np.float32))
    assert names[0] == "mean brightness"
    assert values[0, 0] == pytest.approx(100)
    assert np.abs(values[0, 1:]).max() < 1e-4


def test_the_layout_tells_left_from_top_and_red_from_blue():
    side = np.zeros((1, 8, 8, 3), np.float32)
    side[:, :, :4, 0] = 255  # red on the left
    values, names = layout(side.reshape(1, -1))
    told = dict(zip(names, values[0].tolist(), strict=True))
    assert told["wave of brightness (1 across, 0 down)"] > 20
    assert abs(told["wave of brightness (0 across, 1 down)"]) < 1e-3
    assert told["mean redness"] > 20 > 0 > told["mean blueness"]


def test_thumbnails_of_another_form_are_left_out():
    assert layout(np.zeros((2, 17), np.float32))[0].shape == (2, 0)


def test_columns_of_different_samples_are_refused():
    with pytest.raises(ValueError, match="label 2, number of objects 3"):
        gather(labels=[0, 1], objects=[1, 2, 3])
