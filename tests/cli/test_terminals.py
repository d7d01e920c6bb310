"""What is shown on terminals that lack letters, colours, width, or everything."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.run_folders import write_run

pty = pytest.importorskip("pty")  # there is none on Windows


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a run, a damaged one, and settings."""
    folder = tmp_path_factory.mktemp("here")
    write_run(folder / "runs" / "mine", n=20, control=10)
    (folder / "runs" / "bad").mkdir()
    (folder / "runs" / "bad" / "audit.json").write_text("{")
    (folder / "dejavu.toml").write_text('[audit]\nfamily = "timm"\nk = 3\n')
    return folder


LIGHT = [("--help",), ("runs",), ("config", "show"), ("timm", "--help"), ("samples", "--help")]


@pytest.mark.parametrize("command", LIGHT, ids=" ".join)
def test_ascii_and_60_columns(cli, here, command):
    """Bytes above 127 cannot be decoded by such a terminal, and a longer line is broken anywhere."""
    ascii_only = {"PYTHONIOENCODING": "ascii", "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "COLUMNS": "60"}
    done = cli(*command, cwd=here, **ascii_only)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii() and "?" not in done.stdout.replace("memorized?", "").replace("audits?", "")
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_json_is_ascii_where_the_terminal_is(cli, here):
    for encoding in ("ascii", "utf-8"):
        done = cli("config", "show", "timm", "café", "--json", cwd=here, PYTHONIOENCODING=encoding)
        assert done.stdout.isascii() == (encoding == "ascii")
        assert {row["name"]: row["value"] for row in json.loads(done.stdout)["settings"]}["model"] == "café"


def on_a_terminal(here, *command: str, **env: str) -> str:
    """What a command writes to a real terminal."""
    own, theirs = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM", "COLORTERM")}
    started = subprocess.Popen(
        [sys.executable, "-m", "dejavu_audit", *command],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=here, env={**clean, "COLUMNS": "100", **env},
    )  # fmt: skip
    os.close(theirs)
    told = b""
    while True:
        try:
            piece = os.read(own, 65_536)
        except OSError:  # Linux: the other end was closed
            break
        if not piece:
            break
        told += piece
    os.close(own)
    assert started.wait() == 0
    return told.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38;5;\d+)m")


def test_colours_are_left_out_where_they_are_not_wanted(here):
    assert COLOUR.search(on_a_terminal(here, "runs", TERM="xterm-256color"))
    assert not COLOUR.search(on_a_terminal(here, "runs", TERM="xterm-256color", NO_COLOR="1"))


def test_a_dumb_terminal_gets_no_escape_at_all(here):
    assert "\x1b" not in on_a_terminal(here, "runs", TERM="dumb")
