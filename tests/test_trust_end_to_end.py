"""What makes a number trustworthy, through the real command: planted duplicates, a shifted control, a weighed one."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dejavu_audit.cli.main import app
from tests.pictures import picture

CLASSES, TARGETS, CONTROL, PUBLIC, FIT = 4, 60, 60, 60, 30
MODEL = ["timm", "test_resnet", "--pretrained", "random", "--data", "mine.toml", "--k", 10, "--min-side", 60]
FAST = ["--baseline-option", "epochs=2", "--workers", 0]
COPIES = ("public", "control", "fit")
"""Where a target's copy is planted, one of each kind in each."""


def write_data(folder, *, control_quality=92, control_labels=None, copies=False):
    """mine.toml, manifest.csv and JPEGs: photographs with pasted patches, each set's drawn alike but as said."""
    rng = np.random.default_rng(7)
    rows, saved = [], {}

    def save(name, set_, image, boxes, label, quality=92):
        image.save(folder / f"{name}.jpg", quality=quality)
        rows.append([f"{name}.jpg", name, f"class {label}", json.dumps(boxes), set_])

    for set_, size in (("target", TARGETS), ("control", CONTROL), ("public", PUBLIC), ("fit", FIT)):
        labels = np.arange(size) % CLASSES
        if set_ == "control" and control_labels is not None:
            labels = np.asarray(control_labels)
        for number, label in enumerate(labels.tolist()):
            image, boxes = picture(label, CLASSES, rng)
            quality = control_quality if set_ == "control" else 92
            save(f"{set_}-{number:03d}", set_, image, boxes, label, quality)
            saved[set_, number] = image, boxes, label
    if copies:
        for place, set_ in enumerate(COPIES):
            image, boxes, label = saved["target", place]
            save(f"copy-compressed-{set_}", set_, image, boxes, label, quality=50)
            image, boxes, label = saved["target", 10 + place]
            half = image.resize((image.width // 2, image.height // 2))
            save(f"copy-half-{set_}", set_, half, [[side // 2 for side in box] for box in boxes], label)
            (folder / f"copy-bytes-{set_}.jpg").write_bytes((folder / f"target-{20 + place:03d}.jpg").read_bytes())
            _, boxes, label = saved["target", 20 + place]
            rows.append([f"copy-bytes-{set_}.jpg", f"copy-bytes-{set_}", f"class {label}", json.dumps(boxes), set_])
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "id", "label", "boxes", "set"], *rows])
    (folder / "mine.toml").write_text('name = "mine"\nmanifest = "manifest.csv"\n')


@pytest.fixture(autouse=True)
def in_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in {"HF_HUB_OFFLINE": "1", "COLUMNS": "120", "XDG_CACHE_HOME": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)


def run(*flags):
    """The command, in this process: torch is loaded once."""
    return CliRunner().invoke(app, [str(part) for part in (*MODEL, *FAST, "--out", "run", *flags)])


def audited(folder, *flags):
    done = run(*flags)
    assert done.exit_code == 0, done.stderr
    return done.stdout, json.loads((folder / "run" / "audit.json").read_text("utf-8"))


def test_planted_copies_of_targets_are_found_and_left_out(tmp_path):
    write_data(tmp_path, copies=True)
    _, record = audited(tmp_path)
    lost = {name: sum(n for why, n in reasons.items() if "duplicate" in why)
            for name, reasons in record["data"]["set_aside"].items()}  # fmt: skip
    assert lost == {"target": 0, "control": 3, "public": 3, "fit": 3}
    pairs = pq.read_table(tmp_path / "run" / "duplicates.parquet").to_pylist()
    told = {side for pair in pairs for side in pair.values() if isinstance(side, str) and side.startswith("copy-")}
    assert told == {f"copy-{kind}-{set_}" for kind in ("compressed", "half", "bytes") for set_ in COPIES}
    ids = set(pq.read_table(tmp_path / "run" / "samples.parquet", columns=["id"])["id"].to_pylist())
    assert not any(name.startswith("copy-") for name in ids)
    near = pq.read_table(tmp_path / "run" / "samples.parquet", columns=["neighbors"])["neighbors"]
    assert not any(entry["id"].startswith("copy-") for of in near.to_pylist() for entry in of)


def test_kept_duplicates_stay_in_and_are_still_told(tmp_path):
    write_data(tmp_path, copies=True)
    printed, record = audited(tmp_path, "--keep-duplicates")
    assert record["data"]["counts"]["control"] + sum(record["data"]["set_aside"]["control"].values()) == CONTROL + 3
    assert not any("duplicate" in why for why in record["data"]["set_aside"]["control"])
    assert "duplicate" in " ".join(printed.split())


def test_a_control_that_was_compressed_otherwise_makes_the_number_suspect(tmp_path):
    write_data(tmp_path, control_quality=25)
    printed, record = audited(tmp_path)
    assert record["verdict"].startswith("Suspect: ")
    assert record["balance"]["failed"] is True
    assert "JPEG quality" in [one["name"] for one in record["balance"]["features"] if one["differs"]]
    flat = " ".join(printed.split())
    assert flat.startswith("Suspect: ")
    assert re.search(r"The control is not drawn like the targets: .*JPEG quality", flat)


def test_a_control_with_other_labels_is_weighed_by_match(tmp_path):
    # Targets: 15 of each class; control: 30, 20, 5 and 5. Weights make its classes as common as the targets'.
    write_data(tmp_path, control_labels=[0] * 30 + [1] * 20 + [2] * 5 + [3] * 5)
    _, plain = audited(tmp_path)
    label = next(one for one in plain["balance"]["features"] if one["name"] == "label")
    assert label["differs"]
    (tmp_path / "run").rename(tmp_path / "plain")
    _, matched = audited(tmp_path, "--match")
    assert 0 < matched["matching"]["effective"] < 60
    samples = pq.read_table(tmp_path / "run" / "samples.parquet", columns=["set", "label", "weight"]).to_pandas()
    there = samples[samples.weight > 0]
    shares = [
        there[there.set == name].groupby("label", observed=True).weight.sum() / there[there.set == name].weight.sum()
        for name in ("target", "control")
    ]
    assert abs(shares[0] - shares[1]).max() < 0.02


def test_match_without_a_control_is_refused_before_anything_is_done(tmp_path):
    write_data(tmp_path)
    (tmp_path / "mine.toml").write_text('name = "mine"\nmanifest = "targets.csv"\n')
    lines = (tmp_path / "manifest.csv").read_text().splitlines()
    (tmp_path / "targets.csv").write_text("\n".join(line for line in lines if not line.endswith("control")) + "\n")
    done = run("--match")
    assert done.exit_code == 2
    assert "--match weighs the control, and there is none" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("size", [5, 1])
def test_a_control_smaller_than_the_list_needs_says_so(tmp_path, size):
    write_data(tmp_path)
    printed, record = audited(tmp_path, "--control", size)
    assert record["memorized"]["count"] in (0, None)
    assert record["memorized"]["reason"]
    assert " ".join(record["memorized"]["reason"].split())[:60] in " ".join(printed.split())
