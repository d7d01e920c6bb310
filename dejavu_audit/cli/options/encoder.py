"""Flags that say which encoder is audited, and how it looks."""

from __future__ import annotations

from typing import Annotated

import typer

from dejavu_audit.cli.options.panels import ENCODER, option, switch

Model = Annotated[
    str,
    typer.Argument(
        help="Architecture name; of checkpoint and torchscript the file, of hf a hub name or folder, of python "
        "MODULE:FUNCTION.",
        show_default=False,
    ),
]
Pretrained = Annotated[
    str | None,
    option(
        ENCODER,
        "--pretrained",
        metavar="TAG|FILE",
        says="Published tag, weights file, hf-hub:… or 'random'; of a checkpoint with several networks, which: "
        "teacher, student, … (default: the model's own tag)",
    ),
]
Arch = Annotated[
    str | None,
    option(ENCODER, "--arch", metavar="NAME", says="Architecture that the weights in a checkpoint file fill."),
]
Layer = Annotated[
    str,
    option(
        ENCODER,
        "--layer",
        metavar="NAME",
        says="What to take from the encoder: embedding or pre-head; of a checkpoint, backbone, projector or "
        "bottleneck. "
        "(default: embedding)",
    ),
]
Normalize = Annotated[
    bool, switch(ENCODER, "--normalize/--no-normalize", says="L2-normalise the embeddings. (default: yes)")
]
ImageSize = Annotated[
    int | None, option(ENCODER, "--image-size", says="Input size in pixels. (default: the model's own)")
]
Mean = Annotated[
    str | None, option(ENCODER, "--mean", metavar="R,G,B", says="Pixel means, 0 to 1. (default: the model's own)")
]
Std = Annotated[
    str | None,
    option(ENCODER, "--std", metavar="R,G,B", says="Pixel standard deviations. (default: the model's own)"),
]
