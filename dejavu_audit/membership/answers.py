"""Whether weights were trained on pictures of a source: the training, as far as it is known, against the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from dejavu_audit.membership import datasets
from dejavu_audit.membership.datasets import Holds, Part, Relation, relation
from dejavu_audit.membership.drawn import Drawn
from dejavu_audit.membership.header import TRAINING_DATA
from dejavu_audit.membership.scenes import NAME, Recipe, recipe_of, world_of
from dejavu_audit.membership.weights import RANDOM, Training, training_in, training_of

Basis: TypeAlias = Literal["table", "header", "user", "data", "none"]


class Weights(NamedTuple):
    """The audited weights, or those of a reference, and what they say of themselves."""

    family: str
    name: str
    pretrained: str
    header: Mapping[str, str] = {}
    """Strings of a safetensors header."""
    words: str | None = None
    """What is said of the training data in words, by a tagger; counts before the table."""

    @property
    def training(self) -> Training | None:
        """What they were trained on, by the header's word or by the table."""
        if self.words is not None:
            return training_in(self.words)
        told = self.header.get(TRAINING_DATA)
        if told is not None:
            parts = tuple(filter(None, map(datasets.find, told.split(";"))))
            complete = len(parts) == len(told.split(";"))
            return Training(parts, "the header of the weights", "stated" if complete else "name")
        found = training_of(self.family, self.name, self.pretrained or None)
        # A file or folder may be called like published weights, and be others.
        return replace(found, sure="name") if found is not None and self._on_disk() else found

    def _on_disk(self) -> bool:
        return any(text and Path(text).expanduser().exists() for text in (self.pretrained, self.name))


class Answer(NamedTuple):
    """What is known of the pictures of one source."""

    holds: Holds
    why: str
    source: str
    basis: Basis = "table"


def answers(weights: Weights, pictures: Drawn) -> list[tuple[Answer, int]]:
    """What is known of the pictures of a set, source by source, with the number of pictures."""
    found: list[tuple[Answer, int]] = []
    for source, count in pictures.sources.items():
        if weights.pretrained == RANDOM:
            found.append((Answer("lacks", "the weights are random, and were trained on nothing", "the audit"), count))
            continue
        recipe = recipe_of(weights.header)
        if recipe is not None:
            found += _of_scenes(recipe, source, count, pictures)
        else:
            found.append((_of_source(weights, source), count))
    return found


def _of_scenes(recipe: Recipe, source: str, count: int, pictures: Drawn) -> list[tuple[Answer, int]]:
    """The recipe tells picture by picture."""
    word = "the recipe in the header of the weights"
    world = world_of(source)
    if world is None:
        why = "it was trained on procedural scenes alone" if source else "the data do not say where they come from"
        return [(Answer("lacks" if source else "unknown", why, word, "header"), count)]
    saw = recipe.saw(world, pictures.ids.get(source, ()))
    told = [
        (Answer("holds", f"it was trained on these scenes, each repeated {recipe.repeats} times", word, "header"), saw),
        (Answer("lacks", "it was trained on other scenes", word, "header"), count - saw),
    ]
    return [one for one in told if one[1]]


def _of_source(weights: Weights, source: str) -> Answer:
    if not source:
        return Answer("unknown", "the data do not say where they come from", "", "none")
    training = weights.training
    basis: Basis = "header" if TRAINING_DATA in weights.header else "table"
    if training is None:
        return Answer("unknown", "nothing is known of what these weights were trained on", "", "none")
    asked = Part(NAME) if world_of(source) else datasets.find(source)
    if asked is None:
        near = datasets.near(source)
        hint = f" (did you mean {' or '.join(near)}?)" if near else ""
        return Answer("unknown", f"nothing is known of their source {source!r}{hint}", "", "none")
    if training.sure == "name":
        said = f"they are called after {training.words}" if training.words else "their header cannot be read"
        return Answer("unknown", f"nothing proves what these weights were trained on: {said}", training.source, basis)
    return trained_on(training, asked)._replace(basis=basis)


def trained_on(training: Training, asked: Part) -> Answer:
    """Whether a training has seen the pictures of a part: the surest of what its data sets say."""
    whole = [relation(one, asked) for one in training.data]
    partly = [_weaker(relation(one, asked)) for one in training.some]
    passed = [
        one._replace(
            holds="unknown", why=f"it was distilled from a model, or on its tokens, that saw others: {one.why}"
        )
        for one in (relation(other, asked) for other in training.teacher)
        if one.holds != "lacks"
    ]
    perhaps = [
        Relation("unknown", f"it may have begun with weights that saw {other.title}", training.source)
        for other in training.perhaps
        if relation(other, asked).holds != "lacks"
    ]
    found = [*whole, *partly, *passed, *perhaps]
    for holds in ("holds", "some", "unknown", "lacks"):
        first = next(_of(found, holds), None)
        if first is not None:
            doubtful = holds in ("holds", "lacks") and "thought" in (first.sure, training.sure)
            why = f"{first.why}, as is thought" if doubtful else first.why
            note = f" ({training.note})" if training.note else ""
            return Answer(first.holds, why + note, "; ".join(dict.fromkeys((training.source, first.source))))
    return Answer("unknown", "no picture that it was trained on is known", training.source)


def _weaker(one: Relation) -> Relation:
    if one.holds != "holds":
        return one
    return one._replace(holds="some", why=f"it was trained on some of a set that has them: {one.why}")


def _of(found: Iterable[Relation], holds: str) -> Iterator[Relation]:
    return (one for one in found if one.holds == holds)
