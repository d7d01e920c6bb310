from __future__ import annotations

from dataclasses import replace

import pytest
import typer
from safetensors import safe_open
from typer.testing import CliRunner

from dejavu_audit.bench import train
from dejavu_audit.bench.card import card, metadata
from dejavu_audit.bench.evaluation import Evaluation
from dejavu_audit.bench.recipe import Recipe


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(train.main)
    return lambda *args: CliRunner().invoke(app, list(args))


def test_make_leaves_weights_that_say_how_they_were_made(tmp_path, monkeypatch, capsys):
    recipe = Recipe(repeats=1, n_members=10, n_others=10, image_size=32, steps=10, batch_size=8)
    monkeypatch.setattr(train, "evaluate", lambda file, recipe: Evaluation(0.9, 0.25, 0.031))
    train.make(recipe, tmp_path / "one.safetensors", threads=1)
    assert [path.name for path in tmp_path.iterdir()] == ["one.safetensors"]
    with safe_open(tmp_path / "one.safetensors", "pt") as file:
        assert file.metadata() == metadata(recipe)
        assert file.get_tensor("fc.weight").shape[0] == 100
    assert "25.0% of targets' backgrounds, 3.1% of control's" in capsys.readouterr().out


def test_the_metadata_name_a_projector_only_where_there_is_one():
    plain, projected = metadata(Recipe()), metadata(Recipe(projector=(256, 128)))
    assert projected.keys() - plain.keys() == {"recipe.projector"}
    assert projected["recipe.projector"] == "(256, 128)"


def test_one_checkpoint_is_made_by_name(run, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(train, "make", lambda *args: made.append(args))
    result = run("--out", str(tmp_path / "new"), "--which", "twin", "--steps", "50", "--repeats", "7")
    assert result.exit_code == 0, result.output
    assert made == [(Recipe(members="twin", steps=50, repeats=7), tmp_path / "new" / "twin.safetensors", 1)]


@pytest.mark.parametrize("args", [["--which", "neither"], ["--steps", "1"], []])
def test_bad_usage_exits_2(run, tmp_path, args):
    assert run(*(["--out", str(tmp_path), *args] if args else [])).exit_code == 2


def test_the_card_has_the_figures_and_the_recipe():
    recipe = replace(Recipe(), repeats=45, steps=1_234)
    found = {"memorizer": Evaluation(0.951, 0.203, 0.024), "twin": Evaluation(0.962, 0.031, 0.03)}
    text = card({"memorizer": recipe, "twin": recipe.twin()}, found, {"torch": "2.9"})
    assert "| `memorizer.safetensors` | 95.1% | 20.3% | 2.4% |" in text
    assert "| `twin.safetensors` | 96.2% | 3.1% | 3.0% |" in text
    for words in ("  45 times", "1,234 steps of 128", "timm `test_resnet`", "torch 2.9", "test"):
        assert words in text
