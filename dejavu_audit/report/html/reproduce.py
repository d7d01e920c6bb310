"""How to have the same number again: the command, the configuration, what it ran with and how long it took."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from dejavu_audit.config import AuditConfig
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.html.withheld import WITHHELD, hidden

_LEFT_OUT = frozenset({"family", "model", "out", "cache_dir", "workers", "images"})
"""Settings that the command names otherwise, or that change no number."""
_REPEATED = {
    "data_options": "--data-option",
    "tagger_options": "--tagger-option",
    "baseline_options": "--baseline-option",
}
_STAGES = {
    "prepare": "preparing",
    "inspect": "looking at every picture",
    "embed": "embedding",
    "balance": "control check",
    "neighbours": "neighbours",
    "fit": "fitting the reference",
    "reference": "the reference’s answers",
    "scores": "scores and intervals",
    "list": "list of memorized samples",
    "utility": "use of the encoder",
}


def reproduce(material: Material) -> dict[str, Any]:
    """The command and all that the number hangs on."""
    record = material.record
    timings, model = record.timings, record.model
    config = record.config if material.images else hidden(record.config)
    root = record.data.root if material.images or not record.data.root else WITHHELD
    stages = [(said, float(timings[key])) for key, said in _STAGES.items() if _is_number(timings.get(key))]
    total = timings.get("total")
    return {
        "command": command(config),
        "settings": list(settings(config)),
        "model": [
            ("family", model.family),
            ("name", model.name),
            ("weights loaded", model.pretrained),
            ("layer", model.layer),
            ("embedding", f"{model.embedding_dim:,} numbers a picture"),
            ("transform", model.transform),
            ("hash of the weights", model.weights),
            ("fingerprint", model.fingerprint),
        ],
        "model_notes": list(model.notes),
        "data": [("name", record.data.name), ("root", root), ("classes", f"{record.data.classes:,}")],
        "versions": list(record.environment.versions.items()),
        "device": record.environment.device,
        "seed": record.environment.seed,
        "method": record.method_version,
        "schema": record.schema_version,
        "started": str(timings.get("started", "")).replace("T", " "),
        "stages": [(said, f"{seconds:,.1f}") for said, seconds in stages if seconds >= 0.05],
        "total": f"{total:,.1f}" if isinstance(total, (int, float)) else None,
        "checksum": record.checksum,
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def settings(config: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Every setting: its name, its value as text, whether it is another than the default."""
    for name, value in config.items():
        field = AuditConfig.model_fields.get(name)
        default = None if field is None else field.get_default(call_default_factory=True)
        yield name, _text(value), field is None or field.is_required() or not _same(value, default)


def _text(value: Any) -> str:
    if value in (None, [], {}, ()):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}={_text(one)}" for key, one in value.items())
    return str(value)


def _same(value: Any, default: Any) -> bool:
    return (list(value) == list(default)) if isinstance(default, tuple) and value is not None else value == default


def command(config: Mapping[str, Any]) -> str:
    """The command line of the audit: every setting that differs from its default, quoted for a shell."""
    words = ["dejavu-audit", str(config.get("family", "")), str(config.get("model", ""))]
    for name, value in config.items():
        field = AuditConfig.model_fields.get(name)
        if field is None or name in _LEFT_OUT or value is None:
            continue
        if not field.is_required() and _same(value, field.get_default(call_default_factory=True)):
            continue
        words += _flag(name, value)
    return shlex.join(words)


def _flag(name: str, value: Any) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if name in _REPEATED:
        return [word for key, one in value.items() for word in (_REPEATED[name], f"{key}={one}")]
    if name == "baseline":
        return [word for one in value for word in (flag, str(one))]
    if isinstance(value, bool):
        return [flag if value else f"--no-{name.replace('_', '-')}"]
    if isinstance(value, (list, tuple)):
        return [flag, ",".join(map(str, value))]
    return [flag, str(value)]
