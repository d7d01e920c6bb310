"""What changes a fingerprint, what does not, and the memory of it."""

from __future__ import annotations

import json
import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.fingerprint import digest, hash_tensors, of_weights, shaping

BASE = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2)}


@pytest.mark.parametrize(
    "other",
    [
        {**BASE, "b": torch.tensor([1.0, 1.0000001])},
        {**BASE, "a": BASE["a"].reshape(3, 2)},
        {**BASE, "b": torch.ones(2, dtype=torch.float64)},
        {**BASE, "b": torch.ones(2).view(torch.int32)},
        {"a": BASE["a"], "c": BASE["b"]},
        {**BASE, "c": torch.zeros(0)},
        {"a": BASE["b"], "b": BASE["a"]},
    ],
)
def test_name_shape_dtype_and_bytes_all_count(other):
    assert hash_tensors(other) != hash_tensors(BASE)


def test_order_and_strides_do_not_count():
    turned = {"b": BASE["b"], "a": BASE["a"].t().contiguous().t()}
    assert not turned["a"].is_contiguous() and hash_tensors(turned) == hash_tensors(BASE)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int64, torch.bool, torch.uint8])
def test_any_dtype(dtype):
    one, two = ({"x": torch.tensor(v).to(dtype)} for v in ([0, 1, 1], [0, 1, 0]))
    assert hash_tensors(one) != hash_tensors(two)
    assert hash_tensors({"x": torch.tensor(1).to(dtype)}) != hash_tensors({"x": torch.tensor(0).to(dtype)})  # scalars


def test_heads_and_counters_are_left_out():
    state = dict.fromkeys(["fc", "fc.weight", "fcx.weight", "bn.num_batches_tracked", "w"], torch.zeros(1))
    assert set(shaping(state, not_counted=("fc",))) == {"fcx.weight", "w"}


@given(st.lists(st.text(max_size=5), min_size=2, max_size=2, unique=True))
def test_digest_keeps_parts_apart(parts):
    assert digest(*parts) != digest(*reversed(parts))
    assert digest("".join(parts)) != digest(*parts) != digest(parts[0] + "\0", parts[1])
    assert digest("ab", "c") != digest("a", "bc")


def test_the_hash_of_a_file_is_taken_once(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(fingerprint, "hash_tensors", lambda tensors: calls.append(1) or hash_tensors(tensors))
    file = tmp_path / "w.pt"
    file.write_bytes(b"1")
    cache = str(tmp_path / "cache")

    def ask(tensors=BASE):
        return of_weights(tensors, file=str(file), cache_dir=cache)

    assert ask() == ask() == hash_tensors(BASE) and len(calls) == 1
    os.utime(file, ns=(1, 1))
    assert ask() == hash_tensors(BASE) and len(calls) == 2  # changed: taken again
    ask({"a": BASE["a"]})
    assert len(calls) == 3  # another model filled from the same file
    for memory in (tmp_path / "cache" / "fingerprints").glob("*.json"):
        assert json.loads(memory.read_text())["weights"]
        memory.write_text("{broken")
    assert ask() == hash_tensors(BASE) and len(calls) == 4
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path):
    (tmp_path / "w").write_bytes(b"1")
    (tmp_path / "cache").write_text("a file, not a folder")
    assert of_weights(BASE, file=str(tmp_path / "w"), cache_dir=str(tmp_path / "cache")) == hash_tensors(BASE)
    assert of_weights(BASE, file=None, cache_dir=str(tmp_path / "cache")) == hash_tensors(BASE)
