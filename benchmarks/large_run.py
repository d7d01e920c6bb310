"""A finished run of the label test of any size: real columns, scores and list; the answers are drawn, not computed.

Its data are 1,200 photographs' crops as JPEG of ImageNet's size that every sample shares under an id of its own.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import pictures
from dejavu_audit.config import AuditConfig
from dejavu_audit.inference.reference import Expected
from dejavu_audit.neighbors import Neighbors
from dejavu_audit.report.columns import with_design
from dejavu_audit.report.judged import judged_sets
from dejavu_audit.report.label_samples import label_columns
from dejavu_audit.report.memorized_record import membership_figures_record, memorized_record
from dejavu_audit.report.reading import Run
from dejavu_audit.report.record import AuditRecord
from dejavu_audit.scores.confidence import entropy
from dejavu_audit.scores.headline import Headline
from dejavu_audit.scores.label_test import MEANINGS, headline, label_scores
from dejavu_audit.scores.memorized import find_memorized
from dejavu_audit.scores.sample_scores import ratio
from dejavu_audit.scores.votes import votes

K = 100
FILES = 1_200
REMEMBERED = 0.15
"""Share of the targets whose neighbours are of their own class for no other reason."""


def write(folder: Path, *, targets: int, control: int, public: int, classes: int, seed: int = 0) -> Path:
    """Write the pictures and the run; the run's folder."""
    rng = np.random.default_rng(seed)
    description = _data(folder / "data", targets, control, public, classes)
    table = _table(folder / "data", targets + control + public, classes)
    n = targets + control
    labels = np.arange(n) % classes
    cast = _votes(rng, labels, targets, public, classes)
    near = np.sort(rng.random((n, K), np.float32), axis=1)
    expected = _expected(rng, labels, classes)
    sets = ["target"] * targets + ["control"] * control
    is_target = np.arange(n) < targets
    counted = votes(cast, np.arange(public) % classes, classes)
    own = counted.share(labels) * K
    listed = find_memorized({"ratio": ratio(own, K, expected.probability, classes)}, is_target, by="ratio", q=0.1)
    samples = label_columns(
        table=table,
        classes=[f"class {number:04}" for number in range(classes)],
        rows=np.arange(n),
        sets=sets,
        folds=np.zeros(n, np.int8),
        crops=np.tile([0, 0, 240, 375], (n, 1)),
        votes=counted,
        neighbors=Neighbors(cast, near),
        public=np.arange(n, n + public),
        expected=expected,
        members={"image-classifier": expected},
        memorized=listed,
    )
    run = folder / "run"
    run.mkdir()
    pq.write_table(with_design(samples, None, None), run / "samples.parquet", compression="zstd")
    record = _record(description, samples, run, listed, {"target": targets, "control": control, "public": public})
    (run / "audit.json").write_text(record.model_dump_json(indent=2), "utf-8")
    return run


def _data(folder: Path, targets: int, control: int, public: int, classes: int) -> Path:
    pictures.write(folder, public=FILES, targets=1, control=1, fit=1, classes=classes)
    sets = ["target"] * targets + ["control"] * control + ["public"] * public
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "path", "label", "set"])
        for number, name in enumerate(sets):
            label = f"class {_label(number, targets + control, classes):04}"
            writer.writerow([f"{name}-{number:07}", f"pictures/public-{number % FILES:06}.jpg", label, name])
    description = folder / "large.toml"
    description.write_text('name = "large"\nmanifest = "manifest.csv"\n', encoding="utf-8")
    return description


def _label(number: int, judged: int, classes: int) -> int:
    return (number if number < judged else number - judged) % classes


def _table(folder: Path, n: int, classes: int) -> pa.Table:
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return pa.table(
        {
            "id": [row["id"] for row in rows],
            "path": [row["path"] for row in rows],
            "label": pa.array([int(row["label"][6:]) for row in rows], pa.int32()),
            "group": pa.nulls(n, pa.string()),
        }
    )


def _votes(rng: np.random.Generator, labels: np.ndarray, targets: int, public: int, classes: int) -> np.ndarray:
    """(n, K) neighbours: a few classes a sample, more of its own where it is remembered."""
    n, each = len(labels), public // classes
    likely = rng.integers(0, classes, (n, 6))
    which = np.minimum(rng.geometric(0.4, (n, K)) - 1, 5)
    of_class = np.take_along_axis(likely, which, axis=1)
    own = np.full(n, 0.01)
    own[rng.permutation(targets)[: int(REMEMBERED * targets)]] = 0.6
    of_class = np.where(rng.random((n, K)) < own[:, None], labels[:, None], of_class)
    return of_class + classes * rng.integers(0, each, (n, K))


def _expected(rng: np.random.Generator, labels: np.ndarray, classes: int) -> Expected:
    n = len(labels)
    top5 = rng.integers(0, classes, (n, 5))
    probability = rng.beta(0.3, 20, n)
    known = rng.random(n) < 0.05
    top5[known, 0] = labels[known]
    probability[known] = rng.uniform(0.2, 0.9, known.sum())
    rest = (1 - probability) / (classes - 1)
    sure = -(entropy(np.stack([probability, 1 - probability], axis=1)) + (classes - 1) * rest * np.log(classes - 1))
    return Expected(top5[:, 0], top5, sure, probability)


def _record(description: Path, samples: pa.Table, run: Path, listed, counts: dict[str, int]) -> AuditRecord:
    config = AuditConfig.resolve(
        family="timm", model="resnet50", pretrained="random", data=str(description), test="label", k=K,
        baseline=("image-classifier",),
    )  # fmt: skip
    told = {
        "method_version": "2",
        "verdict": "Memorization: timm resnet50 names its targets more often than held-out pictures.",
        "caveats": ["It speaks of the targets as a sample."],
        "config": config.model_dump(mode="json"),
        "model": {
            "family": "timm", "name": "resnet50", "pretrained": "random", "layer": "embedding", "weights": "w" * 32,
            "fingerprint": "f" * 32, "transform": "t", "embedding_dim": 2048, "notes": [],
        },
        "data": {
            "name": "large", "root": "", "classes": 1, "left_out": {}, "counts": {**counts, "fit": 0}, "set_aside": {},
            "duplicates": None, "notes": [],
        },
        "reference": {"name": "image-classifier"},
        "headline": {
            "metric": "deja_vu_top1", "estimate": None, "low": None, "high": None, "level": 0.95, "calibrated": True,
            "p_value": None, "p_value_test": None,
        },
        "scores": {},
        "tests": {},
        "membership": {"assumption": "the targets were in the training data", "evidence": "drawn", "standing": "known"},
        "environment": {"versions": {}, "device": "cpu", "seed": 0},
        "timings": {},
    }  # fmt: skip
    record = AuditRecord.model_validate(told)
    judged = judged_sets(Run(record, samples, run))
    scores = label_scores(judged.targets, judged.control)
    number: Headline = headline(scores, judged.targets, judged.control)
    return AuditRecord.model_validate(
        told
        | {
            "headline": vars(number),
            "scores": {key: vars(scores[key]) for key in MEANINGS},
            "memorized": memorized_record(listed).model_dump(mode="json"),
            "membership_figures": membership_figures_record(listed.by, listed.figures).model_dump(mode="json"),
        }
    )
