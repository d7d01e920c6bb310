"""The refusal of what cannot be honest: a part of a reference that is known to be trained on the audited data.

What published weights were trained on is in the tables of `dejavu_audit.membership` (method: section 3).
"""

from __future__ import annotations

from dejavu_audit.errors import AuditError
from dejavu_audit.membership.datasets import Part, Relation, mentioned, relation
from dejavu_audit.membership.weights import SENTENCES, training_of

TEXT_FAMILY = SENTENCES


def trained_on(family: str, name: str, pretrained: str | None) -> str | None:
    """What is known of the training data of weights, in words as "LAION-2B, then ImageNet-1k"; None: nothing.

    `family` is a family of encoders, "detector", "torchvision", "zero-shot" or "sentence-transformers"; `pretrained`
    a tag, "random" or a file, of which the bare name is read. Published names say this; a file may be named wrongly.
    """
    found = training_of(family, name, pretrained)
    return None if found is None else found.words


def known_against(trained_on: str | None, data: str) -> Relation | None:
    """What is known against a part that is trained on `trained_on`, in words, in an audit on `data`; None: nothing.

    `data` is a name ("imagenet", "my-coco"), and maybe the sources of the audited pictures ("coco train2017"): whatever
    data sets it speaks of count, in all their splits, since a reference may know neither targets nor control.
    """
    for asked in mentioned(data):
        for trained in mentioned(trained_on or ""):
            found = relation(Part(trained), Part(asked))
            if found.holds in ("holds", "some"):
                return found
    return None


def refuse_contaminated(trained_on: str | None, data: str, *, what: str, allowed: bool) -> str | None:
    """Refuse a part of a reference that is known to be trained on the audited data.

    `data` is the name of the audited data ("imagenet", "coco", or the stem of a description) and, after semicolons,
    where the pictures come from; `what` names the part ("the tagger timm:resnet50.a1_in1k"). Returns None where nothing
    is known against it, the sentence for the report where it is `allowed` all the same; else raises it as an
    AuditError.
    """
    if known_against(trained_on, data) is None:
        return None
    name = data.partition(";")[0]
    fault = f"{what} is known to be trained on {trained_on}: it may know the targets of an audit on {name}"
    if allowed:
        return f"{fault}, so that it can pass memory off as correlation; it was allowed by --allow-contaminated"
    raise AuditError(
        f"{fault}, and is no honest part of a reference; choose one trained on other data, or type "
        "--allow-contaminated, and the report will say so"
    )
