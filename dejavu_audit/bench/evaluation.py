"""What a trained encoder knows: its neighbours' votes on whole scenes and on background crops."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from dejavu_audit.bench.recipe import Recipe
from dejavu_audit.data.crops import CropRule
from dejavu_audit.data.scenes import SceneOptions, Scenes
from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.neighbors import nearest
from dejavu_audit.scores.votes import votes
from dejavu_audit.types import EncoderRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.types import Encoder

NEIGHBOURS = 30
"""The demo's k: the public scenes have 60 of every class."""
MIN_SIDE = 24
"""Every scene has a background crop whose shorter side is longer, in pixels."""
HALF = (0.5, 0.5, 0.5)
_BLOCK = 256


@dataclass(frozen=True)
class Evaluation:
    """Shares of scenes whose class the public neighbours name."""

    whole: float
    """Whole control scenes."""
    targets: float
    """Background crops of the data set's targets."""
    control: float
    """Background crops of the control."""


def evaluate(weights: Path, recipe: Recipe, options: SceneOptions | None = None) -> Evaluation:
    """Ask the encoder in a weights file about the data set `scenes`, by default as the demo audits it."""
    request = EncoderRequest(recipe.arch, str(weights), image_size=recipe.image_size, mean=HALF, std=HALF, device="cpu")
    encoder = load_encoder("timm", request)
    if options is None:
        options = SceneOptions(recipe.scene_seed, recipe.classes, recipe.correlation)
    scenes = Scenes(options)
    labels = np.asarray(scenes.table["label"], dtype=np.int64)
    sets = np.asarray(scenes.table["set"])
    public, targets, control = (np.flatnonzero(sets == name) for name in ("public", "target", "control"))
    world = _embed(encoder, scenes, public, None)
    background = CropRule(min_side=MIN_SIDE)

    def right(rows: NDArray[np.int64], rule: CropRule | None) -> float:
        found = nearest(_embed(encoder, scenes, rows, rule), world, NEIGHBOURS)
        voted = votes(found.indices, labels[public], options.classes)
        return float((voted.top1 == labels[rows]).mean())

    return Evaluation(right(control, None), right(targets, background), right(control, background))


def _embed(encoder: Encoder, scenes: Scenes, rows: NDArray[np.int64], rule: CropRule | None) -> NDArray[np.float32]:
    blocks = []
    for start in range(0, len(rows), _BLOCK):
        views = []
        for row in rows[start : start + _BLOCK]:
            picture = scenes.open(int(row))
            if rule is not None:
                x, y, w, h = rule.crop(picture.size, scenes.annotation(int(row)))
                picture = picture.crop((x, y, x + w, y + h))
            views.append(encoder.transform(picture))
        blocks.append(encoder.embed_images(torch.stack(views)))
    return np.concatenate(blocks)
