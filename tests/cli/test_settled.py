"""Precedence: flag, environment, dejavu.toml, default. Real commands of a small app, in this process."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from dejavu_audit.cli.main import app

SETTINGS = """
[audit]
family = "timm"
model = "test_resnet"
pretrained = "random"
data = "scenes"
k = 30
min-side = 24
normalize = false
mean = 0.5
data-option = { targets = 60 }
baseline = ["naive-bayes", "image-classifier"]
alpha = 2
"""


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """`config show ARGS --json` in a folder with the settings above: by setting."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dejavu.toml").write_text(SETTINGS, "utf-8")

    def run(*args: str, **env: str):
        done = CliRunner().invoke(app, ["config", "show", *args, "--json"], env=env)
        assert done.exit_code == 0, done.output
        return {row["name"]: row for row in json.loads(done.stdout)["settings"]}

    return run


def value(row):
    return row["value"], row["source"], row["from"]


def test_each_layer_gives_way_to_the_one_above(shown):
    assert value(shown()["k"]) == (30, "file", "dejavu.toml")
    assert value(shown(DEJAVU_AUDIT_K="20")["k"]) == (20, "environment", "DEJAVU_AUDIT_K")
    assert value(shown("--k", "10", DEJAVU_AUDIT_K="20")["k"]) == (10, "flag", "--k")
    assert value(shown()["level"]) == (0.95, "default", None)


def test_every_kind_of_setting_passes_the_layers_unharmed(shown):
    rows = shown()
    assert value(rows["family"]) == ("timm", "file", "dejavu.toml")
    assert value(rows["model"]) == ("test_resnet", "file", "dejavu.toml")
    assert rows["mean"]["value"] == [0.5, 0.5, 0.5]
    assert rows["data_options"]["value"] == {"targets": "60"}
    assert rows["baseline"]["value"] == ["naive-bayes", "image-classifier"]
    assert rows["baseline_options"]["value"] == {"naive-bayes.alpha": "2.0"}
    assert rows["normalize"]["value"] is False
    assert rows["min_side"]["value"] == 24


def test_switches_can_be_turned_back(shown):
    assert value(shown("--normalize")["normalize"]) == (True, "flag", "--normalize")
    assert value(shown(DEJAVU_AUDIT_NORMALIZE="1")["normalize"]) == (True, "environment", "DEJAVU_AUDIT_NORMALIZE")
    assert value(shown(DEJAVU_AUDIT_IMAGES="0")["images"])[:2] == (False, "environment")


def test_another_model_does_not_inherit_what_is_the_first_ones(shown):
    rows = shown("timm", "test_vit")
    assert value(rows["pretrained"]) == (None, "default", None)
    assert value(rows["mean"]) == (None, "default", None)
    assert value(rows["k"]) == (30, "file", "dejavu.toml")


def test_other_data_do_not_inherit_what_is_the_first_ones(shown):
    assert shown("--data", "coco")["data_options"]["value"] == {}
    assert shown(DEJAVU_AUDIT_DATA="coco")["data_options"]["value"] == {}


def test_the_root_of_a_data_set_is_told(shown):
    rows = shown(DEJAVU_AUDIT_SCENES_ROOT="/there")
    assert value(rows["root"]) == ("/there", "environment", "DEJAVU_AUDIT_SCENES_ROOT")
    rows = shown("--root", "/here", DEJAVU_AUDIT_SCENES_ROOT="/there")
    assert value(rows["root"]) == ("/here", "flag", "--root")


def test_config_names_another_file(shown, tmp_path):
    (tmp_path / "other.toml").write_text("[audit]\nk = 7\n", "utf-8")
    assert value(shown("--config", "other.toml")["k"]) == (7, "file", "other.toml")
    assert value(shown(DEJAVU_AUDIT_CONFIG="other.toml")["k"]) == (7, "file", "other.toml")
    assert shown("--config", "other.toml")["model"]["value"] is None


@pytest.mark.parametrize(
    ("args", "env", "says"),
    [
        ([], {"DEJAVU_AUDIT_K": "many"}, "DEJAVU_AUDIT_K: "),
        ([], {"DEJAVU_AUDIT_K": "0"}, "(set in DEJAVU_AUDIT_K)"),
        ([], {"DEJAVU_AUDIT_NORMALIZE": "perhaps"}, "DEJAVU_AUDIT_NORMALIZE: "),
        ([], {"DEJAVU_AUDIT_MEAN": "grey"}, "--mean takes three numbers, as in --mean 0.485,0.456,0.406 (set in"),
        ([], {"DEJAVU_AUDIT_DATA_OPTION": "x"}, "(set in DEJAVU_AUDIT_DATA_OPTION)"),
        (["--k", "0"], {"DEJAVU_AUDIT_K": "3"}, "--k: must be greater than or equal to 1 (given: 0)\n"),
        (["--config", "none.toml"], {}, "there is no settings file none.toml"),
        (["--config", "bad.toml"], {}, "bad.toml, [audit]: k: must be greater"),
    ],
)
def test_a_bad_value_is_one_sentence_that_says_where_it_was_set(shown, tmp_path, args, env, says):
    (tmp_path / "bad.toml").write_text("[audit]\nk = 0\n", "utf-8")
    done = CliRunner().invoke(app, ["config", "show", *args], env=env)
    assert done.exit_code == 2
    assert says in done.output
    assert done.output.startswith("Error: ") and done.output.count("\n") == 1


def test_a_file_that_is_broken_stops_no_help(shown, tmp_path):
    (tmp_path / "dejavu.toml").write_text("[[[", "utf-8")
    assert CliRunner().invoke(app, ["timm", "--help"]).exit_code == 0
    assert CliRunner().invoke(app, ["timm", "x", "--data", "scenes"]).exit_code == 2


def test_a_run_says_what_nobody_typed_and_whose_fault_it_is(cli, tmp_path):
    (tmp_path / "dejavu.toml").write_text(SETTINGS.replace('"scenes"', '"scense"'), "utf-8")
    done = cli("timm", "test_vit", "--level", "0.9", DEJAVU_AUDIT_SEED="3")
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert "From the environment: DEJAVU_AUDIT_SEED." in said
    assert "From dejavu.toml: data, data_option, k, min_side, baseline, baseline_option." in said
    assert "dejavu.toml is for timm test_resnet: its pretrained, normalize, mean are not used here." in said
    assert said.endswith("unknown data set 'scense': did you mean scenes? (data is set in dejavu.toml)")
