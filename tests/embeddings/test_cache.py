from __future__ import annotations

import os
import time

import numpy as np
import pytest

from dejavu_audit.embeddings.cache import info, prune
from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.views import View
from dejavu_audit.errors import AuditError
from tests.embeddings.conftest import Linear


def fill(root, name, pictures, days=0.0):
    shelf = Store(root).shelf(View(Linear(name=name, fingerprint=name), None))
    keys = b"".join(number.to_bytes(16, "big") for number in range(pictures))
    shelf.append(keys, np.zeros((pictures, 6), np.float32), np.zeros((pictures, 4), np.int32), {})
    shelf.remember_batch_size(8)
    used = time.time() - days * 86_400
    os.utime(shelf.path / "meta.json", (used, used))
    return shelf.path


def test_no_cache_is_empty_and_stays_away(tmp_path):
    assert info(tmp_path / "none") == [] and prune(tmp_path / "none").freed == 0
    assert not (tmp_path / "none").exists()


def test_sizes_a_model(tmp_path):
    fill(tmp_path, "small", 1)
    path = fill(tmp_path, "large", 1_000, days=2)
    (tmp_path / "fits").mkdir()
    (tmp_path / "fits" / "abc.safetensors").write_bytes(b"1234567")
    large, small, fit = info(tmp_path)
    assert (large.name, small.name, fit.kind) == ("large", "small", "fit")
    assert large.size == sum(file.stat().st_size for file in path.iterdir())
    assert (large.crop, large.dim, large.shards, large.damaged) == ("full", 6, 1, 0)
    assert time.time() - large.last_used == pytest.approx(2 * 86_400, abs=60)
    assert fit.size == 7


def test_prune_by_age_keeps_what_was_used(tmp_path):
    old, new = fill(tmp_path, "old", 1, days=31), fill(tmp_path, "new", 1, days=29)
    pruned = prune(tmp_path, unused_days=30)
    assert [entry.name for entry in pruned.entries] == ["old"] and pruned.freed > 0
    assert not old.exists() and new.exists()


def test_prune_by_size_takes_the_longest_unused_first(tmp_path):
    paths = {name: fill(tmp_path, name, 100, days) for name, days in (("a", 3), ("b", 9), ("c", 6))}
    sizes = {entry.name: entry.size for entry in info(tmp_path)}
    pruned = prune(tmp_path, max_bytes=sizes["a"])
    assert [entry.name for entry in pruned.entries] == ["b", "c"]
    assert [name for name, path in paths.items() if path.exists()] == ["a"]
    assert prune(tmp_path, max_bytes=0).freed == sizes["a"]


def test_prune_alone_removes_only_scraps(tmp_path):
    path = fill(tmp_path, "a", 1)
    (path / "shard-0.damaged").write_bytes(b"123")
    (path / ".old.tmp").write_bytes(b"1234")
    os.utime(path / ".old.tmp", (1, 1))
    (path / ".running.tmp").write_bytes(b"12345")
    assert info(tmp_path)[0].damaged == 1
    pruned = prune(tmp_path)
    assert pruned.entries == [] and pruned.files == 2 and pruned.freed == 7
    assert (path / ".running.tmp").exists() and len(list(path.glob("*.parquet"))) == 1


def test_a_shelf_without_meta_is_counted_and_can_go(tmp_path):
    path = fill(tmp_path, "a", 1)
    (path / "meta.json").write_text("{torn")
    assert info(tmp_path)[0].name == path.name
    assert len(prune(tmp_path, unused_days=0).entries) == 1


def test_negative_limits_are_refused(tmp_path):
    with pytest.raises(AuditError, match="negative"):
        prune(tmp_path, max_bytes=-1)
