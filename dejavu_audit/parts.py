"""The parts of an audit that plug-ins give: references and taggers, loaded and held to what the test needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dejavu_audit import plugins
from dejavu_audit.data.manifest import user_path
from dejavu_audit.data.retabled import Retabled
from dejavu_audit.errors import AuditError
from dejavu_audit.scores.sample_scores import MEANINGS
from dejavu_audit.taggers.contamination import refuse_contaminated
from dejavu_audit.taggers.loading import load_tagger
from dejavu_audit.taggers.sidecar import is_sidecar, read_tags

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig, Test
    from dejavu_audit.types import Baseline, Dataset, Encoder, NeighborBaseline, Tagger

CAPTIONED = ("captions", "coco")
"""Built-in data that are captions with pictures: the object test is theirs."""


def default_test(config: AuditConfig, dataset: Dataset, encoder: Encoder) -> Test:
    """Objects for captioned data and an encoder that reads captions; for data without labels too, else label."""
    captioned = config.data in CAPTIONED or not len(dataset.classes)
    return "objects" if captioned and encoder.has_text else "label"


def refuse_without_text(who: str, encoder: Encoder) -> None:
    """AuditError for an encoder that cannot be asked about captions."""
    if not encoder.has_text:
        raise AuditError(
            f"--test objects asks about captions, and {who}, {encoder.family} {encoder.name} at layer {encoder.layer}, "
            "has no text tower; audit an image-caption model such as openclip ViT-B-32, or ask --test label"
        )


def refuse_unknown_score(config: AuditConfig) -> None:
    """AuditError where samples are to be ranked by a score that the test does not have."""
    scores = MEANINGS[str(config.test)]
    if config.sample_score not in ("auto", *scores):
        raise AuditError(
            f"--test {config.test} has no sample score {config.sample_score}; choose auto, {', '.join(scores)}"
        )


def audited_data(config: AuditConfig, dataset: Dataset) -> str:
    """Name of the audited data and where their pictures come from, to refuse parts that were trained on them."""
    sources = dataset.table["source"].unique().drop_null().to_pylist() if "source" in dataset.table.column_names else []
    return "; ".join([Path(config.data).stem, *sources])


def load_references(
    config: AuditConfig, dataset: Dataset, encoder: Encoder
) -> Mapping[str, Baseline | NeighborBaseline]:
    """Every reference that is asked for, by name; AuditError where one is the audited encoder itself."""
    if len(set(config.baseline)) < len(config.baseline):
        raise AuditError(f"--baseline names one baseline twice ({', '.join(config.baseline)}); name each once")
    found: dict[str, Baseline | NeighborBaseline] = {}
    for name in config.baseline:
        make = plugins.find(plugins.BASELINES, name, kind="baseline")
        one = make(replace(config.baseline_request(name), data=audited_data(config, dataset)))
        second = getattr(one, "encoder", None)
        if second is not None and getattr(second, "fingerprint", None) == encoder.fingerprint:
            raise AuditError(
                f"the reference {name} is the audited encoder itself (same weights, same layer), which explains "
                "everything; name a model that was trained without the targets"
            )
        found[name] = one
    return found


def find_objects(config: AuditConfig, dataset: Dataset) -> tuple[Dataset, Tagger | None, tuple[str, ...]]:
    """What finds the objects: a sidecar file puts them into the table, a tagger will look at the pictures.

    The third is what must be said of a tagger that was allowed though it was trained on the audited pictures: what it
    finds on them it may remember.
    """
    if config.tagger is None or config.test != "objects":
        return dataset, None, ()
    if is_sidecar(config.tagger):
        path = user_path(config.tagger)
        column = read_tags(path, dataset.table["id"], paths=dataset.table["path"])
        return Retabled(dataset, {"objects": column}, (f"objects are those of {path}",)), None, ()
    tagger = load_tagger(
        config.tagger,
        options=config.tagger_options,
        device=config.device,
        precision=config.precision,
        batch_size=config.batch_size,
        cache_dir=config.cache_dir,
    )
    told = refuse_contaminated(
        tagger.trained_on,
        audited_data(config, dataset),
        what=f"the tagger {config.tagger}",
        allowed=config.allow_contaminated,
    )
    return dataset, tagger, () if told is None else (told,)
