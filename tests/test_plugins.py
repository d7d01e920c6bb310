from __future__ import annotations

import pytest

from dejavu_audit import plugins
from dejavu_audit.errors import AuditError


def test_what_we_ship_is_found_by_entry_point():
    assert {"openclip", "timm"} <= set(plugins.names(plugins.ENCODERS))
    assert {"imagenet", "scenes"} <= set(plugins.names(plugins.DATASETS))
    assert {"image-classifier", "encoder-head"} <= set(plugins.names(plugins.BASELINES))


def test_an_unknown_name_gets_near_matches():
    with pytest.raises(AuditError, match=r"unknown baseline 'image-clasifier': did you mean image-classifier\?"):
        plugins.find(plugins.BASELINES, "image-clasifier", kind="baseline")


def test_a_broken_plug_in_is_named_not_hidden(monkeypatch):
    from importlib.metadata import EntryPoint

    broken = EntryPoint(name="broken", value="no_such_module_here:load", group=plugins.BASELINES)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [broken])
    with pytest.raises(
        AuditError, match=r"the baseline 'broken' of the package .* cannot be imported: No module named"
    ):
        plugins.find(plugins.BASELINES, "broken", kind="baseline")


def test_the_auditor_never_imports_the_baselines_package():
    from pathlib import Path

    import dejavu_audit

    for file in Path(dejavu_audit.__file__).parent.rglob("*.py"):
        assert "import dejavu_baselines" not in file.read_text("utf-8"), file
        assert "from dejavu_baselines" not in file.read_text("utf-8"), file
