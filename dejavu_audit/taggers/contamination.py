"""What published weights were trained on: a table, kept by hand, and the refusal of what cannot be honest.

A reference, or a tagger inside one, must not have been trained on the targets (method: section 3). Nothing can tell
that of weights in general; of the common published ones it is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from dejavu_audit.errors import AuditError

TEXT_FAMILY = "sentence-transformers"


@dataclass(frozen=True)
class Known:
    """Weights whose name holds `sign` (a regular expression, lower case) are trained on `data`."""

    sign: str
    data: str
    families: tuple[str, ...] = ()
    """Where this sign means it; empty: everywhere."""


@dataclass(frozen=True)
class Asked:
    """Audited data whose name holds `name` are among what matches `within` (both lower case)."""

    name: str
    within: str


_START, _END = r"(?<![a-z0-9])", r"(?![a-z0-9])"
_DETECTORS = ("detector", "torchvision")
_IMAGENET = "ImageNet-1k"

# In the order in which a training reads: what came first, first. All that match are told.
KNOWN: tuple[Known, ...] = (
    # Pairs from the web, as open_clip, timm and the hub name them.
    Known(rf"{_START}openai{_END}", "WIT-400M"),
    Known(r"laion[-_]?400m", "LAION-400M"),
    Known(r"laion[-_]?2b", "LAION-2B"),
    Known(r"laion[-_]?5b", "LAION-5B"),
    Known(r"laion[-_]?a(esthetic)?(?![a-z])", "LAION-Aesthetic"),
    Known(r"merged[-_]?2b", "LAION-2B and COYO-700M"),
    Known(r"datacomp|apple_mclip(?!2)", "DataComp"),
    Known(r"commonpool", "CommonPool"),
    Known(r"dfn(dr)?[-_]?[25]b", "DFN"),
    Known(r"metaclip", "MetaCLIP's selection of Common Crawl"),
    Known(r"yfcc[-_]?(15|100)?m", "YFCC100M"),
    Known(r"cc[-_]?12m", "CC12M"),
    Known(r"cc[-_]?3m", "CC3M"),
    Known(r"webli|siglip", "WebLI"),
    # Pictures alone.
    Known(r"jft", "JFT-300M"),
    Known(r"ig[-_]?1b|[._](swag|seer)", "Instagram pictures"),
    Known(r"sa[-_]?1b", "SA-1B"),
    Known(r"lvd[-_]?142m|dinov2", "LVD-142M, which holds ImageNet-22k"),
    Known(r"lvd[-_]?1689m|dinov3.*lvd", "LVD-1689M with ImageNet-1k and ImageNet-22k"),
    Known(r"m(im)?[-_]?(30|38)m", "Merged-30M or Merged-38M, which hold ImageNet-22k and COCO"),
    Known(r"^beit3", "ImageNet-21k, CC12M, CC3M, SBU, COCO and Visual Genome", ("timm",)),
    Known(rf"{_START}in(w)?21k|imagenet[-_]?21k", "ImageNet-21k"),
    Known(rf"{_START}in22k|imagenet[-_]?22k", "ImageNet-22k"),
    Known(rf"{_START}in12k|imagenet[-_]?12k", "ImageNet-12k"),
    Known(r"[._](dino|fb_dino|mae|fcmae)(?![a-z0-9])", _IMAGENET, ("timm", "hf")),
    Known(rf"{_START}in1k|imagenet[-_]?1k|ilsvrc|imagenet(?![-_]?\d+k)", _IMAGENET),
    # Detectors: the backbone of torchvision's began with ImageNet weights, but for SSDlite.
    Known(r"^(?!ssdlite).*coco_(v1|legacy)", "ImageNet-1k (backbone), then COCO", _DETECTORS),
    Known(r"^ssdlite.*coco_v1", "COCO", _DETECTORS),
    Known(r"owlvit|owl-vit", "WIT-400M, then Objects365, Visual Genome and partly OpenImages"),
    Known(r"owlv2|owl-v2", "WebLI, then Objects365, Visual Genome and OpenImages"),
    Known(r"grounding[-_]?dino[-_]?base", "COCO, RefCOCO, Objects365, GoldG, Cap4M and OpenImages"),
    Known(r"grounding[-_]?dino[-_]?tiny", "Objects365, GoldG (Visual Genome, Flickr30k) and Cap4M"),
    Known(r"ms[-_]?coco|(?<![a-z])coco(?!_(v1|legacy)|[a-z0-9])", "COCO"),
)

# COCO's pictures are in Visual Genome and RefCOCO; ImageNet-1k's in every larger ImageNet.
ASKED: tuple[Asked, ...] = (
    Asked(r"imagenet|ilsvrc", r"imagenet"),
    Asked(r"coco", r"coco|visual genome"),
    Asked(r"flickr[-_]?30k", r"flickr30k"),
    Asked(r"laion", r"laion"),
    Asked(r"datacomp", r"datacomp"),
    Asked(r"yfcc", r"yfcc"),
    Asked(r"cc[-_]?12m", r"cc12m"),
    Asked(r"cc[-_]?3m|conceptual", r"cc3m"),
    Asked(r"open[-_]?images", r"openimages"),
    Asked(r"objects365", r"objects365"),
    Asked(r"visual[-_]?genome", r"visual genome"),
)


def trained_on(family: str, name: str, pretrained: str | None) -> str | None:
    """What is known of the training data of weights, in words as "LAION-2B, then ImageNet-1k"; None: nothing.

    `family` is a family of encoders, "detector", "torchvision", "zero-shot" or "sentence-transformers"; `pretrained`
    a tag, "random" or a file, of which the bare name is read. Published names say this; a file may be named wrongly.
    """
    if pretrained == "random":
        return None
    text = f"{_bare(name)}.{_bare(pretrained or '')}".lower()
    if family == TEXT_FAMILY:
        seen = re.search(rf"{_START}all-(minilm|mpnet|distilroberta|roberta)", text)
        return "texts alone, captions of COCO and Flickr30k among them" if seen else "texts alone"
    found = [
        known.data
        for known in KNOWN
        if (not known.families or family in known.families) and re.search(known.sign, text)
    ]
    return ", then ".join(dict.fromkeys(found)) or None


def refuse_contaminated(trained_on: str | None, data: str, *, what: str, allowed: bool) -> str | None:
    """Refuse a part of a reference that is known to be trained on the audited data.

    `data` is the name of the audited data ("imagenet", "coco", or the stem of a description), `what` names the part
    ("the tagger timm:resnet50.a1_in1k"). Returns None where nothing is known against it, the sentence for the report
    where it is `allowed` all the same; else raises it as an AuditError.
    """
    if trained_on is None or not any(
        re.search(asked.name, data.lower()) and re.search(asked.within, trained_on.lower()) for asked in ASKED
    ):
        return None
    fault = f"{what} is known to be trained on {trained_on}: it may know the targets of an audit on {data}"
    if allowed:
        return f"{fault}, so that it can pass memory off as correlation; it was allowed by --allow-contaminated"
    raise AuditError(
        f"{fault}, and is no honest part of a reference; choose one trained on other data, or type "
        "--allow-contaminated, and the report will say so"
    )


def _bare(text: str) -> str:
    """The last part of a path or a hub's name: the folders around a file say nothing of it."""
    return PurePath(text).name
