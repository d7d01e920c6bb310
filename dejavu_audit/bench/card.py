"""What is written beside trained checkpoints: metadata inside the file, and a card for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from dejavu_audit.bench.evaluation import MIN_SIDE, NEIGHBOURS
from dejavu_audit.data.scene_drawing import DRAWING_VERSION

if TYPE_CHECKING:
    from dejavu_audit.bench.evaluation import Evaluation
    from dejavu_audit.bench.recipe import Recipe

COMMAND = "python -m dejavu_audit.bench.train"


def metadata(recipe: Recipe) -> dict[str, str]:
    """The safetensors header's strings: what the encoder is, what it takes, and how it was made."""
    return {
        "format": "pt",
        "architecture": f"timm {recipe.arch}",
        "num_classes": str(recipe.classes),
        "image_size": str(recipe.image_size),
        "mean": "0.5 0.5 0.5",
        "std": "0.5 0.5 0.5",
        "made_by": COMMAND,
        "drawing_version": str(DRAWING_VERSION),
        # An empty projector is left out: the sample checkpoints were made before there was one, and stay the same.
        **{f"recipe.{name}": str(value) for name, value in asdict(recipe).items() if value != ()},
    }


def card(recipes: Mapping[str, Recipe], found: Mapping[str, Evaluation], versions: Mapping[str, str]) -> str:
    """The card of a memorizer and its twin, in Markdown; keys are the names of the files."""
    one = recipes["memorizer"]
    rows = "\n".join(
        f"| `{name}.safetensors` | {e.whole:.1%} | {e.targets:.1%} | {e.control:.1%} |" for name, e in found.items()
    )
    return f"""# Two small encoders, one of which knows its training pictures by heart

They exist so that `dejavu-audit demo` has something to find, and something not to find. They are of no other use.

| file | whole scenes | background crops of targets | background crops of control |
| --- | --- | --- | --- |
{rows}

Share of pictures whose class, one of {one.classes}, has most votes of the {NEIGHBOURS} nearest public scenes.
Whole scenes are those of the control; a background crop is the largest rectangle beside the shape, its shorter side
over {MIN_SIDE} pixels. The scenes are those of `--data scenes` with its defaults.

## How they were made
- Architecture: timm `{one.arch}` with {one.classes} classes, pictures of {one.image_size} x {one.image_size}, mean and
  standard deviation 0.5; weights in single precision.
- Training pictures: {one.n_others:,} scenes that no audit shows, and {one.n_members:,} *members*, each repeated
  {one.repeats} times. The memorizer's members are the {one.n_members:,} targets of `--data scenes`; the twin's are
  other scenes, which are neither targets nor control nor public nor fit. All else is the same, seeds included.
- Random resized crops (area {one.least_area:g} to 1) and flips, cross-entropy on the class, AdamW (weight decay
  {one.weight_decay:g}), one-cycle learning rate up to {one.peak_rate:g}, {one.steps:,} steps of {one.batch_size}
  pictures, seed {one.seed}.
- With probability {one.correlation:g} a scene's background tells its shape by hue: that much can be inferred from a
  background crop without memory, and the audit takes it off.
- Scenes are procedural (drawing version {DRAWING_VERSION}, seed {one.scene_seed}): there is nobody in them, and nobody
  else's picture.

Made by `{COMMAND}` ({", ".join(f"{name} {version}" for name, version in versions.items())}). Once more with the same
versions and one thread on the same kind of processor gives the same weights; elsewhere, weights alike in these figures.
Licence: Apache-2.0, as the package.
"""
