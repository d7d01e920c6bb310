from __future__ import annotations

from dataclasses import fields

import numpy as np

from dejavu_audit.bench.recipe import Recipe, draw_all
from dejavu_audit.data.scene_drawing import draw
from dejavu_audit.data.scenes import load


def test_the_members_are_the_first_targets_of_the_default_scenes():
    pixels, labels = draw_all(Recipe(), "target", 5)
    scenes = load(None, {}, 0)
    for row in range(5):
        assert np.array_equal(pixels[row].transpose(1, 2, 0), np.asarray(scenes.open(row)))
    assert labels.tolist() == scenes.table["label"].to_pylist()[:5]


def test_the_twin_differs_in_its_members_alone():
    one = Recipe(steps=7, repeats=3)
    twin = one.twin()
    assert [f.name for f in fields(Recipe) if getattr(one, f.name) != getattr(twin, f.name)] == ["members"]


def test_no_data_set_shows_the_twin_s_members_or_the_others():
    recipe = Recipe()
    shown = {
        draw(recipe.scene(stream, index)).tobytes()
        for stream in ("target", "public", "control", "fit")
        for index in range(40)
    }
    hidden = {draw(recipe.scene(stream, index)).tobytes() for stream in ("twin", "other") for index in range(40)}
    assert len(hidden) == 80 and not shown & hidden
