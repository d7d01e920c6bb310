"""Flags that say what stands in for a second model."""

from __future__ import annotations

from typing import Annotated

from dejavu_audit.cli.completing import baseline_names
from dejavu_audit.cli.options.panels import BASELINE, option, switch

Baseline = Annotated[
    list[str] | None,
    option(
        BASELINE,
        "--baseline",
        metavar="NAME",
        says="What stands in for a second model; several make an ensemble. (default: image-classifier for labels, "
        "caption-only for objects)",
        complete=baseline_names,
    ),
]
Alpha = Annotated[
    float | None,
    option(BASELINE, "--alpha", metavar="A", says="Smoothing of naive-bayes; short for --baseline-option alpha=A."),
]
Reference = Annotated[
    str | None,
    option(
        BASELINE,
        "--reference",
        metavar="FAMILY:NAME[:PRETRAINED]|FILE",
        says="A second encoder that never saw the targets; a file: other weights for the audited architecture.",
    ),
]
AllowContaminated = Annotated[
    bool,
    switch(
        BASELINE,
        "--allow-contaminated/--refuse-contaminated",
        says="Take a reference that is known to be trained on the targets; the report says so.",
    ),
]
BaselineModel = Annotated[
    str | None, option(BASELINE, "--baseline-model", metavar="NAME", says="Its architecture or encoder.")
]
BaselineOption = Annotated[
    list[str] | None,
    option(
        BASELINE,
        "--baseline-option",
        metavar="KEY=VALUE",
        says="A setting of the baseline; may be repeated. Of several baselines: NAME.KEY=VALUE.",
    ),
]
