from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from dejavu_audit import plugins
from dejavu_audit.around import offers as of


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Make modules and entry points to them, each of a package of its own."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(**modules: str):
        points = []
        for name, source in modules.items():
            (tmp_path / f"offered_{name}.py").write_text(source, "utf-8")
            points.append(EntryPoint(name=name, value=f"offered_{name}:load", group="g"))
        monkeypatch.setattr(of, "entry_points", lambda group: points)
        return {offer.name: offer for offer in of.offers("g")}

    return install


def test_what_is_offered_says_what_it_is(installed):
    found = installed(
        module='"""The data set `mine`: pictures of birds.\n\nAnd more of it.\n"""\ndef load(): ...\n',
        function='def load():\n    """A tagger of\n    mine.\n\n    More."""\n',
        plain='"""Reads `train`: and no more."""\ndef load(): ...\n',
        silent="def load(): ...\n",
    )
    assert found["module"].says == "Pictures of birds."
    assert found["function"].says == "A tagger of mine."
    assert found["plain"].says == "Reads `train`: and no more."
    assert found["silent"].says == ""
    assert all(offer.problem is None and not offer.ours for offer in found.values())


def test_what_is_broken_is_shown_with_why(installed, capsys):
    found = installed(
        absent="import no_such_module_here\n",
        wrong="def load(:\n",
        leaves="raise SystemExit(3)\n",
        loud="print('hello')\ndef load(): ...\n",
        number="load = 3\n",
        lacking="x = 1\n",
    )
    assert found["absent"].problem == "cannot be imported: No module named 'no_such_module_here'"
    assert found["wrong"].problem.startswith("cannot be imported: ")
    assert found["leaves"].problem == "cannot be imported: 3"
    assert found["number"].problem == "offered_number:load is a int, not a function"
    assert "has no attribute 'load'" in found["lacking"].problem
    assert found["loud"].problem is None
    assert capsys.readouterr().out == ""  # standard output is the list's


def test_a_name_that_two_packages_offer(monkeypatch, installed):
    class Dist:
        def __init__(self, name):
            self.name, self.version = name, "1.0"

    class Point:
        name, value = "mine", "json:loads"

        def __init__(self, package):
            self.dist = Dist(package)

        def load(self):
            return len

    monkeypatch.setattr(of, "entry_points", lambda group: [Point("first"), Point("second")])
    (offer,) = of.offers("g")
    assert (offer.package, offer.version, offer.hidden) == ("second", "1.0", ("first",))


def test_data_sets_of_this_package():
    found = {offer.name: offer for offer in of.offers(plugins.DATASETS)}
    assert set(found) >= {"captions", "coco", "imagenet", "scenes"}
    assert all(offer.ours and offer.says and offer.problem is None for offer in found.values() if offer.ours)
    assert found["imagenet"].says.startswith("ImageNet")
