from __future__ import annotations

import hashlib

import numpy as np
import pytest

from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.texts import embed_texts
from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent


class Hashing:
    """A text encoder whose output is known, and which remembers what it was asked."""

    name, dim = "hashing", 4

    def __init__(self, fingerprint="h1"):
        self.fingerprint = fingerprint
        self.asked = []

    def one(self, text):
        return np.frombuffer(hashlib.blake2b(text.encode(), digest_size=4).digest(), np.uint8) / np.float32(255)

    def embed_texts(self, texts):
        self.asked += texts
        return np.stack([self.one(text) for text in texts]).astype(np.float32)


def test_each_text_is_embedded_once_and_keeps_its_place(tmp_path):
    encoder, texts = Hashing(), ["a bee", "a cat", "a bee", "", "ünïcode 🐝"]
    vectors, embedded = embed_texts(encoder, texts, Store(tmp_path), Silent())
    assert embedded == 4 and sorted(encoder.asked) == sorted(set(texts))
    for text, vector in zip(texts, vectors, strict=True):
        assert vector.tolist() == encoder.one(text).astype(np.float32).tolist()


def test_a_later_call_finds_them_in_the_store(tmp_path):
    first, again = Hashing(), Hashing()
    embed_texts(first, ["x", "y"], Store(tmp_path), Silent())
    vectors, embedded = embed_texts(again, ["y", "z"], Store(tmp_path), Silent())
    assert again.asked == ["z"] and embedded == 1
    assert vectors[0].tolist() == first.one("y").astype(np.float32).tolist()


def test_another_encoder_has_a_shelf_of_its_own(tmp_path):
    embed_texts(Hashing("h1"), ["x"], Store(tmp_path), Silent())
    assert embed_texts(Hashing("h2"), ["x"], Store(tmp_path), Silent())[1] == 1


def test_no_texts_are_no_vectors(tmp_path):
    vectors, embedded = embed_texts(Hashing(), [], Store(tmp_path), Silent())
    assert vectors.shape == (0, 4) and embedded == 0


@pytest.mark.parametrize("given", [np.ones((1, 3), np.float32), np.full((1, 4), np.nan, np.float32)])
def test_an_encoder_that_breaks_its_promise_is_refused(tmp_path, given):
    encoder = Hashing()
    encoder.embed_texts = lambda texts: given
    with pytest.raises(AuditError, match="the text encoder hashing gave"):
        embed_texts(encoder, ["x"], Store(tmp_path), Silent())
