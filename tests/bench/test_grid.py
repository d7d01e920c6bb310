from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from dejavu_audit.bench import grid as module
from dejavu_audit.bench.grid import BASES, CYCLES, GridCell, Training, grid, refuse_if_missing
from dejavu_audit.bench.recipe import Recipe
from dejavu_audit.errors import AuditError

CELL = GridCell(100, 0.3, 10)


def test_the_grid_has_every_setting_once():
    settings = [(cell.classes, cell.correlation, cell.repeats) for cell in grid()]
    assert len(settings) == len(set(settings)) == 20
    assert {classes for classes, _, _ in settings} == {10, 100}
    assert {correlation for _, correlation, _ in settings} == {0, 0.3}
    assert {repeats for _, _, repeats in settings} == {0, 1, 3, 10, 30}


@pytest.mark.parametrize("cycles", [(1_600,), (1_600, 2_400)])
def test_forty_encoders_go_on_from_four(cycles, monkeypatch):
    monkeypatch.setattr(module, "CYCLES", cycles)
    trainings = {t.name: t for cell in grid() for t in (cell.encoder, cell.twin)}
    assert len(trainings) == 40
    stages = zip(*(t.chain for t in trainings.values()), strict=True)
    assert [len({t.name for t in stage}) for stage in stages] == [4] + len(cycles) * [40]
    # Weights of different makes never share a file.
    every = {t.name: t for last in trainings.values() for t in last.chain}
    assert len({tuple(t.made.items()) for t in every.values()}) == len(every) == 4 + 40 * len(cycles)


def test_a_longer_training_goes_on_from_the_shorter(monkeypatch):
    shorter = CELL.twin
    monkeypatch.setattr(module, "CYCLES", (*module.CYCLES, 700))
    assert CELL.twin.start == shorter and CELL.twin.recipe.steps == 700
    assert CELL.twin.recipe.seed != shorter.recipe.seed


@pytest.mark.parametrize("cell", grid(), ids=lambda cell: cell.name)
def test_nobody_but_the_encoder_sees_the_targets(cell):
    base, *later = cell.encoder.chain
    assert base == cell.base == cell.twin.chain[0]
    assert base.start is None and (base.recipe.n_members, base.recipe.repeats) == (0, 0)
    for training in later:
        assert training.recipe.members == "target" and training.recipe.repeats == cell.repeats
    for training in cell.twin.chain[1:]:
        assert training.recipe.members == "twin" or training.recipe.repeats == 0
    for training in (*cell.encoder.chain, *cell.twin.chain):
        assert (training.recipe.classes, training.recipe.correlation) == (cell.classes, cell.correlation)


def test_a_twin_differs_in_its_members_alone_and_without_members_in_its_seeds():
    for one, twin in zip(CELL.encoder.chain[1:], CELL.twin.chain[1:], strict=True):
        assert twin.recipe == replace(one.recipe, members="twin")
    without = GridCell(10, 0.0, 0)
    for one, twin in zip(without.encoder.chain[1:], without.twin.chain[1:], strict=True):
        assert twin.recipe == replace(one.recipe, seed=twin.recipe.seed)
    # All apart: the same seed again would show the same crops again.
    seeds = [t.recipe.seed for t in (*without.encoder.chain, *without.twin.chain[1:])]
    assert len(set(seeds)) == len(seeds)


def test_the_header_says_how_all_trainings_went():
    made, cycles = CELL.encoder.made, len(CYCLES)
    assert made["recipe.repeats"] == "10" and made["recipe.steps"] == str(CYCLES[-1])
    first = "start." * cycles
    assert made[f"{first}recipe.repeats"] == "0" and made[f"{first}recipe.steps"] == str(BASES[100].steps)
    assert not any(name.startswith("start.") for name in CELL.base.made)


def test_weights_are_whole_where_this_very_recipe_made_them(tmp_path):
    training = Training("one", Recipe(steps=7))
    assert not training.is_whole(tmp_path)
    save_file({"weight": torch.zeros(1)}, training.file(tmp_path), training.made)
    assert training.is_whole(tmp_path)
    assert not Training("one", Recipe(steps=8)).is_whole(tmp_path)
    assert not Training("one", Recipe(steps=7), start=training).is_whole(tmp_path)


def test_missing_weights_are_named_with_what_makes_them(tmp_path):
    save_file({"weight": torch.zeros(1)}, CELL.encoder.file(tmp_path), CELL.encoder.made)
    with pytest.raises(
        AuditError, match=r"^1 of the 2 encoders.*twin-100-0\.3-10-4000.*python -m dejavu_audit\.bench\.grid_"
    ):
        refuse_if_missing([CELL], tmp_path)
    save_file({"weight": torch.zeros(1)}, CELL.twin.file(tmp_path), CELL.twin.made)
    refuse_if_missing([CELL], tmp_path)


def test_a_file_that_is_no_weights_is_missing(tmp_path):
    CELL.encoder.file(tmp_path).write_text("nothing")
    assert not CELL.encoder.is_whole(tmp_path)
