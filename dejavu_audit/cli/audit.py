"""`dejavu-audit FAMILY MODEL --data …`: one command for every encoder family that is installed."""

from __future__ import annotations

from collections.abc import Callable

import typer

from dejavu_audit import plugins
from dejavu_audit.cli import options as o
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once


def command_for(family: str) -> Callable[..., None]:
    """The audit command of one encoder family."""

    @guarded
    def command(
        model: o.Model,
        data: o.Data,
        pretrained: o.Pretrained = None,
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
        max_set_aside: o.MaxSetAside = 0.5,
        test: o.Test = "label",
        k: o.K = 100,
        crop: o.Crop = "largest",
        min_side: o.MinSide = 100,
        corner: o.Corner = "top-left",
        corner_fraction: o.CornerFraction = 0.3,
        level: o.Level = 0.95,
        replicates: o.Replicates = 2_000,
        seed: o.Seed = 0,
        baseline: o.Baseline = "image-classifier",
        baseline_model: o.BaselineModel = None,
        baseline_option: o.BaselineOption = None,
        device: o.Device = "auto",
        precision: o.Precision = "fp32",
        batch_size: o.BatchSize = "auto",
        workers: o.Workers = None,
        jpeg_draft: o.JpegDraft = False,
        cache_dir: o.CacheDir = None,
        out: o.Out = None,
        dry_run: o.DryRun = False,
        quiet: o.Quiet = False,
        json: o.Json = False,
    ) -> None:
        with leave_at_once():
            from dejavu_audit.cli import screen
            from dejavu_audit.config import AuditConfig

        config = AuditConfig.resolve(
            family=family,
            model=model,
            pretrained=pretrained,
            layer=layer,
            normalize=normalize,
            image_size=image_size,
            mean=o.triple(mean, "--mean"),
            std=o.triple(std, "--std"),
            data=data,
            root=root,
            data_options=o.key_values(data_option, "--data-option"),
            test=test,
            preset=preset,
            targets=targets,
            public=public,
            control=control,
            fit=fit,
            folds=folds,
            split=split,
            max_set_aside=max_set_aside,
            k=k,
            crop=crop,
            min_side=min_side,
            corner=corner,
            corner_fraction=corner_fraction,
            baseline=baseline,
            baseline_model=baseline_model,
            baseline_options=o.key_values(baseline_option, "--baseline-option"),
            seed=seed,
            level=level,
            replicates=replicates,
            device=device,
            precision=precision,
            batch_size=o.batch(batch_size),
            workers=workers,
            jpeg_draft=jpeg_draft,
            out=out,
            cache_dir=cache_dir,
        )
        with screen.progress(quiet=quiet) as progress:
            with leave_at_once():  # the long part of a start: torch and the encoder's own library
                from dejavu_audit.audit import prepare, run_audit

                plugins.find(plugins.ENCODERS, config.family, kind="encoder family")
            if dry_run:
                plan = prepare(config, progress)
            else:
                result = run_audit(config, progress)
        if dry_run:
            screen.show_plan(plan, json=json)
        else:
            screen.show_result(result, quiet=quiet, json=json)

    command.__doc__ = f"Audit a model of the {family} family."
    return command


def add_to(app: typer.Typer, families: list[str]) -> None:
    """Add a command for every family."""
    for family in families:
        app.command(name=family, rich_help_panel="Audit a model")(command_for(family))
