"""How long the search for neighbours will take: a piece of it, on vectors of noise."""

from __future__ import annotations

import time

import numpy as np

from dejavu_audit.neighbors import nearest

PIECE_BYTES = 32 << 20
"""Most that the public vectors of a piece take."""
QUERIES = 256


def search_seconds(queries: int, public: int, dim: int, k: int) -> float:
    """Seconds for the k nearest of `public` vectors of each query; time grows with the product of both."""
    if not queries or not public:
        return 0.0
    rows = min(public, max(k + 1, PIECE_BYTES // (4 * dim)))
    asked = min(queries, QUERIES)
    noise = np.random.default_rng(0)
    some, few = (noise.standard_normal((n, dim), np.float32) for n in (rows, asked))
    for vectors in (some, few):
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    k = min(k, rows)
    nearest(few[:1], some[: k + 1], k)  # the first call starts faiss's threads
    began = time.perf_counter()
    nearest(few, some, k)
    return (time.perf_counter() - began) * (queries / asked) * (public / rows)
