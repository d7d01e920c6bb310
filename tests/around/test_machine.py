from __future__ import annotations

import os

import pytest

from dejavu_audit.around import machine


def by_name(checks):
    return {check.name: check for check in checks}


def test_versions_of_what_is_installed_and_what_is_not(monkeypatch):
    found = by_name(machine.versions())
    assert found["numpy"].standing == "ok" and found["numpy"].says[0].isdigit()
    monkeypatch.setattr(machine, "installed", lambda name: None)
    found = by_name(machine.versions())
    assert found["torch"].standing == "bad" and found["torch"].advice == "type pip install torch"
    assert "transformers" not in found  # an extra: its absence is told there
    monkeypatch.setattr(machine, "installed", lambda name: "2" if name == "faiss-gpu" else None)
    assert by_name(machine.versions())["faiss-gpu"].standing == "ok"


def test_extras_that_are_lacking_say_how_to_install_them(monkeypatch):
    monkeypatch.setattr(machine, "installed", lambda name: None if name == "pandas" else "1")
    found = by_name(machine.extras())
    assert found["notebook"].standing == "note"
    assert "lacks pandas" in found["notebook"].says
    assert found["notebook"].advice == "type pip install 'dejavu-audit[notebook]'"
    assert found["hf"].standing == "ok"
    assert "dev" not in found


def test_a_folder_that_cannot_be_written_to_is_bad(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {check.standing for check in machine.room(str(tmp_path / "cache"))} <= {"ok", "note"}
    (tmp_path / "runs").write_text("a file")
    assert by_name(machine.room(None))["run folders"].standing == "bad"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_rights_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o500)
    try:
        assert by_name(machine.room(None))["run folders"].standing == "bad"
    finally:
        tmp_path.chmod(0o700)


def test_little_room_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(machine, "LITTLE_DISK", 1e30)
    monkeypatch.setattr(machine, "LITTLE_MEMORY", 1e30)
    found = by_name(machine.room(str(tmp_path)))
    assert found["cache"].standing == "note" and "--cache-dir" in found["cache"].advice
    if "memory" in found:
        assert found["memory"].standing == "note"


def test_sizes_of_caches(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a").write_bytes(b"x" * 1_000)
    (tmp_path / "sub" / "b").write_bytes(b"x" * 500)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert 1_500 <= machine._size(tmp_path) < 2_500  # the link's own few bytes, not what it points to
    found = by_name(machine.caches(str(tmp_path / "none")))
    assert "0 B in 0 entries" in found["dejavu-audit"].says


def test_data_roots_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("DEJAVU_AUDIT_IMAGENET_ROOT", str(tmp_path / "none"))
    found = by_name(machine.data_roots({"data": "scenes", "data_options": {"targets": "7"}}))
    assert found["imagenet"].standing == "bad"
    assert "(set in DEJAVU_AUDIT_IMAGENET_ROOT)" in found["imagenet"].says
    assert found["scenes"].standing == "ok" and "(set in dejavu.toml)" in found["scenes"].says
