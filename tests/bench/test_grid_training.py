from __future__ import annotations

from dataclasses import replace

import pytest
import typer
from safetensors.torch import load_file
from typer.testing import CliRunner

from dejavu_audit.bench import grid, grid_training
from dejavu_audit.bench.grid import GridCell
from dejavu_audit.bench.training import train_encoder

CELL = GridCell(10, 0.3, 3)


@pytest.fixture
def tiny(monkeypatch):
    small = {"n_others": 20, "image_size": 32, "batch_size": 8}
    monkeypatch.setattr(grid, "BASES", {n: replace(one, steps=3, **small) for n, one in grid.BASES.items()})
    monkeypatch.setattr(grid, "CYCLES", (2, 3))
    monkeypatch.setattr(grid, "BRANCH", replace(grid.BRANCH, n_members=10, **small))


def test_it_trains_what_cells_share_once_and_goes_on_from_it(tiny, tmp_path, capsys):
    cells = [CELL, GridCell(10, 0.3, 0)]
    grid_training.train_cells(cells, tmp_path / "new", processes=1)
    names = {"base-10-0.3"}
    names |= {
        f"{who}-10-0.3-{repeats}-{steps}" for who in ("encoder", "twin") for repeats in (3, 0) for steps in (2, 5)
    }
    assert {path.stem for path in (tmp_path / "new").iterdir()} == names
    base = train_encoder(CELL.base.recipe)
    early = train_encoder(CELL.twin.chain[1].recipe, start=base)
    by_hand = train_encoder(CELL.twin.recipe, start=early)
    found = load_file(CELL.twin.file(tmp_path / "new"))
    assert found.keys() == by_hand.keys() and all(found[name].equal(by_hand[name]) for name in found)
    grid.refuse_if_missing(cells, tmp_path / "new")


def test_what_is_there_already_stays(tiny, tmp_path, monkeypatch, capsys):
    grid_training.train_cells([CELL], tmp_path, processes=1)
    CELL.twin.file(tmp_path).unlink()
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    capsys.readouterr()
    trained = []
    monkeypatch.setattr(
        grid_training, "train_encoder", lambda recipe, *args, **more: trained.append(recipe) or train_encoder(recipe)
    )
    grid_training.train_cells([CELL], tmp_path, processes=1)
    assert trained == [CELL.twin.recipe]
    assert "encoder-10-0.3-3-5: there already" in capsys.readouterr().out
    assert all((tmp_path / name).stat().st_mtime_ns == then for name, then in before.items())


def test_the_command_trains_the_whole_grid_into_the_bench_folder(monkeypatch):
    asked = []
    monkeypatch.setattr(grid_training, "train_cells", lambda *args: asked.append(args))
    app = typer.Typer()
    app.command()(grid_training.main)
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0 and "40 encoders are in .bench" in result.output
    assert asked == [(grid.grid(), grid.FOLDER, 2)]
