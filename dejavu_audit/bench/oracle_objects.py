"""Oracle encoders for the object test: captions that point to what they mention, to a memory, or to another picture.

Pictures have a topic, which favours some objects; a caption mentions one to three of a picture's objects. A picture's
embedding is the sum of its objects' directions. The encoder places a caption, with chance a_f, at the sum of what it
mentions (honest), else where another picture's caption belongs: a confident mistake. A memory places it at the
picture's own embedding, objects unmentioned included. The reference reads captions alone, with skill a_g and directions
of its own, and compares them with public captions. There is no formula for precision; the true gaps are the
population's means (see `oracle`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from dejavu_audit.bench.oracle import Answered, Population, unit
from dejavu_audit.neighbors import nearest
from dejavu_audit.scores.judged_objects import JudgedObjects
from dejavu_audit.scores.objects import PerSample, compare, predicted_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.neighbors import Neighbors

    Objects = sparse.csr_array
    Floats32 = NDArray[np.float32]

OBJECTS, TOPICS, TOPICAL_OBJECTS, DIMENSIONS = 80, 20, 12, 48
MOST_OBJECTS, MOST_MENTIONED = 6, 3
NOISE = 0.5
"""Length of an embedding's own part, where its objects' part has length 1."""


@dataclass(frozen=True)
class ObjectWorld:
    """Everything that is planted but for the share of memorized targets."""

    correlation: float = 0.8
    """Share of a picture's objects that its topic decides, and a caption gives away."""
    skill: float = 0.8
    """a_f: chance that the encoder reads a caption."""
    reference_skill: float = 0.8
    """a_g: the same of the reference."""
    public: int = 2_000
    k: int = 10
    pictures: int = 6_000
    """Size of the population."""

    def populate(self, seed: int, *, evidence: bool = False) -> Population[JudgedObjects]:
        """Plant the answers and read them as an audit does; the scores of single samples need no more `evidence`."""
        rng = np.random.default_rng(seed)
        favour = self._topics(rng)
        seen, mentioned = self._pictures(favour, self.pictures, rng)
        public, public_mentioned = self._pictures(favour, self.public, rng)
        directions, others = (unit(rng.standard_normal((OBJECTS, DIMENSIONS))) for _ in range(2))

        def found(queries: Floats32, among: Floats32) -> tuple[PerSample, Neighbors]:
            neighbors = nearest(queries, among, self.k)
            return compare(predicted_objects(neighbors.indices, public), seen), neighbors

        pictures = _embedded(public, directions, rng)
        captions = _embedded(public_mentioned, others, rng)
        reference, _ = found(self._read(mentioned, others, self.reference_skill, rng), captions)

        def answered(queries: Floats32) -> Answered[JudgedObjects]:
            target, neighbors = found(queries, pictures)
            return Answered(JudgedObjects(target, reference, neighbors.distances[:, 0].astype(np.float64)))

        honest = self._read(mentioned, directions, self.skill, rng)
        return Population(answered(honest), answered(_embedded(seen, directions, rng)))

    def _topics(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """(TOPICS, OBJECTS) chance of each object in a picture of each topic."""
        favour = np.full((TOPICS, OBJECTS), (1 - self.correlation) / OBJECTS)
        rank = 1 / np.arange(1, TOPICAL_OBJECTS + 1)
        for row in favour:
            row[rng.choice(OBJECTS, TOPICAL_OBJECTS, replace=False)] += self.correlation * rank / rank.sum()
        return favour

    def _pictures(self, favour: NDArray[np.float64], n: int, rng: np.random.Generator) -> tuple[Objects, Objects]:
        """(n, OBJECTS) what is on the pictures, and what of it their captions mention."""
        topic = rng.integers(0, TOPICS, n)
        # The largest of log chance + Gumbel noise are a draw without replacement, in its order.
        keys = np.log(np.maximum(favour[topic], 1e-12)) + rng.gumbel(size=(n, OBJECTS))
        order = np.argsort(-keys, axis=1)[:, :MOST_OBJECTS]
        size = rng.integers(MOST_MENTIONED, MOST_OBJECTS + 1, n)
        return _first(order, size), _first(order, rng.integers(1, MOST_MENTIONED + 1, n))

    def _read(self, mentioned: Objects, directions: Floats32, skill: float, rng: np.random.Generator) -> Floats32:
        """Where a reader of this skill places each caption."""
        n = mentioned.shape[0]
        read = np.where(rng.random(n) < skill, np.arange(n), rng.integers(0, n, n))
        return _embedded(mentioned[read], directions, rng)


def _first(order: NDArray[np.int64], size: NDArray[np.int64]) -> Objects:
    """Of each row the first `size` objects."""
    kept = np.arange(order.shape[1]) < size[:, None]
    indptr = np.concatenate([[0], np.cumsum(size)])
    matrix = sparse.csr_array((np.ones(int(size.sum()), np.bool_), order[kept], indptr), shape=(len(size), OBJECTS))
    matrix.sort_indices()
    return matrix


def _embedded(objects: Objects, directions: Floats32, rng: np.random.Generator) -> Floats32:
    """Where pictures or captions with these objects lie."""
    own = rng.standard_normal((objects.shape[0], DIMENSIONS)) * NOISE / DIMENSIONS**0.5
    return unit(unit(objects.astype(np.float64) @ directions.astype(np.float64)) + own)
