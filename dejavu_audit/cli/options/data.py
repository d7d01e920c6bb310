"""Flags that say on what data."""

from __future__ import annotations

from typing import Annotated

from dejavu_audit.cli.completing import data_names, tagger_names
from dejavu_audit.cli.options.panels import DATA, option, switch

Data = Annotated[
    str,
    option(
        DATA,
        "--data",
        metavar="NAME|FILE.toml",
        says="imagenet, captions, coco, scenes, an installed data set, or a description of your own.",
        complete=data_names,
    ),
]
Root = Annotated[
    str | None,
    option(DATA, "--root", metavar="FOLDER|FILE", says="Where the files are. (env: DEJAVU_AUDIT_<NAME>_ROOT)"),
]
DataOption = Annotated[
    list[str] | None,
    option(DATA, "--data-option", metavar="KEY=VALUE", says="A setting of the data set; may be repeated."),
]
Preset = Annotated[
    str, option(DATA, "--preset", metavar="quick|standard|full", says="Sizes that no flag names. (default: standard)")
]
Targets = Annotated[
    int | None, option(DATA, "--targets", metavar="N", says="Target pictures: in the encoder's training data.")
]
Public = Annotated[int | None, option(DATA, "--public", metavar="N", says="Public pictures, all classes together.")]
Control = Annotated[
    int | None,
    option(DATA, "--control", metavar="N", says="Held-out control pictures; 0 for an uncalibrated audit."),
]
Fit = Annotated[int | None, option(DATA, "--fit", metavar="N", says="Pictures that the baseline is fitted on.")]
Folds = Annotated[
    int,
    option(DATA, "--folds", metavar="1|2", says="2: cross-fitting, every boxed picture is once a target. (default: 1)"),
]
Split = Annotated[
    str | None,
    option(DATA, "--split", metavar="FILE", says="Lists of ids to use, as an earlier run's split.parquet."),
]
Members = Annotated[
    str | None,
    option(DATA, "--members", metavar="FILE", says="Ids that were in the encoder's training data: targets are theirs."),
]
ReferenceMembers = Annotated[
    str | None,
    option(
        DATA,
        "--reference-members",
        metavar="FILE",
        says="Ids that the second encoder was trained on: the two-model test in both directions.",
    ),
]
Captions = Annotated[
    str,
    option(
        DATA,
        "--captions",
        metavar="first|random|all",
        says="Which of several captions a picture; with all, each is a sample in a cluster. (default: first)",
    ),
]
Tagger = Annotated[
    str | None,
    option(
        DATA,
        "--tagger",
        metavar="NAME:MODEL|FILE",
        says="What finds the objects: a tagger, or a file of tags. (default: the data's own objects)",
        complete=tagger_names,
    ),
]
TaggerOption = Annotated[
    list[str] | None,
    option(DATA, "--tagger-option", metavar="KEY=VALUE", says="A setting of the tagger; may be repeated."),
]
TagThreshold = Annotated[
    float,
    option(
        DATA, "--tag-threshold", metavar="SCORE", says="Score above which a tag counts as an object. (default: 0.5)"
    ),
]
MaxSetAside = Annotated[
    float,
    option(
        DATA,
        "--max-set-aside",
        metavar="SHARE",
        says="Fail when more than this share of a set is unusable. (default: 0.5)",
    ),
]
KeepDuplicates = Annotated[
    bool,
    switch(
        DATA,
        "--keep-duplicates/--drop-duplicates",
        says="Report near-duplicates across the sets, but leave them in: to look at their effect.",
    ),
]
