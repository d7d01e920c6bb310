"""The real command, as a subprocess, on both ILSVRC layouts made from real pictures, with real encoders."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from tests.pictures import write_devkit_tree, write_kaggle_tree

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "audit.schema.json").read_text("utf-8"))
SIZES = ["--k", 10, "--targets", 16, "--fit", 24, "--public", 40, "--min-side", 60, "--baseline-option", "epochs=2"]
# What may differ between two runs of one configuration.
VOLATILE = ("timings",)


@pytest.fixture(scope="module")
def kaggle(tmp_path_factory):
    return write_kaggle_tree(tmp_path_factory.mktemp("kaggle"), classes=4, per_class=34, val_per_class=5).root


@pytest.fixture(scope="module")
def devkit(tmp_path_factory):
    return write_devkit_tree(tmp_path_factory.mktemp("devkit"), classes=4, per_class=34, val_per_class=5).root


def record_of(folder: Path) -> dict:
    record = json.loads((folder / "audit.json").read_text("utf-8"))
    jsonschema.validate(record, SCHEMA)
    return record


def lasting(record: dict) -> dict:
    return {key: value for key, value in record.items() if key not in VOLATILE}


def test_real_imagenet_weights_on_the_kaggle_tree(cli, kaggle, tmp_path):
    from tests.real_weights import efficientnet_lite0_file

    done = cli(
        "timm", "tf_efficientnet_lite0", "--pretrained", efficientnet_lite0_file(tmp_path), "--mean", 0.5, "--std", 0.5,
        "--data", "imagenet", "--root", kaggle, *SIZES, "--out", "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "déjà vu score, top-1, calibrated" in done.stdout
    record = record_of(tmp_path / "run")
    assert record["headline"]["calibrated"]
    assert record["data"]["counts"]["control"] == 20
    assert record["data"]["counts"]["target"] + sum(record["data"]["set_aside"]["target"].values()) == 16
    # The audited encoder embeds each public picture whole and each judged crop once, and nothing else.
    views = record["timings"]["views"]
    assert views[0]["embedded"] == record["data"]["counts"]["public"]
    assert views[1]["embedded"] == record["data"]["counts"]["target"] + record["data"]["counts"]["control"]
    assert record["timings"]["pictures_decoded"] <= 16 + 20 + 40 + 24


def test_an_open_clip_vit_on_the_devkit_tree(cli, devkit, tmp_path):
    done = cli(
        "openclip", "ViT-B-32", "--pretrained", "random", "--data", "imagenet", "--root", devkit, *SIZES, "--out", "run"
    )
    assert done.returncode == 0, done.stderr
    record = record_of(tmp_path / "run")
    assert (record["model"]["family"], record["model"]["embedding_dim"]) == ("openclip", 512)
    assert record["headline"]["calibrated"]


SMALL = ["timm", "test_resnet", "--pretrained", "random", "--data", "imagenet"]


@pytest.fixture(scope="module")
def finished(kaggle, tmp_path_factory):
    """One audit of a small encoder, for the tests that only look at what it left."""
    folder = tmp_path_factory.mktemp("finished")
    command = [
        sys.executable,
        "-m",
        "dejavu_audit",
        *SMALL,
        "--root",
        kaggle,
        *SIZES,
        "--out",
        "run",
        "--cache-dir",
        "cache",
    ]
    subprocess.run([str(part) for part in command], cwd=folder, check=True, capture_output=True, timeout=300)
    return folder


def test_every_headline_number_is_recomputed_from_the_samples_with_pandas_alone(finished):
    record, samples = record_of(finished / "run"), pd.read_parquet(finished / "run" / "samples.parquet")
    right_f, right_g = samples.target_top1 == samples.label, samples.reference_top1 == samples.label
    top5_f = [label in top5 for label, top5 in zip(samples.label, samples.target_top5, strict=True)]
    top5_g = [label in top5 for label, top5 in zip(samples.label, samples.reference_top5, strict=True)]
    frame = samples.assign(
        f=right_f, g=right_g, dv=right_f.astype(int) - right_g, dv5=np.array(top5_f, int) - np.array(top5_g, int),
        f5=top5_f, g5=top5_g,
    )  # fmt: skip
    targets, control = frame[frame.set == "target"], frame[frame.set == "control"]
    expected = {
        "deja_vu_top1": targets.dv.mean() - control.dv.mean(),
        "deja_vu_top5": targets.dv5.mean() - control.dv5.mean(),
        "deja_vu_top1_targets": targets.dv.mean(),
        "deja_vu_top1_control": control.dv.mean(),
        "accuracy_target_top1": targets.f.mean(),
        "accuracy_reference_top1": targets.g.mean(),
        "accuracy_target_top5_control": control.f5.mean(),
        "accuracy_reference_top5": targets.g5.mean(),
        "memorized": (targets.f & ~targets.g).mean(),
        "misrepresented": (~targets.f & targets.g).mean(),
        "correlated": (targets.f & targets.g).mean(),
        "unassociated": (~targets.f & ~targets.g).mean(),
        "memorized_control": (control.f & ~control.g).mean(),
    }
    for key, value in expected.items():
        assert record["scores"][key]["estimate"] == pytest.approx(value, abs=1e-12), key
    assert record["headline"]["estimate"] == pytest.approx(expected["deja_vu_top1"], abs=1e-12)
    assert (samples.part == "memorized").sum() == (frame.f & ~frame.g).sum()


def test_the_votes_in_the_samples_are_those_of_the_neighbours(finished):
    samples = pd.read_parquet(finished / "run" / "samples.parquet")
    split = pd.read_parquet(finished / "run" / "split.parquet")
    public = set(split.id[split.set == "public"])
    for row in samples.itertuples():
        assert sum(vote["count"] for vote in row.votes) == 10
        assert row.votes[0]["class"] == row.target_top1
        assert {neighbor["id"] for neighbor in row.neighbors} <= public
        shares = np.array([vote["count"] for vote in row.votes]) / 10
        assert row.target_confidence == pytest.approx((shares * np.log(shares)).sum())
        distances = [neighbor["distance"] for neighbor in row.neighbors]
        assert distances == sorted(distances)


def test_the_sets_are_disjoint_and_the_split_is_taken_back(cli, kaggle, finished, tmp_path):
    split = pd.read_parquet(finished / "run" / "split.parquet")
    assert split.id.is_unique
    done = cli(
        *SMALL, "--root", kaggle, *SIZES, "--split", finished / "run" / "split.parquet", "--seed", 7, "--out", "again"
    )
    assert done.returncode == 0, done.stderr
    again = pd.read_parquet(tmp_path / "again" / "split.parquet")
    assert set(zip(again.id, again.set, strict=True)) == set(zip(split.id, split.set, strict=True))


def test_a_second_run_decodes_nothing_and_says_the_same(cli, kaggle, finished):
    before = record_of(finished / "run")
    done = cli(*SMALL, "--root", kaggle, *SIZES, "--out", "run", "--cache-dir", "cache", cwd=finished)
    assert done.returncode == 0, done.stderr
    after = record_of(finished / "run")
    assert after["timings"]["pictures_decoded"] == 0
    assert sum(view["embedded"] for view in after["timings"]["views"]) == 0
    assert lasting(after) == lasting(before)


def test_two_folds_make_every_boxed_picture_a_target(cli, kaggle, tmp_path):
    done = cli(
        *SMALL,
        "--root",
        kaggle,
        "--k",
        10,
        "--min-side",
        60,
        "--folds",
        2,
        "--baseline-option",
        "epochs=2",
        "--out",
        "run",
    )
    assert done.returncode == 0, done.stderr
    record, samples = record_of(tmp_path / "run"), pd.read_parquet(tmp_path / "run" / "samples.parquet")
    assert len(record["reference"]["folds"]) == 2
    boxed = len(list((kaggle / "ILSVRC/Annotations/CLS-LOC/train").rglob("*.xml")))
    lost = sum(record["data"]["set_aside"]["target"].values())
    assert (samples.set == "target").sum() + lost == boxed
    assert set(samples.fold[samples.set == "target"]) == set(samples.fold[samples.set == "control"]) == {0, 1}


def test_without_a_control_it_says_uncalibrated_and_why(cli, kaggle, tmp_path):
    done = cli(*SMALL, "--root", kaggle, *SIZES, "--control", 0, "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "Uncalibrated" in done.stdout
    assert "biased upward where the encoder reads backgrounds better than the baseline" in " ".join(done.stdout.split())
    record = record_of(tmp_path / "run")
    assert not record["headline"]["calibrated"]
    assert record["scores"]["deja_vu_top1_control"]["estimate"] is None


def test_killed_at_any_point_and_started_again_it_gives_the_same_audit(kaggle, tmp_path):
    """kill -9 at three points of the run; the run that follows must give what an undisturbed one gives."""

    def start(cache: str, out: str) -> subprocess.Popen[bytes]:
        command = [*SMALL, "--root", kaggle, *SIZES, "--out", out, "--cache-dir", cache]
        return subprocess.Popen(
            [sys.executable, "-m", "dejavu_audit", *map(str, command)], cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    began = time.monotonic()
    undisturbed = start("calm", "run-calm")
    assert undisturbed.wait(300) == 0
    took = time.monotonic() - began
    for share in (0.5, 0.75, 0.9):
        victim = start("torn", "run-torn")
        time.sleep(share * took)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    assert start("torn", "run-torn").wait(300) == 0
    calm, torn = (lasting(record_of(tmp_path / f"run-{name}")) for name in ("calm", "torn"))
    for record in (calm, torn):
        record["config"].pop("out")
        record["config"].pop("cache_dir")
    assert torn == calm
    assert not list((tmp_path / "run-torn").glob(".*")), "scraps of the killed run"


def heed_interrupts() -> None:
    """A shell that puts pytest into the background has its children ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupted_it_ends_with_130_and_says_how_to_go_on(kaggle, tmp_path):
    command = [*SMALL, "--root", kaggle, *SIZES, "--out", "run", "--cache-dir", "cache"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dejavu_audit", *map(str, command)], cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    for line in process.stderr:  # once it is at work
        if re.search("looking up|pictures", line):
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "type the same command again to go on" in said
    assert "Traceback" not in said


def test_dry_run_resolves_everything_and_writes_nothing(cli, kaggle, tmp_path):
    done = cli(*SMALL, "--root", kaggle, *SIZES, "--dry-run", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "16 pictures" in done.stdout
    assert "nothing was embedded" in done.stdout
    assert not (tmp_path / "run").exists()


def test_json_on_standard_output_is_audit_json(cli, kaggle, finished):
    done = cli(
        *SMALL, "--root", kaggle, *SIZES, "--out", "run", "--cache-dir", "cache", "--json", "--quiet", cwd=finished
    )
    printed = json.loads(done.stdout)
    jsonschema.validate(printed, SCHEMA)
    assert lasting(printed) == lasting(record_of(finished / "run"))


def test_quiet_prints_the_verdict_alone(cli, kaggle, finished):
    done = cli(*SMALL, "--root", kaggle, *SIZES, "--out", "run", "--cache-dir", "cache", "--quiet", cwd=finished)
    assert done.stdout.count("\n") == 1
    assert done.stdout.strip() == record_of(finished / "run")["verdict"]
    assert done.stderr == ""


@pytest.mark.parametrize("columns", ["60", "200"])
def test_the_table_is_readable_at_any_width_and_without_colour(cli, kaggle, finished, columns):
    done = cli(
        *SMALL, "--root", kaggle, *SIZES, "--out", "run", "--cache-dir", "cache",
        cwd=finished, COLUMNS=columns, NO_COLOR="1", PYTHONIOENCODING="ascii:replace",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if not line.startswith("Run folder")) <= int(columns)


def test_from_python(kaggle, finished, monkeypatch):
    from dejavu_audit import audit

    monkeypatch.chdir(finished)
    result = audit(
        "timm:test_resnet", pretrained="random", data="imagenet", root=str(kaggle), k=10, targets=16, fit=24, public=40,
        min_side=60, baseline_options={"epochs": "2"}, out="run", cache_dir="cache",
    )  # fmt: skip
    assert result.headline.metric == "deja_vu_top1"
    assert result.samples.num_rows == len(pd.read_parquet(finished / "run" / "samples.parquet"))
    page = result._repr_html_()
    assert "<script" not in page
    assert result.verdict.split(":")[0] in page
