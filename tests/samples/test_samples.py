from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from safetensors import safe_open

from dejavu_audit import samples
from dejavu_audit.bench.card import metadata
from dejavu_audit.bench.evaluation import HALF, MIN_SIDE, NEIGHBOURS, evaluate
from dejavu_audit.bench.recipe import Recipe
from dejavu_audit.config import AuditConfig
from dejavu_audit.data.scenes import SceneOptions

RECIPES = {"memorizer": Recipe(), "twin": Recipe().twin()}


def test_the_package_stays_small():
    assert sum(path.stat().st_size for path in samples.CHECKPOINTS.values()) <= 6_000_000


@pytest.mark.parametrize("name", RECIPES)
def test_the_files_are_those_of_the_recipe(name):
    with safe_open(samples.CHECKPOINTS[name], "np") as file:
        assert file.metadata() == metadata(RECIPES[name])


def test_the_card_tells_both():
    text = Path(samples.FOLDER, "CARD.md").read_text(encoding="utf-8")
    assert "`memorizer.safetensors`" in text and "`twin.safetensors`" in text
    assert version("dejavu-audit")  # the card and the files ship with an installed package


def test_the_demo_audits_what_the_checkpoints_were_made_for():
    config = AuditConfig.resolve(family="timm", model=Recipe.arch, **samples.AUDIT)
    assert (config.image_size, config.mean, config.std) == (Recipe.image_size, HALF, HALF)
    assert (config.k, config.min_side) == (NEIGHBOURS, MIN_SIDE)


def test_the_memorizer_knows_its_targets_backgrounds_and_the_twin_does_not():
    # Fewer public scenes than in the card, for speed. By chance 1 %, by the hue 3.7 %: 0.3 / 10 + 0.7 / 100.
    options = SceneOptions(targets=300, public=2_000, control=300, fit=0)
    memorizer = evaluate(samples.MEMORIZER, Recipe(), options)
    twin = evaluate(samples.TWIN, Recipe(), options)
    assert memorizer.targets > 0.12 and memorizer.targets > 2.5 * memorizer.control
    # Two shares near 3 % of 300 each differ by less than 4.2 points (three standard errors) if nothing is known.
    assert abs(twin.targets - twin.control) < 0.042
    assert min(memorizer.whole, twin.whole) > 0.9
