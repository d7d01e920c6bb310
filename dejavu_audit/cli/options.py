"""The flags of an audit, spelled once. Their names are the fields of `dejavu_audit.config.AuditConfig`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

ENCODER, DATA, METHOD, BASELINE, MACHINE, OUTPUT = "Encoder", "Data", "Method", "Baseline", "Machine", "Output"


def _option(panel: str, flag: str, says: str, metavar: str | None = None) -> Any:
    return typer.Option(flag, help=says, metavar=metavar, rich_help_panel=panel, show_default=False)


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
    _option(
        ENCODER,
        "--pretrained",
        metavar="TAG|FILE",
        says="Published tag, weights file, hf-hub:… or 'random'; of a checkpoint with several networks, which: "
        "teacher, student, … (default: the model's own tag)",
    ),
]
Arch = Annotated[
    str | None,
    _option(ENCODER, "--arch", metavar="NAME", says="Architecture that the weights in a checkpoint file fill."),
]
Layer = Annotated[
    str,
    _option(
        ENCODER,
        "--layer",
        metavar="NAME",
        says="What to take from the encoder: embedding or pre-head; of a checkpoint, backbone, projector or "
        "bottleneck. "
        "(default: embedding)",
    ),
]
Normalize = Annotated[
    bool, typer.Option("--normalize/--no-normalize", help="L2-normalise the embeddings.", rich_help_panel=ENCODER)
]
ImageSize = Annotated[
    int | None, _option(ENCODER, "--image-size", says="Input size in pixels. (default: the model's own)")
]
Mean = Annotated[
    str | None, _option(ENCODER, "--mean", metavar="R,G,B", says="Pixel means, 0 to 1. (default: the model's own)")
]
Std = Annotated[
    str | None,
    _option(ENCODER, "--std", metavar="R,G,B", says="Pixel standard deviations. (default: the model's own)"),
]

Data = Annotated[
    str,
    _option(
        DATA,
        "--data",
        metavar="NAME|FILE.toml",
        says="imagenet, captions, coco, scenes, an installed data set, or a description of your own.",
    ),
]
Root = Annotated[
    str | None,
    _option(DATA, "--root", metavar="FOLDER|FILE", says="Where the files are. (env: DEJAVU_AUDIT_<NAME>_ROOT)"),
]
DataOption = Annotated[
    list[str] | None,
    _option(DATA, "--data-option", metavar="KEY=VALUE", says="A setting of the data set; may be repeated."),
]
Preset = Annotated[
    str, _option(DATA, "--preset", metavar="quick|standard|full", says="Sizes that no flag names. (default: standard)")
]
Targets = Annotated[
    int | None, _option(DATA, "--targets", metavar="N", says="Target pictures: in the encoder's training data.")
]
Public = Annotated[int | None, _option(DATA, "--public", metavar="N", says="Public pictures, all classes together.")]
Control = Annotated[
    int | None,
    _option(DATA, "--control", metavar="N", says="Held-out control pictures; 0 for an uncalibrated audit."),
]
Fit = Annotated[int | None, _option(DATA, "--fit", metavar="N", says="Pictures that the baseline is fitted on.")]
Folds = Annotated[
    int,
    _option(
        DATA, "--folds", metavar="1|2", says="2: cross-fitting, every boxed picture is once a target. (default: 1)"
    ),
]
Split = Annotated[
    str | None,
    _option(DATA, "--split", metavar="FILE", says="Lists of ids to use, as an earlier run's split.parquet."),
]
Members = Annotated[
    str | None,
    _option(
        DATA, "--members", metavar="FILE", says="Ids that were in the encoder's training data: targets are theirs."
    ),
]
ReferenceMembers = Annotated[
    str | None,
    _option(
        DATA,
        "--reference-members",
        metavar="FILE",
        says="Ids that the second encoder was trained on: the two-model test in both directions.",
    ),
]
Captions = Annotated[
    str,
    _option(
        DATA,
        "--captions",
        metavar="first|random|all",
        says="Which of several captions a picture; with all, each is a sample in a cluster. (default: first)",
    ),
]
Tagger = Annotated[
    str | None,
    _option(
        DATA,
        "--tagger",
        metavar="NAME:MODEL|FILE",
        says="What finds the objects: a tagger, or a file of tags. (default: the data's own objects)",
    ),
]
TaggerOption = Annotated[
    list[str] | None,
    _option(DATA, "--tagger-option", metavar="KEY=VALUE", says="A setting of the tagger; may be repeated."),
]
TagThreshold = Annotated[
    float,
    _option(
        DATA, "--tag-threshold", metavar="SCORE", says="Score above which a tag counts as an object. (default: 0.5)"
    ),
]
MaxSetAside = Annotated[
    float,
    _option(
        DATA,
        "--max-set-aside",
        metavar="SHARE",
        says="Fail when more than this share of a set is unusable. (default: 0.5)",
    ),
]

Test = Annotated[
    str | None,
    _option(
        METHOD,
        "--test",
        metavar="label|objects",
        says="What is inferred: the class from the background, or the objects from the caption. (default: objects for "
        "captioned data and a model that reads captions, else label)",
    ),
]
K = Annotated[int | None, _option(METHOD, "--k", says="Public neighbours. (default: label 100, objects 10)")]
Query = Annotated[
    str,
    _option(
        METHOD,
        "--query",
        metavar="t2i|t2t",
        says="Compare captions with public pictures or with public captions. (default: t2i)",
    ),
]
TopObjects = Annotated[
    str,
    _option(
        METHOD,
        "--top-objects",
        metavar="1|10|all",
        says="How many of the neighbours' most frequent objects are predicted. (default: all)",
    ),
]
Compat = Annotated[
    str | None,
    _option(METHOD, "--compat", metavar="published", says="Compute as the published code does, for comparison."),
]
Utility = Annotated[
    bool,
    typer.Option(
        "--utility",
        help="Measure what the encoder is good for, too: on whole held-out pictures.",
        rich_help_panel=METHOD,
    ),
]
Crop = Annotated[
    str,
    _option(
        METHOD, "--crop", metavar="largest|strips|corner", says="How the background is cut out. (default: largest)"
    ),
]
MinSide = Annotated[
    int,
    _option(
        METHOD,
        "--min-side",
        metavar="PIXELS",
        says="Use only background crops with a longer shorter side. (default: 100)",
    ),
]
Corner = Annotated[
    str, _option(METHOD, "--corner", metavar="top-left|…", says="Which corner, with --crop corner. (default: top-left)")
]
CornerFraction = Annotated[
    float, _option(METHOD, "--corner-fraction", metavar="SHARE", says="Its share of width and height. (default: 0.3)")
]
Level = Annotated[float, _option(METHOD, "--level", says="Confidence level of every interval. (default: 0.95)")]
Replicates = Annotated[int, _option(METHOD, "--replicates", metavar="N", says="Bootstrap replicates. (default: 2000)")]
Seed = Annotated[int, _option(METHOD, "--seed", says="Seed of everything random. (default: 0)")]

Baseline = Annotated[
    list[str] | None,
    _option(
        BASELINE,
        "--baseline",
        metavar="NAME",
        says="What stands in for a second model; several make an ensemble. (default: image-classifier for labels, "
        "caption-only for objects)",
    ),
]
Alpha = Annotated[
    float | None,
    _option(BASELINE, "--alpha", metavar="A", says="Smoothing of naive-bayes; short for --baseline-option alpha=A."),
]
Reference = Annotated[
    str | None,
    _option(
        BASELINE,
        "--reference",
        metavar="FAMILY:NAME[:PRETRAINED]|FILE",
        says="A second encoder that never saw the targets; a file: other weights for the audited architecture.",
    ),
]
AllowContaminated = Annotated[
    bool,
    typer.Option(
        "--allow-contaminated",
        help="Take a reference that is known to be trained on the targets; the report says so.",
        rich_help_panel=BASELINE,
    ),
]
BaselineModel = Annotated[
    str | None, _option(BASELINE, "--baseline-model", metavar="NAME", says="Its architecture or encoder.")
]
BaselineOption = Annotated[
    list[str] | None,
    _option(
        BASELINE,
        "--baseline-option",
        metavar="KEY=VALUE",
        says="A setting of the baseline; may be repeated. Of several baselines: NAME.KEY=VALUE.",
    ),
]

Device = Annotated[
    str, _option(MACHINE, "--device", metavar="auto|cpu|cuda|mps", says="Where the models run. (default: auto)")
]
Precision = Annotated[
    str, _option(MACHINE, "--precision", metavar="fp32|bf16|fp16", says="Arithmetic of the encoder. (default: fp32)")
]
BatchSize = Annotated[
    str, _option(MACHINE, "--batch-size", metavar="N|auto", says="Pictures a batch. (default: auto, found by trying)")
]
Workers = Annotated[
    int | None, _option(MACHINE, "--workers", metavar="N", says="Decoding processes. (default: one a core)")
]
JpegDraft = Annotated[
    bool,
    typer.Option(
        "--jpeg-draft",
        help="Decode large JPEGs at reduced size: faster, results change slightly.",
        rich_help_panel=MACHINE,
    ),
]
CacheDir = Annotated[
    str | None,
    _option(
        MACHINE,
        "--cache-dir",
        metavar="FOLDER",
        says="Where embeddings and fits are kept. (default: the platform's cache)",
    ),
]

Out = Annotated[
    str | None, _option(OUTPUT, "--out", metavar="FOLDER", says="Run folder. (default: runs/<model>-<data>-<hash>)")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Resolve everything, say what would be done, do nothing.", rich_help_panel=OUTPUT),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, no table: the verdict line alone.", rich_help_panel=OUTPUT)
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print audit.json on standard output instead of the table.", rich_help_panel=OUTPUT),
]
