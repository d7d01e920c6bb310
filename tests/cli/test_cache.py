from __future__ import annotations

import json

import numpy as np
from typer.testing import CliRunner

from dejavu_audit.cli.main import app


def run(*args: object):
    return CliRunner().invoke(app, ["cache", *map(str, args)])


def a_fit(folder, name="a.safetensors"):
    from dejavu_audit.inference.reference import keep

    keep({"weights": np.zeros(1_000, np.float32)}, folder / "fits" / name)


def test_an_empty_cache_is_said_to_be_empty(tmp_path):
    done = run("info", "--cache-dir", tmp_path)
    assert done.exit_code == 0
    assert "0 B in 0 entries" in done.stdout.replace("\n", " ")


def test_info_lists_and_sums(tmp_path):
    a_fit(tmp_path)
    listed = json.loads(run("info", "--cache-dir", tmp_path, "--json").stdout)
    assert [entry["kind"] for entry in listed] == ["fit"]
    assert listed[0]["size"] > 4_000
    assert "1 entries" in run("info", "--cache-dir", tmp_path).stdout.replace("\n", " ")


def test_prune_alone_keeps_what_is_whole(tmp_path):
    a_fit(tmp_path)
    done = run("prune", "--cache-dir", tmp_path)
    assert done.exit_code == 0
    assert (tmp_path / "fits" / "a.safetensors").exists()


def test_prune_all_removes_everything_and_says_how_much(tmp_path):
    a_fit(tmp_path)
    done = run("prune", "--all", "--cache-dir", tmp_path)
    assert "freed 4 kB: 1 entries" in done.stdout
    assert not (tmp_path / "fits" / "a.safetensors").exists()


def test_prune_by_size_keeps_what_fits(tmp_path):
    a_fit(tmp_path)
    run("prune", "--max-size", "1", "--cache-dir", tmp_path)
    assert (tmp_path / "fits" / "a.safetensors").exists()


def test_a_negative_limit_is_refused(tmp_path):
    done = run("prune", "--older-than", "-1", "--cache-dir", tmp_path)
    assert done.exit_code == 2
    assert "cannot be negative" in done.stderr
