"""From the flags of an audit, as `cli.options` spells them, to its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dejavu_audit.settings import values

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig

OTHERS = ("ctx", "config_file", "dry_run", "quiet", "verbose", "bars", "json")
"""Parameters that say where a configuration comes from and what becomes of it, and are not in it."""


def configuration(family: str, given: Mapping[str, Any]) -> AuditConfig:
    """The configuration that the audit command would run with these `parameters`; AuditError where one is wrong.

    A flag stands for the field of its name, but for those that are typed otherwise than the library takes them.
    """
    from dejavu_audit.config import AuditConfig

    typed = dict(given)
    baselines = values.baselines(typed.pop("baseline"))
    alpha = typed.pop("alpha")
    smoothing = values.alpha(alpha, baselines) if alpha is not None else {}
    asked = {
        "mean": values.triple(typed.pop("mean"), "--mean"),
        "std": values.triple(typed.pop("std"), "--std"),
        "data_options": values.key_values(typed.pop("data_option"), "--data-option"),
        "tagger_options": values.key_values(typed.pop("tagger_option"), "--tagger-option"),
        "baseline": baselines,
        "baseline_options": {**values.key_values(typed.pop("baseline_option"), "--baseline-option"), **smoothing},
        "batch_size": values.batch(typed.pop("batch_size")),
    }
    return AuditConfig.resolve(family=family, **asked, **typed)


def told(config: AuditConfig) -> list[str]:
    """What --verbose says of a configuration before anything is loaded: what is no default, and where files go."""
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.embeddings.store import cache_root
    from dejavu_audit.report.folder import default_folder

    fields = AuditConfig.model_fields
    asked = {
        name: value
        for name, value in config.model_dump(mode="json").items()
        if fields[name].is_required() or value != fields[name].get_default(call_default_factory=True)
    }
    listed = ", ".join(f"{name} = {value}" for name, value in asked.items() if value not in ([], {}))
    return [
        f"Asked for: {listed}",
        f"Run folder: {config.out or default_folder(config)}; cache: {cache_root(config.cache_dir)}",
    ]
