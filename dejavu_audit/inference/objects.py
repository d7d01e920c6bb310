"""The object test: are the objects of a picture inferred from its caption (method: section 2)?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dejavu_audit.data.terms import NO_OBJECTS
from dejavu_audit.embeddings.texts import embed_texts
from dejavu_audit.embeddings.views import View
from dejavu_audit.errors import AuditError
from dejavu_audit.inference.control import Design, in_set, paired_sets
from dejavu_audit.inference.protocol import Strength
from dejavu_audit.neighbors import nearest
from dejavu_audit.parts import refuse_without_text
from dejavu_audit.report.object_samples import object_columns
from dejavu_audit.scores import sample_scores as samplewise
from dejavu_audit.scores.judged_objects import JudgedObjects
from dejavu_audit.scores.object_test import headline, object_scores
from dejavu_audit.scores.objects import PerSample, compare, predicted_objects
from dejavu_audit.scores.significance import mcnemar
from dejavu_audit.scores.strongest import strongest_objects
from dejavu_audit.taggers.objects import object_matrix, tag_matrix

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from scipy import sparse

    from dejavu_audit.neighbors import Neighbors
    from dejavu_audit.report.clock import Clock
    from dejavu_audit.scores.estimates import Score
    from dejavu_audit.scores.headline import Headline
    from dejavu_audit.scores.memorized import Memorized
    from dejavu_audit.stages import Plan, Seen
    from dejavu_audit.types import Array, Encoder, NeighborBaseline, Progress, Rows, TextEncoder

NAME = "objects"
STRENGTH = Strength("ppg", "precision_reference", "precision_target", control_gap="ppg_control")
TOPS: Mapping[str, int | None] = {"1": 1, "10": 10, "all": None}
NEIGHBOURS = (1, 10, 100)
"""The settings that are reported beside the one asked for (method: section 2.2)."""
GRID = tuple(key + where for key in ("ppg", "prg", "aucg") for where in ("", "_targets", "_control"))
"""The scores that are reported of every setting."""


@dataclass(frozen=True)
class Answers:
    """What the encoder and the references say of every judged caption, row by row of `rows`."""

    rows: Rows
    public: Rows
    vocabulary: list[str]
    truth: sparse.csr_array
    """(n, o) the objects of the judged."""
    public_objects: sparse.csr_array
    """(p, o) the objects of the public samples."""
    neighbors: Neighbors
    """Of the encoder, as many as the widest setting asks for."""
    members: Mapping[str, Neighbors]
    """Of every reference."""
    k: int
    top: int | None

    def predicted(self, neighbors: Neighbors, k: int, top: int | None) -> sparse.csr_array:
        """(n, o) what the k nearest public samples say is to be seen."""
        return predicted_objects(neighbors.indices[:, :k], self.public_objects, top)


def jobs(plan: Plan) -> dict[str, tuple[View, Rows]]:
    """What is to be looked at: the public pictures, where captions are compared with pictures; else captions alone."""
    split, pictures = plan.split, plan.config.query == "t2i"
    wanted = {"public": (View(plan.encoder, None), split.public)} if pictures else {}
    for name, one in plan.references.items():
        if not hasattr(one, "encoder"):
            raise AuditError(
                f"the baseline {name} reads background crops and no captions; for --test objects choose caption-only, "
                "or a second encoder by --reference"
            )
        if pictures and hasattr(one.encoder, "embed_images"):
            refuse_without_text("the reference", cast("Encoder", one.encoder))
            wanted[f"{name}/public"] = (View(cast("Encoder", one.encoder), None), split.public)
    if plan.tagger is not None:
        wanted["objects"] = (View(plan.tagger, None), np.concatenate([split.judged, split.public]))
    return wanted


def set_aside(plan: Plan, seen: Seen) -> dict[int, str]:
    """The rows on which a tagger found nothing: they cannot be judged, and as neighbours they say nothing."""
    if plan.tagger is None:
        return {}
    rows, scores = seen.views["objects"].of(seen.left(np.concatenate([plan.split.judged, plan.split.public])))
    found = tag_matrix(scores, plan.config.tag_threshold)
    return dict.fromkeys(rows[np.diff(found.indptr) == 0].tolist(), NO_OBJECTS)


def infer(plan: Plan, seen: Seen, progress: Progress, clock: Clock) -> Answers:
    """Ask the encoder, then every reference, about every judged caption."""
    rows, public = seen.judged, seen.public
    truth, public_objects, vocabulary = _objects(plan, seen, rows, public)
    most = max(cast(int, plan.config.k), *(k for k in NEIGHBOURS if k <= len(public)))
    with clock("neighbours"):
        neighbors = _nearest(plan, seen, plan.encoder, "", most, progress)
    with clock("reference"):
        members = {
            name: _nearest(plan, seen, cast("NeighborBaseline", one).encoder, f"{name}/", most, progress)
            for name, one in plan.references.items()
        }
    top = TOPS[plan.config.top_objects]
    return Answers(rows, public, vocabulary, truth, public_objects, neighbors, members, cast(int, plan.config.k), top)


def _objects(plan: Plan, seen: Seen, rows: Rows, public: Rows) -> tuple[sparse.csr_array, sparse.csr_array, list[str]]:
    """The objects of the judged and of the public samples over one vocabulary."""
    every = np.concatenate([rows, public])
    if plan.tagger is None:
        matrix, vocabulary = object_matrix(plan.dataset.table["objects"].take(every), None)
    else:
        _, scores = seen.views["objects"].of(every)
        matrix, vocabulary = tag_matrix(scores, plan.config.tag_threshold), list(plan.tagger.vocabulary)
    return matrix[: len(rows)], matrix[len(rows) :], vocabulary


def _nearest(plan: Plan, seen: Seen, encoder: Encoder | TextEncoder, who: str, k: int, progress: Progress) -> Neighbors:
    """The nearest public samples of every judged caption, in one encoder's space."""

    def captions(of: Rows) -> Any:
        texts = plan.dataset.table["caption"].take(of).to_pylist()
        vectors, embedded = embed_texts(encoder, texts, plan.store, progress)
        counted = seen.counts.setdefault("captions", {})
        counted[who.rstrip("/") or "encoder"] = counted.get(who.rstrip("/") or "encoder", 0) + embedded
        return vectors

    view = seen.views.get(f"{who}public")
    public = captions(seen.public) if view is None else view.of(seen.public)[1]
    return nearest(captions(seen.judged), public, k)


