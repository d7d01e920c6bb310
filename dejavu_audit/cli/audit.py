"""`dejavu-audit FAMILY MODEL --data …`: one command for every encoder family that is installed."""

from __future__ import annotations

from collections.abc import Callable

import typer

from dejavu_audit import plugins
from dejavu_audit.cli import options as o
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.flags import OTHERS, configuration, told
from dejavu_audit.cli.interrupts import leave_at_once
from dejavu_audit.cli.settled import SettledCommand, where_set

SHORT = {
    "checkpoint": "Audit a self-supervised checkpoint as its authors publish it.",
    "hf": "Audit a model of transformers: DINOv2, SigLIP, CLIP, ViT.",
    "openclip": "Audit an image-caption model of open_clip.",
    "python": "Audit an encoder that your own code makes.",
    "timm": "Audit an image encoder of timm.",
    "torchscript": "Audit a TorchScript file, which is code.",
}
"""The families of this package, each in a line of the help of all."""
ABOUT = {
    "checkpoint": "Audit a self-supervised checkpoint as its authors publish it: checkpoint FILE --arch NAME.",
    "hf": "Audit a model of the transformers library: DINOv2, SigLIP, CLIP, ViT; a hub name or a local folder.",
    "openclip": "Audit an image-caption model of open_clip.",
    "python": "Audit an encoder that your own code makes: python MODULE:FUNCTION.",
    "timm": "Audit an image encoder of timm.",
    "torchscript": "Audit a TorchScript file, which is code: torchscript FILE.",
}
"""What the families of this package are; others are named as they are installed."""
PANEL = "Audit a model"
EPILOG = "What is not typed is taken from DEJAVU_AUDIT_<FLAG>, as DEJAVU_AUDIT_MIN_SIDE, then from dejavu.toml."


def command_for(family: str) -> Callable[..., None]:
    """The audit command of one encoder family."""

    @guarded
    def command(
        ctx: typer.Context,
        model: o.Model,
        data: o.Data,
        pretrained: o.Pretrained = None,
        arch: o.Arch = None,
        layer: o.Layer = "embedding",
        normalize: o.Normalize = True,
        image_size: o.ImageSize = None,
        mean: o.Mean = None,
        std: o.Std = None,
        root: o.Root = None,
        data_option: o.DataOption = None,
        preset: o.Preset = "standard",
        targets: o.Targets = None,
        public: o.Public = None,
        control: o.Control = None,
        fit: o.Fit = None,
        folds: o.Folds = 1,
        split: o.Split = None,
        members: o.Members = None,
        reference_members: o.ReferenceMembers = None,
        captions: o.Captions = "first",
        tagger: o.Tagger = None,
        tagger_option: o.TaggerOption = None,
        tag_threshold: o.TagThreshold = 0.5,
        max_set_aside: o.MaxSetAside = 0.5,
        keep_duplicates: o.KeepDuplicates = False,
        test: o.Test = None,
        k: o.K = None,
        query: o.Query = "t2i",
        top_objects: o.TopObjects = "all",
        crop: o.Crop = "largest",
        min_side: o.MinSide = 100,
        corner: o.Corner = "top-left",
        corner_fraction: o.CornerFraction = 0.3,
        match: o.Match = False,
        fdr: o.Fdr = 0.1,
        sample_score: o.SampleScore = "auto",
        level: o.Level = 0.95,
        interval: o.Interval = "auto",
        replicates: o.Replicates = 2_000,
        seed: o.Seed = 0,
        compat: o.Compat = None,
        utility: o.Utility = False,
        baseline: o.Baseline = None,
        baseline_model: o.BaselineModel = None,
        baseline_option: o.BaselineOption = None,
        alpha: o.Alpha = None,
        reference: o.Reference = None,
        allow_contaminated: o.AllowContaminated = False,
        device: o.Device = "auto",
        precision: o.Precision = "fp32",
        batch_size: o.BatchSize = "auto",
        workers: o.Workers = None,
        jpeg_draft: o.JpegDraft = False,
        cache_dir: o.CacheDir = None,
        out: o.Out = None,
        images: o.Images = True,
        config_file: o.ConfigFile = None,
        dry_run: o.DryRun = False,
        quiet: o.Quiet = False,
        verbose: o.Verbose = False,
        bars: o.Bars = True,
        json: o.Json = False,
    ) -> None:
        # The flags as they were typed; `family` is of the function around this one.
        given = {name: value for name, value in locals().items() if name not in (*OTHERS, "family")}
        with leave_at_once():
            from dejavu_audit.cli import screen

        shown = screen.progress(quiet=quiet, verbose=verbose, bars=bars)
        with where_set(ctx.obj), shown as progress:
            config = configuration(family, given)
            for line in ctx.obj.said():
                progress.say(line)
            for line in told(config) if verbose else []:
                progress.detail(line)
            with leave_at_once():  # the long part of a start: torch and the encoder's own library
                from dejavu_audit.audit import prepare, run_audit, test_of

                plugins.find(plugins.ENCODERS, config.family, kind="encoder family")
            if dry_run:
                plan = prepare(config, progress)
                jobs = test_of(plan).jobs(plan)
            else:
                result = run_audit(config, progress)
                progress.finished(result.record)
        if dry_run:
            screen.show_plan(plan, jobs, json=json)
        else:
            screen.show_result(result, quiet=quiet, json=json)

    command.__doc__ = ABOUT.get(family, f"Audit a model of the {family} family.")
    return command


def add_to(app: typer.Typer, families: list[str]) -> None:
    """Add a command for every family."""
    for family in families:
        app.command(
            name=family, short_help=SHORT.get(family), rich_help_panel=PANEL, cls=SettledCommand, epilog=EPILOG
        )(command_for(family))
