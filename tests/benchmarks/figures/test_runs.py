from __future__ import annotations

from dataclasses import replace

import pytest
from safetensors import safe_open

from benchmarks.figures.runs import RUNS, Run, pictures_an_epoch, steps_for, train
from dejavu_audit.bench.recipe import Recipe

TINY = Recipe(
    repeats=2, n_members=20, n_others=40, classes=10, image_size=32, steps=5, batch_size=16, projector=(12, 8)
)


def test_an_epoch_shows_others_once_and_members_as_often_as_they_are_repeated():
    assert pictures_an_epoch(TINY) == 40 + 2 * 20
    # 80 pictures in batches of 16 are 5 steps; half an epoch 2.5, which is 3.
    assert [steps_for(TINY, epochs) for epochs in (1, 2, 0.5)] == [5, 10, 3]


def test_the_trainings_are_what_the_page_says():
    runs = {run.name: run for run in RUNS}
    assert runs["memorizer"].recipe.twin() == runs["twin"].recipe and runs["memorizer"].kept == runs["twin"].kept
    for run in RUNS:
        assert run.kept[-1] == run.recipe.steps and run.recipe.projector
    sizes = [run for run in RUNS if run.name.startswith("size")]
    seen = {run.recipe.steps * run.recipe.batch_size / pictures_an_epoch(run.recipe) for run in sizes}
    assert len(sizes) == 3 and max(seen) == pytest.approx(min(seen), rel=2e-3)  # the same epochs


def test_training_leaves_its_files_and_is_not_done_twice(tmp_path, capsys):
    run = Run("tiny", TINY, (2, 5))
    train(run, tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["tiny-00002.safetensors", "tiny-00005.safetensors"]
    with safe_open(files[0], "pt") as file:
        assert file.metadata()["step"] == "2" and "python -m benchmarks.figures" in file.metadata()["made_by"]
        assert {name.partition(".")[0] for name in file.keys()} == {"backbone", "projector"}  # noqa: SIM118
    before = [file.stat().st_mtime_ns for file in files]
    train(run, tmp_path)
    assert [file.stat().st_mtime_ns for file in files] == before and "there already" in capsys.readouterr().err


def test_weights_of_another_recipe_or_a_missing_step_are_made_anew(tmp_path):
    run = Run("tiny", replace(TINY, steps=2), (2,))
    train(run, tmp_path)
    assert run.is_whole(tmp_path)
    assert not replace(run, recipe=replace(run.recipe, seed=1)).is_whole(tmp_path)
    assert not replace(run, kept=(1, 2)).is_whole(tmp_path)