def judge(
    plan: Plan, seen: Seen, answers: Answers, member: str | None = None
) -> tuple[JudgedObjects, JudgedObjects | None]:
    """Compare both answers with the truth, for the targets and for the control; by one reference, or by all."""
    return _judged(plan, seen, answers, answers.k, answers.top, member)


def _judged(
    plan: Plan, seen: Seen, answers: Answers, k: int, top: int | None, member: str | None = None
) -> tuple[JudgedObjects, JudgedObjects | None]:
    target, reference = _compared(plan, answers, k, top, member)
    nearest_one = answers.neighbors.distances[:, 0].astype(np.float64)

    def judged(at: Rows, design: Design) -> JudgedObjects:
        return JudgedObjects(target.taken(at), reference.taken(at), nearest_one[at], **design._asdict())

    return paired_sets(plan, seen, judged)


def _compared(
    plan: Plan, answers: Answers, k: int, top: int | None, member: str | None = None
) -> tuple[PerSample, PerSample]:
    """How right the encoder is on every judged caption, and how right the reference."""
    target = answer(plan, answers, answers.neighbors, k, top)
    chosen = answers.members if member is None else {member: answers.members[member]}
    return target, strongest_objects([answer(plan, answers, one, k, top) for one in chosen.values()])


def answer(plan: Plan, answers: Answers, neighbors: Neighbors, k: int, top: int | None) -> PerSample:
    """Precision, recall and F1 of what the neighbours say."""
    return compare(answers.predicted(neighbors, k, top), answers.truth, compat=plan.config.compat)


