"""The section of a model card that an audit gives, and its figures as model hubs read them (`model-index`).

The metadata follow the card specification of the Hugging Face hub: model-index -> results -> task, dataset, metrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dejavu_audit.report.html.reproduce import command
from dejavu_audit.report.lines import summary_lines
from dejavu_audit.report.markdown import block, code, items, table, text
from dejavu_audit.report.summary import caveats_beside_balance, weights_name
from dejavu_audit.report.verdict import FILES, model_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dejavu_audit.report.record import AuditRecord
    from dejavu_audit.report.score_record import ScoreRecord

TITLE = "Memorization (déjà vu audit)"
TASK = "Déjà vu memorization"
"""How the task's name in the metadata begins: by it an earlier card's result is found again."""
_TASKS = {"label": "label inference from background crops", "objects": "object inference from captions"}
_HUB_IDS = {"imagenet": "imagenet-1k"}
"""Names of the hub for built-in data; others stand under their own name."""
_FILES_OF_CONFIG = ("pretrained", "model", "data", "reference", "split", "members", "reference_members", "tagger",
                    "baseline_model")  # fmt: skip
_ASKED = {
    "label": "the class of a picture, given only a crop of its background",
    "objects": "the objects of a picture, given only its caption",
}
_BETTER = {
    "label": "is right than the reference",
    "objects": "is more precise than the reference than less precise",
}
_SHOWN = {
    "label": {"targets": "accuracy_target_top1", "reference": "accuracy_reference_top1"},
    "objects": {"targets": "precision_target", "reference": "precision_reference"},
}


def section(record: AuditRecord) -> str:
    """The Markdown section, without a line break at its end; everything from data as text."""
    test = _test(record)
    parts = [f"## {TITLE}", f"**{text(record.verdict)}**", _figures(record), _means(record, test)]
    caveats = items(text(one) for one in (*_control(record), *caveats_beside_balance(record)))
    parts += [f"**What it does not mean.**\n\n{caveats}", _again(record)]
    return "\n\n".join(parts)


def metadata(record: AuditRecord) -> dict[str, Any]:
    """The card's metadata: `model-index` with one result. Empty where nothing was measured: a hub wants numbers."""
    metrics = list(_metrics(record))
    if not metrics:
        return {}
    result = {
        "task": {"type": "image-feature-extraction", "name": task_name(record)},
        "dataset": {
            "name": record.data.name,
            "type": _HUB_IDS.get(record.data.name, re.sub(r"[^\w.-]+", "-", record.data.name)),
            "args": {name: count for name, count in record.data.counts.items() if count},
        },
        "metrics": metrics,
    }
    return {"model-index": [{"name": _bare(record), "results": [result]}]}


def task_name(record: AuditRecord) -> str:
    """What was asked of the model."""
    return f"{TASK}: {_TASKS[_test(record)]}"


def _test(record: AuditRecord) -> str:
    return "label" if record.headline.metric.startswith("deja_vu") else "objects"


def _bare(record: AuditRecord) -> str:
    """The model's name without family and folders."""
    return model_name(record.model.family, record.model.name).removeprefix(record.model.family).strip()


