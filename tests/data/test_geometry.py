import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.data.geometry import largest_background, strip_background, whole_pixels


def brute_force(size, boxes):
    """Every whole-pixel rectangle, free by a summed-area table; the method's order of preference, spelled out."""
    width, height = size
    taken = np.zeros((height, width), dtype=int)
    for x0, y0, x1, y1 in boxes:
        for y in range(height):
            for x in range(width):
                taken[y, x] |= x < x1 and x + 1 > x0 and y < y1 and y + 1 > y0  # the open box meets the pixel
    sums = np.zeros((height + 1, width + 1), dtype=int)
    sums[1:, 1:] = taken.cumsum(0).cumsum(1)
    best = (0, 0, 0, 0), (0, 0, 0, 0)
    for y in range(height):
        for x in range(width):
            for h in range(1, height - y + 1):
                for w in range(1, width - x + 1):
                    if sums[y + h, x + w] - sums[y, x + w] - sums[y + h, x] + sums[y, x]:
                        break
                    best = max(best, ((min(w, h), w * h, -y, -x), (x, y, w, h)))
    return best[1]


def slow_strips(size, boxes):
    """Pixel by pixel down each column between consecutive x-edges, as reference-facts tells it."""
    width, height = size
    edges = sorted({0, width, *(int(b[0]) for b in boxes), *(int(b[2]) for b in boxes)})
    best, found = 0, (0, 0, 0, 0)
    for a, b in pairwise(edges):
        free = [not any(q[0] < b and q[2] > a and q[1] <= y < q[3] for q in boxes) for y in range(height)]
        y = 0
        while y < height:
            if not free[y]:
                y += 1
                continue
            start = y
            while y < height and free[y]:
                y += 1
            if min(b - a, y - start) >= best:  # >=: the last among equals
                best, found = min(b - a, y - start), (a, start, b - a, y - start)
    return found


def one(size, boxes):
    array = np.array(boxes, dtype=float).reshape(1, -1, 4)
    return tuple(largest_background(np.array([size]), array)[0].tolist())


@st.composite
def layouts(draw, most=5, whole=False):
    size = draw(st.integers(1, 11)), draw(st.integers(1, 11))
    coordinate = st.integers(-3, 13) if whole else st.integers(-12, 52).map(lambda quarter: quarter / 4)
    boxes = []
    for _ in range(draw(st.integers(0, most))):
        xs, ys = (sorted((draw(coordinate), draw(coordinate))) for _ in range(2))
        boxes.append((xs[0], ys[0], xs[1], ys[1]))
    return size, boxes


def clipped(size, boxes):
    """Outward to whole pixels within the picture; what is empty then, is no obstacle."""
    pixels = whole_pixels(np.array(boxes, dtype=float).reshape(-1, 4), np.array(size)).tolist()
    return [b for b in pixels if b[0] < b[2] and b[1] < b[3]]


@given(layouts())
@settings(max_examples=250, deadline=None)
def test_largest_is_what_a_search_of_all_rectangles_finds(layout):
    size, boxes = layout
    inside = [b for b in boxes if min(b[2], size[0]) > max(b[0], 0) and min(b[3], size[1]) > max(b[1], 0)]
    assert one(size, inside) == brute_force(size, inside)


@given(layouts())
@settings(max_examples=200, deadline=None)
def test_strips_are_what_a_walk_down_the_columns_finds(layout):
    size, boxes = layout
    pixels = clipped(size, boxes)
    assert strip_background(size, np.array(pixels, dtype=float).reshape(-1, 4)) == slow_strips(size, pixels)


# The 10 x 8 picture with a box over x 4..6, y 3..5. Columns left and right of it: 4 x 8, side 4; above: 10 x 3, side 3.
# Left and right have equal area and y, so `largest` takes the smaller x, `strips` the rightmost.
def test_ties_by_hand():
    assert one((10, 8), [(4, 3, 6, 5)]) == (0, 0, 4, 8)
    assert strip_background((10, 8), np.array([[4.0, 3, 6, 5]])) == (6, 0, 4, 8)
    # the same on its side: above and below are 8 x 4; smaller y, while strips only see columns 3, 2, 3 wide
    assert one((8, 10), [(3, 4, 5, 6)]) == (0, 0, 8, 4)
    assert strip_background((8, 10), np.array([[3.0, 4, 5, 6]])) == (5, 0, 3, 10)