def settings(answers: Answers) -> Iterator[tuple[str, int, int | None]]:
    """The suffix of a score's key, k and the number of objects, of every setting that this public set allows."""
    for k in NEIGHBOURS:
        if k <= len(answers.public):
            for name, top in TOPS.items():
                yield f"_k{k}_top{name}", k, top


def scores(plan: Plan, targets: JudgedObjects, control: JudgedObjects | None) -> dict[str, Score]:
    """Every score of the object test, at the setting asked for."""
    return _scores(plan, targets, control)


def _scores(
    plan: Plan, targets: JudgedObjects, control: JudgedObjects | None, only: tuple[str, ...] | None = None
) -> dict[str, Score]:
    config = plan.config
    return object_scores(
        targets,
        control,
        level=config.level,
        replicates=config.replicates,
        seed=config.seed,
        interval=config.interval,
        compat=config.compat,
        only=only,
    )


def other_settings(plan: Plan, seen: Seen, answers: Answers) -> dict[str, Score]:
    """PPG, PRG and AUCG at every k and number of objects, as in `ppg_k1_top10` and `ppg_targets_k1_top10`."""
    found: dict[str, Score] = {}
    for suffix, k, top in settings(answers):
        some = _scores(plan, *_judged(plan, seen, answers, k, top), only=GRID)
        found |= {key + suffix: some[key] for key in GRID if key in some}
    return found


def sample_scores(plan: Plan, seen: Seen, answers: Answers) -> dict[str, Array]:
    """How much more of each caption's objects the encoder tells than the reference."""
    target, reference = _compared(plan, answers, answers.k, answers.top)
    return {
        "recall_gap": samplewise.recall_gap(target.recall, reference.recall),
        "precision_gap": samplewise.precision_gap(target.precision, reference.precision),
        "correct_gap": samplewise.correct_gap(target.correct, reference.correct),
    }


def describe(plan: Plan, answers: Answers, member: str) -> dict[str, Any]:
    """What a reference is."""
    return dict(plan.references[member].describe())


def find_headline(
    plan: Plan, found: Mapping[str, Score], targets: JudgedObjects, control: JudgedObjects | None
) -> Headline:
    """The one number, with its test."""
    return headline(found, targets, control, level=plan.config.level, seed=plan.config.seed)


def tests(targets: JudgedObjects) -> dict[str, dict[str, Any]]:
    """The exact sign test on the targets: is the encoder more often the more precise one?"""
    more = targets.target.precision > targets.reference.precision
    less = targets.target.precision < targets.reference.precision
    test = mcnemar(more, less)
    return {
        "sign_precision": {
            "memorized": test.first_only,
            "misrepresented": test.second_only,
            "p_value_greater": test.greater,
            "p_value_two_sided": test.two_sided,
        }
    }


def draw(plan: Plan, targets: JudgedObjects, control: JudgedObjects | None) -> list[Path]:
    """The two recall curves, and the gaps against L."""
    from dejavu_audit.report.object_charts import write_object_charts  # the plotting library takes a second to load

    name = "The reference's members" if plan.symmetric else "Control"
    return write_object_charts(plan.folder.path, targets, control, control_name=name)


def samples(plan: Plan, seen: Seen, answers: Answers, memorized: Memorized | None) -> pa.Table:
    """The table of judged samples."""
    k, top = answers.k, answers.top
    return object_columns(
        table=plan.dataset.table,
        rows=answers.rows,
        sets=in_set(plan, answers.rows),
        vocabulary=answers.vocabulary,
        truth=answers.truth,
        neighbors=answers.neighbors,
        k=k,
        public=answers.public,
        predicted=answers.predicted(answers.neighbors, k, top),
        target=answer(plan, answers, answers.neighbors, k, top),
        members={
            name: (answers.predicted(one, k, top), answer(plan, answers, one, k, top))
            for name, one in answers.members.items()
        },
        memorized=memorized,
    )
