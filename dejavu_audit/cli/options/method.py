"""Flags that say what is measured, and how."""

from __future__ import annotations

from typing import Annotated

from dejavu_audit.cli.options.panels import METHOD, option, switch

Test = Annotated[
    str | None,
    option(
        METHOD,
        "--test",
        metavar="label|objects",
        says="What is inferred: the class from the background, or the objects from the caption. (default: objects for "
        "captioned data and a model that reads captions, else label)",
    ),
]
K = Annotated[int | None, option(METHOD, "--k", says="Public neighbours. (default: label 100, objects 10)")]
Query = Annotated[
    str,
    option(
        METHOD,
        "--query",
        metavar="t2i|t2t",
        says="Compare captions with public pictures or with public captions. (default: t2i)",
    ),
]
TopObjects = Annotated[
    str,
    option(
        METHOD,
        "--top-objects",
        metavar="1|10|all",
        says="How many of the neighbours' most frequent objects are predicted. (default: all)",
    ),
]
Compat = Annotated[
    str | None,
    option(METHOD, "--compat", metavar="published", says="Compute as the published code does, for comparison."),
]
Utility = Annotated[
    bool,
    switch(
        METHOD, "--utility/--no-utility", says="Measure what the encoder is good for, too: on whole held-out pictures."
    ),
]
Crop = Annotated[
    str,
    option(METHOD, "--crop", metavar="largest|strips|corner", says="How the background is cut out. (default: largest)"),
]
MinSide = Annotated[
    int,
    option(
        METHOD,
        "--min-side",
        metavar="PIXELS",
        says="Use only background crops with a longer shorter side. (default: 100)",
    ),
]
Corner = Annotated[
    str, option(METHOD, "--corner", metavar="top-left|…", says="Which corner, with --crop corner. (default: top-left)")
]
CornerFraction = Annotated[
    float, option(METHOD, "--corner-fraction", metavar="SHARE", says="Its share of width and height. (default: 0.3)")
]
Match = Annotated[
    bool,
    switch(METHOD, "--match/--no-match", says="Weigh the control so that it has the targets' labels and crop sizes."),
]
Fdr = Annotated[
    float,
    option(
        METHOD,
        "--fdr",
        metavar="SHARE",
        says="False discoveries that the list of memorized samples may hold, on average. (default: 0.1)",
    ),
]
SampleScore = Annotated[
    str,
    option(
        METHOD,
        "--sample-score",
        metavar="standing|ratio|votes|margin|…",
        says="What samples are ranked by for that list. (default: auto, the most powerful in the bench)",
    ),
]
Interval = Annotated[
    str,
    option(
        METHOD,
        "--interval",
        metavar="auto|percentile|bca|studentised",
        says="How intervals are made. (default: auto, what covers best in the bench)",
    ),
]
Level = Annotated[float, option(METHOD, "--level", says="Confidence level of every interval. (default: 0.95)")]
Replicates = Annotated[int, option(METHOD, "--replicates", metavar="N", says="Bootstrap replicates. (default: 2000)")]
Seed = Annotated[int, option(METHOD, "--seed", says="Seed of everything random. (default: 0)")]
