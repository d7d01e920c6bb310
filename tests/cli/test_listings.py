from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from dejavu_audit.around import offers as of
from dejavu_audit.around.offers import Offer
from dejavu_audit.cli.main import app

FOUND = [
    Offer("imagenet", "dejavu-audit", "0.1", "m:load", "Pictures.", None),
    Offer("birds", "bird[red]s", "2.0", "birds:load", "", "cannot be imported: No module named 'x'", ("other",)),
]


@pytest.fixture(autouse=True)
def offered(monkeypatch):
    monkeypatch.setattr(of, "offers", lambda group: FOUND)
    monkeypatch.setenv("COLUMNS", "60")


@pytest.mark.parametrize("command", ["encoders", "datasets", "baselines", "taggers"])
def test_what_there_is(command):
    done = CliRunner().invoke(app, [command])
    assert done.exit_code == 0
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[:2] == ["imagenet", "  Pictures."]
    assert "birds  bird[red]s 2.0" in lines  # as text
    assert "  BROKEN: cannot be imported: No module named 'x'" in lines
    assert "  also offered, and hidden: other" in lines
    assert max(map(len, lines)) <= 60
    assert CliRunner().invoke(app, [command, "-q"]).stdout == "imagenet\nbirds\n"
    told = json.loads(CliRunner().invoke(app, [command, "--json"]).stdout)
    assert [one["name"] for one in told] == ["imagenet", "birds"]
    assert told[1]["problem"] and told[1]["version"] == "2.0"


def test_where_the_files_of_a_data_set_are_looked_for():
    env = {"DEJAVU_AUDIT_IMAGENET_ROOT": "/there"}
    assert "DEJAVU_AUDIT_IMAGENET_ROOT: /there" in CliRunner().invoke(app, ["datasets"], env=env).stdout
    told = json.loads(CliRunner().invoke(app, ["datasets", "--json"], env=env).stdout)
    assert (told[0]["root_variable"], told[0]["root"]) == ("DEJAVU_AUDIT_IMAGENET_ROOT", "/there")
    assert told[1]["root"] is None


def test_models_of_a_family(monkeypatch):
    from dejavu_audit.around import models

    monkeypatch.setitem(models._LISTS, "timm", lambda: {"resnet18": ("a1", "a2"), "resnet50": ()})
    shown = CliRunner().invoke(app, ["encoders", "timm", "resnet"]).stdout
    assert "resnet18  a1, a2" in shown and "resnet50  no published weights" in shown
    assert CliRunner().invoke(app, ["encoders", "timm", "-q"]).stdout == "resnet18\nresnet50\n"
    told = json.loads(CliRunner().invoke(app, ["encoders", "timm", "50", "--json"]).stdout)
    assert told == {"family": "timm", "models": [{"name": "resnet50", "pretrained": []}]}
    done = CliRunner().invoke(app, ["encoders", "hf"])
    assert done.exit_code == 2 and done.output.startswith("Error: the family hf has no list of models")
