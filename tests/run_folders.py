"""Small run folders as an audit leaves them, for whatever reads finished runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dejavu_audit.config import AuditConfig
from dejavu_audit.data.scenes import class_names
from dejavu_audit.report.record import AuditRecord
from dejavu_audit.scores.label_test import PARTS, part

CLASSES = class_names(10)
OBJECTS = ("dog", "cat", "tree", "ball", "car", "house")
K = 10


def write_run(
    folder: Path,
    test: str = "label",
    n: int = 60,
    seed: int = 0,
    *,
    control: int = 30,
    references: tuple[str, ...] = ("image-classifier",),
    answers: int = 0,
    groups: bool = False,
    **changes: Any,
) -> Path:
    """Write audit.json, samples.parquet and config.json of a made-up run; the folder.

    Args:
        folder: is made.
        test: "label" or "objects".
        n: targets; `control` pictures come beside them.
        seed: of the references' answers.
        control: control pictures.
        references: their names; with several there is the column `references`.
        answers: seed of the audited encoder's answers: runs that share it audit the same encoder.
        groups: whether pairs of samples are of one group.
        changes: columns of samples.parquet in the place of the made-up ones.

    The samples are those of the data set `scenes` with 10 classes, so that a contact sheet finds their pictures.

    """
    folder.mkdir(parents=True)
    sets = ["target"] * n + ["control"] * control
    ids = [f"{name}-{i:06d}" for name, size in (("target", n), ("control", control)) for i in range(size)]
    shared = {
        "id": pa.array(ids),
        "set": pa.array(sets).dictionary_encode(),
        "path": pa.array(ids),
        "group": pa.array([f"pair {i // 2}" if groups else None for i in range(n + control)], pa.string()),
    }
    make = _label_columns if test == "label" else _object_columns
    table = pa.table({**shared, **make(ids, np.random.default_rng(answers), np.random.default_rng(seed), references)})
    for name, values in changes.items():
        place = table.schema.get_field_index(name)
        kind = table.schema.field(name).type
        values = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else _as(values, kind)
        table = table.set_column(place, name, values)
    pq.write_table(table, folder / "samples.parquet")
    config = AuditConfig.resolve(
        family="timm", model="test_resnet", pretrained="random", data="scenes", test=test, baseline=references, k=K,
        data_options={"classes": "10", "targets": str(n), "control": str(control), "public": "200", "fit": "20"},
    )  # fmt: skip
    record = _record(config, references, answers, {"target": n, "control": control, "public": 200, "fit": 20})
    (folder / "audit.json").write_text(record.model_dump_json(indent=2), "utf-8")
    (folder / "config.json").write_text(json.dumps({"hash": config.hash(), "config": config.model_dump(mode="json")}))
    return folder


def _as(values: Any, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.array(list(values), pa.string()).dictionary_encode()
    return pa.array(list(values), kind)


def _label_columns(ids, model, reference, references) -> dict[str, pa.Array]:
    n, c = len(ids), len(CLASSES)
    names = pa.array(CLASSES)
    label = np.arange(n) % c
    # The encoder is right on about half of its targets, the reference on about a quarter.
    cast = np.stack([model.multinomial(K, model.dirichlet(np.full(c, 0.15))) for _ in range(n)])
    own = model.random(n) < 0.45
    cast[own] = 0
    cast[own, label[own]] = K - 2
    cast[own, (label[own] + 1) % c] = 2
    probability = reference.dirichlet(np.full(c, 0.4), n)
    swap = reference.random(n) < 0.2
    best = probability.argmax(axis=1)
    rows = np.flatnonzero(swap)
    probability[rows, best[rows]], probability[rows, label[rows]] = (
        probability[rows, label[rows]].copy(), probability[rows, best[rows]].copy(),
    )  # fmt: skip
    top1, told = cast.argmax(axis=1), probability.argmax(axis=1)
    sure = _minus_entropy(cast / K)
    reference_sure = _minus_entropy(probability)
    parts = part(top1 == label, told == label)
    order = [np.argsort(-row, kind="stable")[: (row > 0).sum()] for row in cast]
    entries = pa.StructArray.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(np.concatenate(order), pa.int32()), names),
            pa.array(np.concatenate([row[at] for row, at in zip(cast, order, strict=True)]), pa.int32()),
        ],
        names=["class", "count"],
    )
    columns = {
        "fold": pa.array(np.zeros(n), pa.int8()),
        "label": _named(label),
        "crop": pa.array([{"x": 0, "y": 44, "w": 96, "h": 52}] * n, pa.struct([(of, pa.int32()) for of in "xywh"])),
        "target_top1": _named(top1),
        "target_top5": pa.array([[CLASSES[at] for at in row[:5]] for row in order]),
        "target_confidence": pa.array(sure),
        "target_tied": pa.array(np.sort(cast, axis=1)[:, -1] == np.sort(cast, axis=1)[:, -2]),
        "votes": pa.ListArray.from_arrays(pa.array(np.cumsum([0, *map(len, order)]), pa.int32()), entries),
        "neighbors": _neighbors(n, model),
        "reference_top1": _named(told),
        "reference_top5": pa.array([[CLASSES[at] for at in np.argsort(-row)[:5]] for row in probability]),
        "reference_confidence": pa.array(reference_sure),
        "reference_probability": pa.array(probability[np.arange(n), label]),
        "part": pa.DictionaryArray.from_arrays(pa.array(parts, pa.int32()), pa.array(PARTS)),
        "memorization_confidence": pa.array(sure - reference_sure, mask=parts != PARTS.index("memorized")),
    }
    if len(references) > 1:
        said = [
            [
                {"name": name, "right": bool(told[i] == label[i]) if not j else bool(reference.random() < 0.3),
                 "top1": CLASSES[told[i]], "probability": float(reference.random())}
                for j, name in enumerate(references)
            ]
            for i in range(n)
        ]  # fmt: skip
        columns["references"] = pa.array(said)
    return columns


def _object_columns(ids, model, reference, references) -> dict[str, pa.Array]:
    n = len(ids)
    truth = [list(model.choice(OBJECTS, model.integers(1, 4), replace=False)) for _ in range(n)]
    found = [list(model.choice(OBJECTS, model.integers(1, 5), replace=False)) for _ in range(n)]
    told = [
        [list(reference.choice(OBJECTS, reference.integers(1, 5), replace=False)) for _ in range(n)] for _ in references
    ]

    def judged(said: list[list[str]]) -> dict[str, list[float]]:
        correct = [len(set(a) & set(b)) for a, b in zip(said, truth, strict=True)]
        precision = [c / len(a) for c, a in zip(correct, said, strict=True)]
        recall = [c / len(b) for c, b in zip(correct, truth, strict=True)]
        f1 = [2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(precision, recall, strict=True)]
        return {"precision": precision, "recall": recall, "f1": f1, "correct": correct}

    mine, theirs = judged(found), [judged(said) for said in told]
    gap = np.sign(np.subtract(mine["precision"], theirs[0]["precision"]))
    parts = [
        "memorized" if g > 0 else "misrepresented" if g < 0 else "correlated" if p > 0 else "unassociated"
        for g, p in zip(gap, mine["precision"], strict=True)
    ]
    columns = {
        "caption": pa.array([f"a {objects[0]} and {len(objects) - 1} other things" for objects in truth]),
        "objects": pa.array(truth),
        "target_objects": pa.array(found),
        "reference_objects": pa.array(told[0]),
        **{f"target_{name}": pa.array(values) for name, values in mine.items()},
        **{f"reference_{name}": pa.array(values) for name, values in theirs[0].items()},
        "part": pa.array(parts).dictionary_encode(),
        "min_distance": pa.array(model.random(n), pa.float32()),
        "neighbors": _neighbors(n, model),
    }
    for who in ("target", "reference"):
        columns[f"{who}_correct"] = columns[f"{who}_correct"].cast(pa.int32())
    if len(references) > 1:
        said = [
            [
                {"name": name, **{key: one[key][i] for key in ("precision", "recall", "f1")}}
                for name, one in zip(references, theirs, strict=True)
            ]
            for i in range(n)
        ]
        columns["references"] = pa.array(said)
    return columns


def _neighbors(n: int, rng: np.random.Generator) -> pa.Array:
    ids = pa.array([f"public-{i:06d}" for i in range(200)])
    near = np.stack([rng.choice(200, K, replace=False) for _ in range(n)])
    entries = pa.StructArray.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(near.ravel(), pa.int32()), ids),
            pa.array(np.sort(rng.random((n, K))).ravel(), pa.float32()),
        ],
        names=["id", "distance"],
    )
    return pa.ListArray.from_arrays(pa.array(np.arange(0, n * K + 1, K), pa.int32()), entries)


def _named(classes: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(classes, pa.int32()), pa.array(CLASSES))


def _minus_entropy(shares: np.ndarray) -> np.ndarray:
    return (shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1) + 0.0


def _record(config: AuditConfig, references: tuple[str, ...], answers: int, counts: dict[str, int]) -> AuditRecord:
    metric = "deja_vu_top1" if config.test == "label" else "ppg"
    score = {"estimate": 0.125, "low": 0.1, "high": 0.15, "n": counts["target"], "method": "bootstrap"}
    told: dict[str, Any] = {
        "method_version": "1",
        "verdict": "Memorization: timm test_resnet ...",
        "caveats": [],
        "config": config.model_dump(mode="json"),
        "model": {
            "family": "timm", "name": "test_resnet", "pretrained": "random", "layer": "embedding", "weights": "w",
            "fingerprint": f"answers-{answers}", "transform": "t", "embedding_dim": 3, "notes": [],
        },
        "data": {
            "name": "scenes", "root": "", "classes": 10, "left_out": {}, "counts": counts, "set_aside": {},
            "duplicates": None, "notes": [],
        },
        "reference": {"name": references[0] if len(references) == 1 else "ensemble", "members": list(references)},
        "references": [],
        "headline": {
            "metric": metric, "estimate": 0.125, "low": 0.1, "high": 0.15, "level": 0.95, "calibrated": True,
            "p_value": 0.1, "p_value_test": "permutation",
        },
        "scores": {metric: score},
        "tests": {},
        "membership": {"assumption": "a", "evidence": "e"},
        "environment": {"versions": {}, "device": "cpu", "seed": 0},
        "timings": {},
    }  # fmt: skip
    return AuditRecord.model_validate(told)
