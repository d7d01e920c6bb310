from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.data.draws import Draw
from dejavu_audit.data.splits import NO_PUBLIC, draw_split
from dejavu_audit.errors import AuditError
from tests.data.conftest import Table, config

MANY = 10**6


def ask(**sizes):
    """A configuration that asks for everything unless told otherwise."""
    return config(**{"preset": "full", "k": 1, **sizes})


def ids(table, rows):
    return table.table["id"].take(pa.array(rows)).to_pylist()


def sizes(split):
    return {name: len(rows) for name, rows in split.sets().items()}


def mixed(size=1000, classes=10, seed=0):
    """Half with boxes, and a control of a tenth more."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=size + size // 10)
    sets = [None] * size + ["control"] * (size // 10)
    return Table(labels, boxed=np.arange(len(labels)) % 2 == 0, sets=sets)


# What comes from where


def test_pictures_without_boxes_are_public_and_the_control_is_prescribed():
    data = mixed()
    split = draw_split(data, ask())
    boxed = np.asarray(data.table["boxed"])
    assert sizes(split) == {"target": 250, "control": 100, "public": 500, "fit": 250}
    assert not boxed[split.public].any()
    assert boxed[split.targets].all()
    assert boxed[split.fit].all()
    assert set(split.control) == set(range(1000, 1100))


def test_one_pool_for_all_is_shared():
    # Of 1,000: 30 % public; of the 700 left half are targets, and the rest is the fit set.
    split = draw_split(Table(np.arange(1000) % 10), ask())
    assert sizes(split) == {"target": 350, "control": 0, "public": 300, "fit": 350}


def test_the_public_set_is_topped_up_from_the_pool_to_its_share():
    # 100 of 1,000 have no boxes. 30 % of 1,000 are 300: the pool gives 200 and keeps 700.
    boxed = np.arange(1000) >= 100
    split = draw_split(Table(np.arange(1000) % 10, boxed=boxed), ask())
    assert sizes(split) == {"target": 350, "control": 0, "public": 300, "fit": 350}
    assert set(range(100)) <= set(split.public.tolist())
    assert sizes(draw_split(Table(np.arange(1000) % 10, boxed=boxed), ask(public=150)))["public"] == 150


def test_a_class_with_boxes_everywhere_lends_some_to_the_public_set():
    # Class 0: 100 with boxes, none without. Class 1: 50 with and 450 without, more than the share of the public set.
    labels = np.array([0] * 100 + [1] * 500)
    boxed = np.arange(600) < 150
    split = draw_split(Table(labels, boxed=boxed), ask())
    assert Counter(labels[split.public].tolist()) == {0: 30, 1: 450}
    assert Counter(labels[np.concatenate([split.targets, split.fit])].tolist()) == {0: 70, 1: 50}
    assert not split.set_aside


def test_lending_keeps_to_the_size_that_was_asked_for():
    labels = np.array([0] * 100 + [1] * 500)
    split = draw_split(Table(labels, boxed=np.arange(600) < 150), ask(public=48))
    # stratified over 30 lent and 450 without boxes: a tenth of each
    assert Counter(labels[split.public].tolist()) == {0: 3, 1: 45}
    assert len(split.targets) + len(split.fit) == 150 - 3


def test_prescribed_sets_are_kept_to():
    sets = ["target"] * 10 + ["public"] * 20 + ["control"] * 5 + ["fit"] * 15 + [None] * 50
    split = draw_split(Table(np.zeros(100, int), sets=sets, boxed=np.arange(100) < 75), ask())
    # What is not prescribed has no place left to go.
    assert sizes(split) == {"target": 10, "public": 20, "control": 5, "fit": 15}
    for name, rows in split.sets().items():
        assert {sets[row] for row in rows} == {name}


def test_some_sets_prescribed():
    sets = ["target"] * 40 + [None] * 60
    split = draw_split(Table(np.zeros(100, int), sets=sets), ask())
    assert set(split.targets) == set(range(40))
    assert sizes(split) == {"target": 40, "public": 18, "control": 0, "fit": 42}  # 30 % of 60
    sets = ["fit"] * 40 + [None] * 60
    split = draw_split(Table(np.zeros(100, int), sets=sets), ask())
    assert sizes(split) == {"target": 42, "public": 18, "control": 0, "fit": 40}


def test_corner_crops_need_no_boxes():
    data = Table(np.arange(100) % 2, boxed=False)
    with pytest.raises(AuditError, match=r"targets need boxes .* --crop corner"):
        draw_split(data, ask())
    assert sizes(draw_split(data, ask(crop="corner"))) == {"target": 35, "public": 30, "control": 0, "fit": 35}


def test_presets_give_the_sizes_that_no_flag_names():
    labels = np.arange(40_000) % 10
    data = Table(labels, boxed=np.arange(40_000) // 10 % 2 == 0, sets=[None] * 35_000 + ["control"] * 5_000)
    # quick: 1,000 targets and control pictures, 5,000 to fit, 20 public pictures for each of the 10 classes
    assert sizes(draw_split(data, config(preset="quick"))) == {
        "target": 1000,
        "control": 1000,
        "public": 200,
        "fit": 5000,
    }
    some = draw_split(data, config(preset="quick", targets=7, control=0, public=150, fit=9))
    assert sizes(some) == {"target": 7, "control": 0, "public": 150, "fit": 9}


# Properties


@st.composite
def worlds(draw):
    size = draw(st.integers(1, 120))
    labels = draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
    boxed = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    kinds = st.sampled_from([None, None, None, "target", "public", "control", "fit"])
    sets = draw(st.lists(kinds, min_size=size, max_size=size))
    asked = {name: draw(st.none() | st.integers(1, 40)) for name in ("targets", "public", "control", "fit")}
    return Table(labels, boxed=boxed, sets=sets), ask(
        seed=draw(st.integers(0, 3)), folds=draw(st.sampled_from([1, 2])), **asked
    )


@settings(deadline=None, max_examples=150)
@given(worlds(), st.randoms(use_true_random=False))
def test_sets_are_disjoint_within_bounds_and_do_not_hang_on_the_order_of_the_table(world, random):
    data, asked = world
    try:
        split = draw_split(data, asked)
    except AuditError:
        split = None
    if split is not None:
        rows = np.concatenate(list(split.sets().values()))
        assert len(set(rows.tolist())) == len(rows)
        prescribed = data.table["set"].to_pylist()
        for (name, members), size in zip(
            split.sets().items(), (asked.targets, asked.control, asked.public, asked.fit), strict=True
        ):
            assert {prescribed[row] for row in members} <= {name, None}
            assert size is None or len(members) <= size
            assert ids(data, members) == sorted(ids(data, members))
        assert {prescribed[row] for row in split.control} <= {"control"}
        labels = np.asarray(data.table["label"])
        assert set(labels[np.concatenate([split.targets, split.control])]) <= set(labels[split.public])
    order = list(range(data.table.num_rows))
    random.shuffle(order)
    shuffled = Table([0] * len(order))
    shuffled.classes, shuffled.table = data.classes, data.table.take(order)
    try:
        again = draw_split(shuffled, asked)
    except AuditError:
        assert split is None
        return
    assert split is not None
    for name, members in split.sets().items():
        assert ids(data, members) == ids(shuffled, again.sets()[name])
    assert split.fold_of_target.tolist() == again.fold_of_target.tolist()


def test_seeds_draw_differently_and_sets_are_independent_of_each_other():
    data = mixed()
    first, same, other = (draw_split(data, ask(targets=50, public=60, fit=70, seed=seed)) for seed in (0, 0, 1))
    for name, rows in first.sets().items():
        assert rows.tolist() == same.sets()[name].tolist()
        assert name == "control" or rows.tolist() != other.sets()[name].tolist()
    fewer = draw_split(data, ask(targets=50, public=30, fit=10, seed=0, control=5))
    assert fewer.targets.tolist() == first.targets.tolist()


# Draws


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=80), st.integers(0, 90), st.integers(0, 5))
def test_a_draw_is_exact_in_size_and_each_class_gives_its_share(labels, size, seed):
    labels = np.array(labels)
    rows = np.arange(len(labels))
    taken, left = Draw(labels, seed).apart("x", rows, size)
    assert len(taken) == min(size, len(rows))
    assert sorted([*taken, *left]) == rows.tolist()
    assert taken.tolist() == sorted(taken)
    share = min(size, len(rows)) / len(rows)
    for label, count in Counter(labels.tolist()).items():
        # to the nearest picture up or down
        assert abs((labels[taken] == label).sum() - share * count) < 1


def test_largest_remainders_are_rounded_up():
    # 5 of 10 from classes of 5, 3 and 2: 2.5, 1.5 and 1; the one left goes to class 0 or 1 by the seed, never to 2.
    labels = np.array([0] * 5 + [1] * 3 + [2] * 2)
    counts = {
        tuple(np.bincount(labels[Draw(labels, seed).some("x", np.arange(10), 5)], minlength=3).tolist())
        for seed in range(30)
    }
    assert counts == {(3, 1, 1), (2, 2, 1)}


def test_within_a_class_every_picture_is_as_likely():
    labels = np.zeros(10, int)
    hits = np.zeros(10)
    for seed in range(400):
        hits[Draw(labels, seed).some("x", np.arange(10), 3)] += 1
    # Binomial(400, 0.3) has a standard deviation of 9.2: five of them either side of 120.
    assert (np.abs(hits - 120) < 46).all()


# Folds


def test_one_fold_is_everybody():
    split = draw_split(mixed(), ask())
    fold = split.fold(0)
    assert split.folds == 1
    assert (fold.fit is split.fit, fold.targets is split.targets, fold.control is split.control) == (True,) * 3


def test_two_folds_judge_everybody_once_and_never_by_what_was_fitted_on_them():
    data = mixed()
    split = draw_split(data, ask(folds=2))
    assert sizes(split) == {"target": 500, "control": 100, "public": 500, "fit": 0}
    folds = [split.fold(0), split.fold(1)]
    for one, other in (folds, folds[::-1]):
        assert set(one.fit) == set(other.targets)
        assert not set(one.fit) & set(one.targets)
        assert len(one.control) == 50
    assert sorted(np.concatenate([fold.targets for fold in folds])) == sorted(split.targets)
    assert sorted(np.concatenate([fold.control for fold in folds])) == sorted(split.control)
    # halves are stratified: every class to the nearest picture
    labels = np.asarray(data.table["label"])
    halves = [np.bincount(labels[fold.targets], minlength=10) for fold in folds]
    assert (np.abs(halves[0] - halves[1]) <= 2).all()


def test_two_folds_take_a_prescribed_fit_set_beside_the_other_half():
    sets = ["fit"] * 10 + [None] * 90
    split = draw_split(Table(np.zeros(100, int), sets=sets), ask(folds=2, targets=20))
    assert len(split.targets) == 20
    for number in (0, 1):
        assert set(range(10)) < set(split.fold(number).fit.tolist())
        assert len(split.fold(number).fit) == 20


# What cannot be had


def test_targets_of_a_class_without_public_pictures_are_set_aside_and_counted():
    sets = ["target"] * 6 + ["control"] * 4 + ["public"] * 5 + ["fit"]
    labels = [0, 0, 0, 0, 1, 1, 0, 1, 2, 2, 0, 0, 0, 0, 0, 0]
    split = draw_split(Table(labels, sets=sets), ask())
    assert split.targets.tolist() == [0, 1, 2, 3]
    assert split.control.tolist() == [6]
    assert split.set_aside == {"target": {NO_PUBLIC: 2}, "control": {NO_PUBLIC: 3}}


def test_flags_beyond_the_data_are_noted():
    notes = draw_split(mixed(), ask(targets=MANY, public=MANY, control=MANY, fit=MANY)).notes
    assert notes == (
        "--targets 1,000,000 was asked for, but the data have only 250 to give",
        "--public 1,000,000 was asked for, but the data have only 500 to give",
        "--control 1,000,000 was asked for, but the data have only 100 to give",
        "--fit 1,000,000 was asked for, but the data have only 250 to give",
    )
    assert not draw_split(mixed(), ask(targets=10)).notes


def grouped(groups, **more):
    data = Table([0] * len(groups), **more)
    data.table = data.table.set_column(5, "group", pa.array(groups, pa.string()))
    return data


def test_groups_in_more_than_one_set_are_noted():
    sets = ["target", "target", "public", "control", "fit"]
    assert not draw_split(grouped(["a", "a", "b", "c", None], sets=sets), ask()).notes
    assert not draw_split(grouped([None] * 5, sets=sets), ask()).notes
    # a in targets and public, b in control and fit; a twice in the targets counts once
    notes = draw_split(grouped(["a", "a", "a", "b", "b"], sets=sets), ask()).notes
    assert len(notes) == 1
    assert notes[0].startswith("2 groups have pictures in more than one set")


def test_sets_and_groups_may_be_dictionaries():
    data = grouped(["a", "a", "a", None])
    for at, name, values in ((4, "set", ["target", "public", "fit", None]), (5, "group", ["a", "a", "a", None])):
        data.table = data.table.set_column(at, name, pa.array(values).dictionary_encode())
    split = draw_split(data, ask())
    assert sizes(split) == {"target": 1, "control": 0, "public": 1, "fit": 1}
    assert len(split.notes) == 1


ONE_OF_EACH = ["target", "public", "control", "fit"]


@pytest.mark.parametrize(
    ("data", "asked", "says"),
    [
        (mixed(), {"k": 501}, r"--k 501 neighbours .* in table \(/nowhere\) there are only 500 public pictures"),
        (mixed(), {"k": 61, "public": 60}, "only 60 public pictures; choose a smaller --k"),
        (Table([0] * 9, boxed=False), {}, "can be a target: targets need boxes"),
        (Table([0, 0], sets=["control", "public"]), {}, "can be a target: targets need boxes"),
        (Table([0, 1], sets=["target", "public"]), {}, "none of the 1 targets .* has a public picture"),
        (Table([0, 0], sets=["target", "public"]), {}, "no picture is left .* --folds 2"),
        (Table([0] * 4, sets=ONE_OF_EACH), {"folds": 2}, "--folds 2 needs at least two targets; .* there is 1"),
        (Table([0]), {}, "^1 with boxes, of the pictures .* are too few for targets"),
        (Table([0], boxed=False), {"crop": "corner"}, "^1, of the pictures .* are too few for targets"),
        (Table([]), {}, "only 0 public pictures"),
    ],
)
def test_splits_that_come_out_empty(data, asked, says):
    with pytest.raises(AuditError, match=says) as raised:
        draw_split(data, ask(**asked))
    assert "\n" not in str(raised.value)


def test_a_data_set_of_imagenets_size_takes_seconds():
    labels = np.repeat(np.arange(1000), 1281)
    data = Table(labels, boxed=np.arange(len(labels)) % 1281 < 544)
    began = time.process_time()
    split = draw_split(data, config(preset="standard"))
    assert time.process_time() - began < 20  # measured: 1 s, on one of two shared cores
    assert sizes(split) == {"target": 10_000, "control": 0, "public": 100_000, "fit": 50_000}
    assert (np.bincount(labels[split.targets]) == 10).all()
