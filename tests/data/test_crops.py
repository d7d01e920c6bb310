import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.config import AuditConfig
from dejavu_audit.data.crops import CropRule
from dejavu_audit.errors import SetAside
from dejavu_audit.types import Annotation, Rect

NAN, INF = float("nan"), float("inf")


def reason(rule, size, annotation):
    with pytest.raises(SetAside) as caught:
        rule.crop(size, annotation)
    return caught.value.reason


# 500 x 375, box 120..400 x 50..350: left 120 wide, right 100 wide, above 50, below 25 high.
def test_largest_by_hand():
    annotation = Annotation(((120, 50, 400, 350),), size=(500, 375))
    assert CropRule().crop((500, 375), annotation) == Rect(0, 0, 120, 375)
    assert CropRule("strips").crop((500, 375), annotation) == Rect(0, 0, 120, 375)


@pytest.mark.parametrize("kind", ["largest", "strips"])
def test_the_threshold_is_strict(kind):
    annotation = Annotation(((100, 0, 500, 375),))
    assert reason(CropRule(kind, min_side=100), (500, 375), annotation) == "no usable background"
    assert CropRule(kind, min_side=99).crop((500, 375), annotation) == Rect(0, 0, 100, 375)


@pytest.mark.parametrize("kind", ["largest", "strips"])
def test_a_picture_full_of_foreground_has_no_background_even_without_a_threshold(kind):
    assert reason(CropRule(kind, min_side=0), (50, 40), Annotation(((-5, -5, 60, 60),))) == "no usable background"


FAULTS = [
    (None, "no boxes"),
    (Annotation(()), "no boxes"),
    (Annotation(((10, 10, 20, 20),), size=(375, 500)), "annotation is of another picture"),
    (Annotation(((10, 10, 20, NAN),)), "box is not a number"),
    (Annotation(((10, 10, INF, 20),)), "box is not a number"),
    (Annotation(((20, 10, 10, 20),)), "box is reversed"),
    (Annotation(((10, 20, 20, 10),)), "box is reversed"),
    (Annotation(((10, 10, 10, 20),)), "box is empty after clipping"),
    (Annotation(((500, 10, 520, 20),)), "box is empty after clipping"),
    (Annotation(((-20, 10, 0, 20),)), "box is empty after clipping"),
    (Annotation(((0, 0, 1, 1), (10, 400, 20, 410))), "box is empty after clipping"),
    (Annotation(((0, 0, 1, 1),) * 1_001), "too many boxes"),
]


@pytest.mark.parametrize("kind", ["largest", "strips"])
@pytest.mark.parametrize(("annotation", "expected"), FAULTS)
def test_faults_of_an_annotation(kind, annotation, expected):
    assert reason(CropRule(kind), (500, 375), annotation) == expected


@pytest.mark.parametrize("size", [None, (0, 0), (0, 375), (500, 375)])
def test_a_size_that_says_nothing_or_the_truth_is_no_fault(size):
    assert CropRule().crop((500, 375), Annotation(((120, 0, 500, 375),), size=size)).w == 120


def test_boxes_that_reach_out_of_the_picture_are_clipped():
    for kind in ("largest", "strips"):
        assert CropRule(kind).crop((500, 375), Annotation(((150, -40, 900, 999),))) == Rect(0, 0, 150, 375)


# 0.3 of 500 x 400 is 150 x 120
@pytest.mark.parametrize(
    ("corner", "expected"),
    [
        ("top-left", Rect(0, 0, 150, 120)),
        ("top-right", Rect(350, 0, 150, 120)),
        ("bottom-left", Rect(0, 280, 150, 120)),
        ("bottom-right", Rect(350, 280, 150, 120)),
    ],
)
def test_corners(corner, expected):
    rule = CropRule("corner", corner=corner)
    assert rule.crop((500, 400), None) == expected
    assert rule.crop((500, 400), Annotation(((0, 0, 500, 400),), size=(1, 1))) == expected  # boxes play no part


def test_a_corner_must_be_large_enough_too():
    assert reason(CropRule("corner"), (500, 333), None) == "no usable background"  # 0.3 * 333 = 99.9
    assert reason(CropRule("corner", min_side=0), (2, 2), None) == "no usable background"


def test_a_fraction_is_not_cut_short_by_rounding():
    assert CropRule("corner", min_side=0, fraction=0.29).crop((100, 100), None) == Rect(0, 0, 29, 29)
    assert CropRule("corner", min_side=0, fraction=1.0).crop((7, 5), None) == Rect(0, 0, 7, 5)


def test_only_corners_do_without_boxes():
    assert [CropRule(kind).needs_boxes for kind in ("largest", "strips", "corner")] == [True, True, False]


def test_the_key_names_what_shapes_the_crop_and_nothing_else():
    rules = [
        CropRule(),
        CropRule("strips"),
        CropRule(min_side=99),
        CropRule("corner"),
        CropRule("corner", fraction=0.2),
    ]
    rules += [CropRule("corner", corner="top-right"), CropRule("corner", min_side=5)]
    assert len({rule.key for rule in rules}) == len(rules)
    assert CropRule(corner="top-right", fraction=0.5).key == CropRule().key


def test_from_config():
    config = AuditConfig.resolve(
        family="timm", model="m", data="d", crop="corner", min_side=7, corner="bottom-left", corner_fraction=0.25
    )
    assert CropRule.from_config(config) == CropRule("corner", 7, "bottom-left", 0.25)
    assert pickle.loads(pickle.dumps(CropRule.from_config(config))) == CropRule.from_config(config)


coordinates = st.floats(-50, 300, allow_nan=False)


@given(st.lists(st.tuples(*[coordinates] * 4), max_size=6), st.sampled_from(["largest", "strips"]))
def test_a_crop_lies_in_the_picture_and_touches_no_box(boxes, kind):
    try:
        crop = CropRule(kind, min_side=3).crop((200, 150), Annotation(tuple(boxes)))
    except SetAside:
        return
    assert min(crop.w, crop.h) > 3
    assert crop.x >= 0 and crop.y >= 0 and crop.x + crop.w <= 200 and crop.y + crop.h <= 150
    assert all(type(part) is int for part in crop)
    for x0, y0, x1, y1 in boxes:
        assert crop.x >= x1 or crop.x + crop.w <= x0 or crop.y >= y1 or crop.y + crop.h <= y0


def test_one_picture_is_quick():
    annotation = Annotation(tuple((40.0 * i, 30.0 * i, 40.0 * i + 90, 30.0 * i + 70) for i in range(10)))
    rule = CropRule(min_side=10)
    start = time.process_time()
    for _ in range(200):
        rule.crop((500, 375), annotation)
    assert (time.process_time() - start) / 200 < 2e-3  # measured 0.2 ms
