"""Which finished run stands for a configuration, and when it is audited anew."""

from __future__ import annotations

import json
import os

import pytest

from dejavu_audit.config import AuditConfig
from dejavu_audit.gate.reuse import finished, named_files
from tests.run_folders import write_run


class Said:
    """Keeps what is told."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


@pytest.fixture
def asked(tmp_path):
    """A configuration that names files, its finished run, and what was told."""
    for name in ("ckpt.pt", "members.txt", "images.csv"):
        (tmp_path / name).write_text("1")
    (tmp_path / "mine.toml").write_text('name = "mine"\nmanifest = "images.csv"\nmin = 3\n')
    config = AuditConfig.resolve(
        family="timm", model="test_resnet", pretrained=str(tmp_path / "ckpt.pt"), data=str(tmp_path / "mine.toml"),
        members=str(tmp_path / "members.txt"), reference=f"timm:test_vit:{tmp_path / 'ckpt.pt'}",
        out=str(tmp_path / "run"),
    )  # fmt: skip
    write_run(tmp_path / "run")
    claim = {"hash": config.hash(), "config": config.model_dump(mode="json")}
    (tmp_path / "run" / "config.json").write_text(json.dumps(claim))
    later(tmp_path / "run" / "audit.json", 5)
    return config, Said()


def later(file, seconds):
    """Give a file a content of so many seconds from now."""
    now = file.stat().st_mtime_ns + seconds * 10**9
    os.utime(file, ns=(now, now))


def test_finished_run_of_the_configuration_is_taken(asked):
    config, said = asked
    assert finished(config, said).path.name == "run"
    assert "is a finished run of this configuration" in said.lines[-1] and "--again" in said.lines[-1]


def test_files_that_the_configuration_and_the_description_name(asked, tmp_path):
    assert {file.name for file in named_files(asked[0])} == {"ckpt.pt", "members.txt", "mine.toml", "images.csv"}


@pytest.mark.parametrize("name", ["ckpt.pt", "members.txt", "mine.toml", "images.csv"])
def test_file_that_was_changed_after_it_is_audited_anew(asked, tmp_path, name):
    config, said = asked
    later(tmp_path / name, 60)
    assert finished(config, said) is None
    assert f"{name} was changed after" in said.lines[-1]


def test_file_of_an_older_content_that_was_put_there_later_counts_as_changed(asked, tmp_path):
    """As after `mv older.pt ckpt.pt`: the content is older than the run, the file's own change is not."""
    config, said = asked
    audit = tmp_path / "run" / "audit.json"
    os.utime(audit, (1_000_000_000, 1_000_000_000))
    os.utime(tmp_path / "ckpt.pt", (900_000_000, 900_000_000))
    assert finished(config, said) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: (run / "audit.json").unlink(),
        lambda run: (run / "config.json").unlink(),
        lambda run: (run / "config.json").write_text('{"hash": "00000000"}'),
        lambda run: (run / "config.json").write_text("[]"),
        lambda run: (run / "samples.parquet").write_bytes(b"half"),
    ],
    ids=["unfinished", "unclaimed", "another", "damaged claim", "damaged table"],
)
def test_run_that_is_not_whole_or_of_another_configuration_is_audited_anew(asked, tmp_path, spoil):
    config, said = asked
    spoil(tmp_path / "run")
    assert finished(config, said) is None


def test_other_settings_are_another_run(asked):
    config, said = asked
    assert finished(config.model_copy(update={"k": 7}), said) is None
