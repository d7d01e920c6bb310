"""Flags that steer the machine and leave the number alone."""

from __future__ import annotations

from typing import Annotated

from dejavu_audit.cli.options.panels import MACHINE, option, switch

Device = Annotated[
    str, option(MACHINE, "--device", metavar="auto|cpu|cuda|mps", says="Where the models run. (default: auto)")
]
Precision = Annotated[
    str, option(MACHINE, "--precision", metavar="fp32|bf16|fp16", says="Arithmetic of the encoder. (default: fp32)")
]
BatchSize = Annotated[
    str, option(MACHINE, "--batch-size", metavar="N|auto", says="Pictures a batch. (default: auto, found by trying)")
]
Workers = Annotated[
    int | None, option(MACHINE, "--workers", metavar="N", says="Decoding processes. (default: one a core)")
]
JpegDraft = Annotated[
    bool,
    switch(
        MACHINE,
        "--jpeg-draft/--no-jpeg-draft",
        says="Decode large JPEGs at reduced size: faster, results change slightly.",
    ),
]
CacheDir = Annotated[
    str | None,
    option(
        MACHINE,
        "--cache-dir",
        metavar="FOLDER",
        says="Where embeddings and fits are kept. (default: the platform's cache)",
    ),
]
