from __future__ import annotations

import errno
import json
import tempfile

import numpy as np
import pyarrow as pa
import pytest

from dejavu_audit.embeddings import store as store_module
from dejavu_audit.embeddings.store import KEYS, Store
from dejavu_audit.embeddings.views import View
from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from tests.embeddings.conftest import Linear, Shrink


class Told(Silent):
    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(message)


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def keys(*numbers):
    return pa.array([key(number) for number in numbers], KEYS)


def filled(store, view, *numbers, reasons=None):
    shelf = store.shelf(view)
    vectors = np.array([[number + d / 10 for d in range(6)] for number in numbers], np.float32).reshape(-1, 6)
    crops = np.array([[number, 0, 10, 20] for number in numbers], np.int32).reshape(-1, 4)
    shelf.append(b"".join(map(key, numbers)), vectors, crops, {key(n): why for n, why in (reasons or {}).items()})
    return shelf


@pytest.fixture
def view():
    return View(Linear(), None)


def test_what_is_put_in_comes_out_in_the_order_asked_for(tmp_path, view):
    filled(Store(tmp_path), view, 3, 1, reasons={7: "picture is truncated"})
    filled(Store(tmp_path), view, 2)
    shelf = Store(tmp_path).shelf(view)
    shelf.scan(Silent())
    at = shelf.find(keys(1, 2, 9, 7, 3))
    assert (at >= 0).tolist() == [True, True, False, True, True]
    crops, reasons = shelf.details(at[at >= 0])
    assert reasons == [None, None, "picture is truncated", None]
    assert crops[0].tolist() == [1, 0, 10, 20] and crops.dtype == np.int32
    vectors = shelf.gather(at[[0, 1, 4]])
    assert vectors.dtype == np.float32 and vectors[:, 0].tolist() == [1, 2, 3]
    np.testing.assert_allclose(vectors[1], [2, 2.1, 2.2, 2.3, 2.4, 2.5])


def test_a_shard_with_set_asides_alone(tmp_path, view):
    filled(Store(tmp_path), view, reasons={1: "not a picture"})
    shelf = Store(tmp_path).shelf(view)
    shelf.scan(Silent())
    assert shelf.details(shelf.find(keys(1)))[1] == ["not a picture"]


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"", lambda b: b[:50] + bytes([b[50] ^ 1]) + b[51:]])
def test_a_damaged_shard_is_moved_aside_and_said(tmp_path, view, damage):
    filled(Store(tmp_path), view, 1)
    (shard,) = tmp_path.glob("embeddings/*/shard-*.parquet")
    filled(Store(tmp_path), view, 2)
    shard.write_bytes(damage(shard.read_bytes()))
    shelf, told = Store(tmp_path).shelf(view), Told()
    shelf.scan(told)
    assert (shelf.find(keys(1, 2)) >= 0).tolist() == [False, True]
    assert shard.name in told.said[0] and len(told.said) == 1
    assert shard.with_suffix(".damaged").exists() and not shard.exists()


def test_a_shard_under_another_name_is_not_believed(tmp_path, view):
    filled(Store(tmp_path), view, 1)
    (shard,) = tmp_path.glob("embeddings/*/shard-*.parquet")
    shard.rename(shard.with_name("shard-" + "0" * 32 + ".parquet"))
    shelf = Store(tmp_path).shelf(view)
    shelf.scan(Silent())
    assert shelf.find(keys(1)).tolist() == [-1]


def test_a_half_written_file_is_not_a_shard(tmp_path, view):
    filled(Store(tmp_path), view, 1)
    (shard,) = tmp_path.glob("embeddings/*/shard-*.parquet")
    (shard.parent / ".abc.tmp").write_bytes(b"half")
    shelf, told = Store(tmp_path).shelf(view), Told()
    shelf.scan(told)
    assert told.said == [] and shelf.find(keys(1)).tolist() == [0]


def test_whatever_decides_a_vector_has_a_shelf_of_its_own(background):
    one = View(Linear(), None)
    others = [
        View(Linear(fingerprint="other"), None),
        View(Linear(transform=Shrink(9)), None),
        View(Linear(), background),
        View(Linear(dim=7), None),
    ]
    names = {view.shelf_key(False) for view in [one, *others]} | {one.shelf_key(True)}
    assert len(names) == 6
    assert View(Linear(name="alias", batch_size=9), None).shelf_key(False) == one.shelf_key(False)


def test_meta_is_for_people_and_remembers_the_batch_size(tmp_path, view):
    shelf = Store(tmp_path).shelf(view)
    shelf.remember_batch_size(16)
    meta = json.loads((shelf.path / "meta.json").read_text())
    assert meta["name"] == "linear" and meta["dim"] == 6 and meta["crop"] == "full" and meta["dtype"] == "float32"
    again = Store(tmp_path).shelf(view)
    assert again.batch_size is None
    again.scan(Silent())
    assert again.batch_size == 16
    (shelf.path / "meta.json").write_text("[not json")
    torn = Store(tmp_path).shelf(view)
    torn.scan(Silent())
    assert torn.batch_size is None


def test_a_folder_that_cannot_be_made_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AuditError, match="--cache-dir"):
        Store(tmp_path / "file" / "cache")


@pytest.mark.parametrize(("number", "says"), [(errno.ENOSPC, "no room"), (errno.EROFS, "cannot be written")])
def test_a_full_or_forbidden_disk_is_an_audit_error_and_leaves_no_scraps(tmp_path, view, monkeypatch, number, says):
    store = Store(tmp_path)

    def fail(_):
        raise OSError(number, "refused")

    monkeypatch.setattr(store_module.os, "fsync", fail)
    with pytest.raises(AuditError, match=says):
        filled(store, view, 1)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: fail(0))
    with pytest.raises(AuditError, match="--cache-dir"):
        Store(tmp_path)
