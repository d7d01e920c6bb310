from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dejavu_audit.cli import main, plan, plan_tables
from dejavu_audit.report.plan_record import PlanRecord
from tests.captioned_data import write_tar_shards
from tests.pictures import write_kaggle_tree
from tests.planning.conftest import contents
from tests.run_folders import write_run
from tests.test_objects_end_to_end import sentences
from tests.tiny_clip import write_tiny_clip

FAMILIES = ["timm", "openclip"]
START = (
    "from dejavu_audit.cli import main, plan\n"
    "if 'plan' not in {group.name for group in main.app.registered_groups}:\n"
    "    plan.add_to(main.app, ['timm', 'openclip'])\n"
    "main.run()\n"
)
SMALL = ["timm", "test_resnet", "--pretrained", "random", "--data", "imagenet", "--k", 10, "--targets", 16, "--fit", 24]
SIZES = ["--public", 40, "--min-side", 60, "--baseline-option", "epochs=2", "--workers", 0]


@pytest.fixture(scope="module")
def kaggle(tmp_path_factory):
    return write_kaggle_tree(tmp_path_factory.mktemp("kaggle"), classes=4, per_class=34, val_per_class=5).root


def start(folder, *args, width=80):
    """A process of its own, in `folder`."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("DEJAVU_AUDIT_")}
    home = {"HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(folder / "home"), "COLUMNS": str(width)}
    return subprocess.run(
        [sys.executable, "-c", START, *map(str, args)],
        cwd=folder, env={**clean, **home}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def invoke(*args, width=100):
    if "plan" not in {group.name for group in main.app.registered_groups}:
        plan.add_to(main.app, FAMILIES)
    return audit("plan", *args, width=width)


def audit(*args, width=100):
    return CliRunner().invoke(main.app, list(map(str, args)), env={"COLUMNS": str(width)})


def test_real_pictures_are_planned_audited_and_planned_again(kaggle, tmp_path, monkeypatch):
    asked = [*SMALL, "--root", kaggle, *SIZES, "--cache-dir", "cache", "--out", "run"]
    done = start(tmp_path, "plan", *asked, "--seconds", 1, "--json", "--limit", 0.3, "--width", 0.2)
    assert done.returncode == 0, done.stderr
    cold = PlanRecord.model_validate_json(done.stdout)
    assert [path for path in contents(tmp_path) if "shard" in path or "run" in path.split("/")] == []
    assert cold.data["counts"] == {"target": 16, "control": 20, "public": 40, "fit": 24}
    assert [view.embed for view in cold.views] == [40, 36, 60]
    assert cold.time.total > 0
    monkeypatch.chdir(tmp_path)
    done = audit(*asked, "--json", "--quiet")
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["config"] == cold.config  # the same flags make the same configuration
    removed = record["data"]["duplicates"]["removed"]  # no plan knows which pictures are copies of others
    assert record["timings"]["pictures_decoded"] + removed == sum(pace.pictures for pace in cold.time.paces)
    done = invoke(*asked, "--seconds", 1, "--json", "--pilot", "run", "--quiet")
    assert done.exit_code == 0, done.output
    warm = PlanRecord.model_validate_json(done.stdout)
    assert sum(view.embed for view in warm.views) <= removed * len(warm.views)
    if not removed:
        assert {stage.name: stage.seconds for stage in warm.time.stages}["embed"] == 0
    # The control of the pilot, as its samples and its record tell it.
    score = record["scores"]
    seen = score["memorized_control"]["estimate"] + score["misrepresented_control"]["estimate"]
    assert warm.sureness[0].discordance == pytest.approx(seen)
    assert warm.sureness[0].basis == f"as in {record['data']['counts']['control']} control samples of run"
    assert (warm.targets, warm.control) == (record["data"]["counts"]["target"], record["data"]["counts"]["control"])


@pytest.mark.parametrize("width", [60, 80])
def test_the_tables_fit_the_terminal(kaggle, tmp_path, monkeypatch, width):
    monkeypatch.chdir(tmp_path)
    done = invoke(
        *SMALL, "--root", kaggle, *SIZES, "--cache-dir", "cache", "--seconds", 0.1, "--limit", 0.1, "--below", 0.05,
        "--width", 0.2, "--quiet", width=width,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= width
    for line in done.stdout.splitlines():
        assert line[:1] != "│" or line[-1] == "│"  # no column is cut off
    said = " ".join(done.stdout.replace("│", " ").split())
    wide = ("gate at 10 passes where 5 is true",) if width == 80 else ()
    for words in ("To do", "not measured", "run folder", "95 % interval", "bound by", *wide):
        assert words in said, words


def test_captions_are_planned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tar_shards(tmp_path / "tars", 60, shards=3)
    write_tiny_clip(tmp_path)
    done = invoke(
        "openclip", "tiny.json", "--pretrained", "random", "--data", "captions", "--root", "tars", "--k", 5,
        "--baseline-model", sentences(), "--workers", 0, "--cache-dir", "cache", "--seconds", 1, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    record = PlanRecord.model_validate_json(done.stdout)
    judged = record.data["counts"]["target"] + record.data["counts"]["control"]
    # The encoder embeds the judged captions; the reference those of the public pictures too.
    asked = {one.who: one.asked for one in record.captions}
    assert asked == {"encoder": judged, "caption-only": judged + record.data["counts"]["public"]}
    assert all(0 < one.embed <= one.asked and one.seconds > 0 for one in record.captions)
    assert {stage.name: stage.seconds for stage in record.time.stages}["captions"] > 0
    assert record.sureness[0].discordance == 0.8
    assert not [path for path in contents(tmp_path / "cache") if "shard" in path]


SCENES = ["timm", "test_resnet", "--pretrained", "random", "--data", "scenes", "--seconds", 0, "--image-size", 32]
FEW = [f"--data-option={name}=20" for name in ("targets", "control", "public", "fit")] + ["--k", 5, "--min-side", 24]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--limit", "1.5"], "--limit must lie between 0 and 1, not be 1.5"),
        (["--limit", "0"], "--limit must lie between 0 and 1"),
        (["--width", "1e-7"], "cannot be reached: an interval so narrow needs more than 1,000,000,000 samples"),
        (["--pilot", "nowhere"], "there is no run 'nowhere'"),
        (["--pilot", "."], "is not an audit's"),
        (["--expect-accuracy", "0.2"], "takes two numbers, as in 0.25,0.2"),
        (["--expect-accuracy", "a,b"], "takes two numbers"),
        (["--data-option", "shape"], "KEY=VALUE"),
        (["--batch-size", "many"], "takes a number or 'auto'"),
    ],
)
def test_bad_input_ends_in_2_with_one_sentence(tmp_path, monkeypatch, flags, says):
    monkeypatch.chdir(tmp_path)
    done = invoke(*SCENES, *FEW, "--cache-dir", "cache", "--quiet", *flags)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_missing_data_end_in_2_with_what_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke(*SMALL, "--root", "nowhere", "--cache-dir", "cache", "--quiet")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "nowhere" in done.stderr and "Traceback" not in done.stderr


def test_a_pilot_of_the_other_test_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run", "objects")
    done = invoke(*SCENES, *FEW, "--cache-dir", "cache", "--quiet", "--pilot", "run")
    assert done.exit_code == 2
    assert "is a run of the object test and the plan is one of the label test" in done.stderr


def test_help_names_the_flags_of_the_audit_and_its_own():
    done = invoke("timm", "--help", width=120)
    assert done.exit_code == 0
    for flag in ("--targets", "--control", "--baseline-option", "--fdr", "--workers", "--width", "--limit", "--pilot"):
        assert flag in done.stdout, flag
    assert "--dry-run" not in done.stdout
    groups = invoke("--help").stdout
    assert all(family in groups for family in FAMILIES)


def test_names_of_the_data_are_no_markup(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke(*SCENES, *FEW, "--cache-dir", "[bold]cache", "--out", "[red]run", "--quiet")
    assert done.exit_code == 0, done.output
    record = json.loads(invoke(*SCENES, *FEW, "--cache-dir", "[bold]cache", "--out", "[red]run", "--json").stdout)
    assert record["disk"]["cache_folder"] == "[bold]cache"
    assert record["disk"]["run_folder"] == "[red]run"


def test_durations_are_written_as_people_read_them():
    seconds = [0.04, 9.96, 59.4, 100, 5_900, 7_500, 400_000]
    assert [plan_tables.duration(each) for each in seconds] == [
        "0.0 s", "10.0 s", "59 s", "2 min", "98 min", "2 h 05 min", "4.6 days"
    ]  # fmt: skip


def test_help_imports_nothing_heavy():
    code = START.replace("main.run()\n", "") + (
        "import sys\nsys.argv = ['dejavu-audit', 'plan', 'timm', '--help']\n"
        "try:\n    main.run()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted(m for m in sys.modules if '.' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "typer" in loaded
    assert not {"torch", "numpy", "faiss", "pyarrow", "scipy", "PIL", "timm"} & loaded