def test_a_band_above_the_boxes_is_cut_into_strips():
    # 12 x 10, boxes 0..4, 4..8, 8..12 from y = 6 down: the band above is 12 x 6, side 6, but every strip is 4 wide
    boxes = [(0, 6, 4, 10), (4, 6, 8, 10), (8, 6, 12, 10)]
    assert one((12, 10), boxes) == (0, 0, 12, 6)
    assert strip_background((12, 10), np.array(boxes, dtype=float)) == (8, 0, 4, 6)


def test_area_decides_between_equal_shorter_sides():
    # box 4..10 x 4..8 of a 10 x 8 picture: left 4 x 8 (area 32), top 10 x 4 (area 40); both have side 4
    assert one((10, 8), [(4, 4, 10, 8)]) == (0, 0, 10, 4)


def test_fractions_round_outward():
    # 4.9 and 6.1 take pixels 4, 5 and 6: left 4 wide, right 3 wide
    assert one((10, 8), [(4.9, 0, 6.1, 8)]) == (0, 0, 4, 8)
    assert whole_pixels(np.array([[-2.5, 1.0, 6.1, 99.0]]), np.array([10, 8])).tolist() == [[0, 1, 7, 8]]


def test_nothing_left_and_nothing_in_the_way():
    assert one((10, 8), [(-1, -1, 11, 9)]) == (0, 0, 0, 0)
    assert one((10, 8), []) == (0, 0, 10, 8)
    assert strip_background((10, 8), np.array([[0.0, 0, 10, 8]])) == (0, 0, 0, 0)
    assert strip_background((10, 8), np.zeros((0, 4))) == (0, 0, 10, 8)
    assert largest_background(np.zeros((0, 2), int), np.zeros((0, 3, 4))).shape == (0, 4)


def random_layouts(n, most, size, sides, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, most + 1, n)
    extent = rng.uniform(*sides, (n, most, 2))
    corner = rng.uniform(0, 1, (n, most, 2)) * (np.array(size) - extent)
    return np.tile(size, (n, 1)), np.concatenate([corner, corner + extent], axis=-1), counts


def test_the_batch_equals_the_single_picture_whatever_the_padding():
    sizes, boxes, counts = random_layouts(300, 8, (500, 375), (20, 300), seed=3)
    boxes[np.arange(8) >= counts[:, None]] = np.nan
    sizes = sizes + np.arange(300)[:, None] % 7
    batch = largest_background(sizes, boxes, counts)
    for i in range(300):
        assert tuple(batch[i]) == one(sizes[i], boxes[i, : counts[i]])


# The strips cut every band at each x-edge. Here 240 pictures have a usable background, of which they find 177.
def test_the_exact_search_finds_more_than_the_strips_and_never_less():
    sizes, boxes, counts = random_layouts(400, 6, (400, 300), (60, 260), seed=0)
    exact = largest_background(sizes, boxes, counts)[:, 2:].min(axis=1)
    strips = np.array([min(strip_background((400, 300), boxes[i, : counts[i]])[2:]) for i in range(400)])
    assert (exact >= strips).all()
    assert ((exact > 100).sum(), (strips > 100).sum()) == (240, 177)


@pytest.mark.parametrize("box", [(5, 0, 4, 3), (0, np.nan, 4, 3)])
def test_boxes_that_are_none_are_refused(box):
    with pytest.raises(ValueError, match="reversed or not a number"):
        one((10, 8), [box])


def test_a_hundred_thousand_pictures_take_seconds():
    sizes, boxes, counts = random_layouts(100_000, 10, (500, 375), (20, 300), seed=1)
    start = time.process_time()
    largest_background(sizes, boxes, counts)
    assert time.process_time() - start < 10