def _metrics(record: AuditRecord) -> Iterator[dict[str, Any]]:
    number = record.headline
    if number.estimate is not None:
        kind = "calibrated" if number.calibrated else "uncalibrated"
        name = {"label": "Déjà vu score, top-1", "objects": "Population precision gap"}[_test(record)]
        yield {
            "type": number.metric,
            "name": f"{name}, {kind}",
            "value": round(number.estimate, 6),
            "args": {
                "low": _rounded(number.low),
                "high": _rounded(number.high),
                "level": number.level,
                "calibrated": number.calibrated,
                "p_value": number.p_value,
                "method_version": record.method_version,
                "k": record.config.get("k"),
                "crop": record.config.get("crop"),
                "reference": _references(record),
                "weights": record.model.weights,
            },
            "verified": False,
        }
    listed = record.memorized
    if listed is not None and listed.count is not None:
        yield {
            "type": "memorized_samples",
            "name": f"Targets listed as memorized, false-discovery rate {100 * listed.q:g} %",
            "value": listed.count,
            "args": {"q": listed.q, "targets": listed.targets, "control": listed.control, "score": listed.score},
            "verified": False,
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _references(record: AuditRecord) -> str:
    return ", ".join(one.name for one in record.references) or str(record.reference.get("name", ""))


def _figures(record: AuditRecord) -> str:
    """The headline, the four parts and the list; the rest is in the run."""
    lines = list(summary_lines(record))
    sections = [at for at, line in enumerate(lines) if line.section]
    ends = [*sections, len(lines), len(lines)]
    chosen = [line for line in lines if line.strong] + lines[ends[0] : ends[1]]
    chosen += [line for line in lines if line.name.startswith("listed as memorized")]
    rows = []
    for line in chosen:
        strong = "**" if line.strong else ""
        rows.append([f"{strong}{text(line.name)}{strong}", f"{strong}{text(line.value)}{strong}", text(line.interval)])
    head = ["percent of pictures", "estimate", f"{100 * record.headline.level:g} % interval"]
    return table(head, rows, right=(1, 2))


def _means(record: AuditRecord, test: str) -> str:
    """What was done, and how the number is to be read."""
    counts = {name: f"{count:,}" for name, count in record.data.counts.items()}
    gap = f"The number is how much more often the encoder {_BETTER[test]}"
    honestly = f"({text(_references(record))}) says what can be inferred honestly"
    said = (
        f"**What it means.** The encoder {text(_model(record))} was asked for {_ASKED[test]}, by the public pictures "
        f"that lie nearest in its embedding space: for {counts.get('target', '0')} targets of "
        f"{text(record.data.name)}, which are taken to be in its training data"
    )
    if record.headline.metric.endswith("_symmetric"):
        return (
            f"{said}, and for {counts.get('control', '0')} pictures that a second encoder was trained on and it was "
            "not; the second was asked the same. The number is how much better each does on its own training pictures "
            "than the other, the mean of both directions: 0 where neither memorized anything."
        )
    if record.headline.calibrated:
        said += (
            f", and for {counts.get('control', '0')} held-out control pictures, which are not. A reference that never "
            f"saw the targets {honestly}. {gap} on the targets, less the same on the control: 0 where it memorized "
            "nothing, however good it is."
        )
    else:
        said += (
            f". A reference that never saw them {honestly}. {gap}; without a held-out control, skill cannot be told "
            "from memory."
        )
    return said + _right(record, test)


def _right(record: AuditRecord, test: str) -> str:
    """How often model and reference are right on the targets, and the model on the control."""
    keys = _SHOWN[test]
    scores = [record.scores.get(key) for key in (keys["targets"], f"{keys['targets']}_control", keys["reference"])]
    on_targets, on_control, reference = (_share(score) for score in scores)
    if on_targets is None or reference is None:
        return ""
    of = "of" if test == "label" else "on"
    held_out = f" and {on_control} {of} the control" if record.headline.calibrated and on_control else ""
    if test == "label":
        return f" It names {on_targets} of the targets{held_out}; the reference names {reference} of the targets."
    return f" Its precision is {on_targets} on the targets{held_out}; the reference's is {reference} on the targets."


def _share(score: ScoreRecord | None) -> str | None:
    return None if score is None or score.estimate is None else f"{100 * score.estimate:.1f} %"


def _control(record: AuditRecord) -> Iterator[str]:
    """Whether the control is fit to calibrate the number."""
    balance = record.balance
    if balance is None or not record.headline.calibrated:
        return
    if balance.failed:
        yield "The control was found not to be drawn like the targets: a part of the number may be that difference."
    elif balance.failed is None:
        yield "Whether the control is drawn like the targets could not be told."
    else:
        count = len(balance.features)
        yield f"The control was tested to be drawn like the targets ({count} features): no sign against it was found."


def _again(record: AuditRecord) -> str:
    """How to have the same number."""
    version = record.environment.versions.get("dejavu-audit", "")
    install = f"pip install dejavu-audit=={version}" if version else "pip install dejavu-audit"
    lines = block([install, command(_public(record))], "console")
    told = [f"Method version {text(record.method_version)}", f"weights {code(record.model.weights)}"]
    told.append(f"seed {record.environment.seed}")
    if record.checksum:
        told.append(f"audit.json {code(record.checksum)}")
    return f"**How to reproduce.**\n\n{lines}\n\n{'; '.join(told)}."


def _public(record: AuditRecord) -> Mapping[str, Any]:
    """The configuration without the auditor's folders: names of files stay, and where the data lay does not."""
    config = dict(record.config)
    for name in _FILES_OF_CONFIG:
        value = config.get(name)
        if isinstance(value, str) and value.endswith((*FILES, ".toml", ".parquet", ".csv", ".txt", ".jsonl")):
            config[name] = value.replace("\\", "/").rsplit("/", 1)[-1]
    if config.get("root"):
        config["root"] = f"/path/to/{re.sub(r'[^A-Za-z0-9_.-]+', '-', record.data.name)}"
    return config


def _model(record: AuditRecord) -> str:
    return f"{model_name(record.model.family, record.model.name)} ({weights_name(record.model.pretrained)})"
