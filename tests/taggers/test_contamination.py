"""The table of training data, and the refusal."""

from __future__ import annotations

import pytest
import timm

from dejavu_audit.errors import AuditError
from dejavu_audit.taggers.contamination import refuse_contaminated, trained_on


@pytest.mark.parametrize(
    ("family", "name", "pretrained", "known"),
    [
        ("timm", "resnet50.a1_in1k", "resnet50.a1_in1k", "ImageNet-1k"),
        ("timm", "resnet50", "a1_in1k", "ImageNet-1k"),
        ("timm", "convnext_base.fb_in22k_ft_in1k", None, "ImageNet-22k, then ImageNet-1k"),
        ("timm", "vit_base_patch16_224.augreg_in21k", None, "ImageNet-21k"),
        (
            "timm", "vit_base_patch16_clip_224.openai_ft_in12k_in1k", None,
            "WIT-400M, then ImageNet-12k, then ImageNet-1k",
        ),
        ("timm", "tf_efficientnet_b0.ns_jft_in1k", None, "JFT-300M, then ImageNet-1k"),
        ("timm", "vit_base_patch14_dinov2.lvd142m", None, "LVD-142M, which holds ImageNet-22k"),
        ("timm", "vit_base_patch16_224.mae", None, "ImageNet-1k"),
        ("openclip", "ViT-B-32", "openai", "WIT-400M"),
        ("openclip", "ViT-B-32", "laion2b_s34b_b79k", "LAION-2B"),
        ("openclip", "RN50", "cc12m", "CC12M"),
        ("openclip", "RN50", "yfcc15m", "YFCC15M"),
        ("openclip", "ViT-L-14", "datacomp_xl_s13b_b90k", "DataComp-1B"),
        ("openclip", "coca_ViT-B-32", "mscoco_finetuned_laion2b_s13b_b90k", "LAION-2B, then COCO"),
        ("torchvision", "resnet50", "IMAGENET1K_V2", "ImageNet-1k"),
        ("detector", "fasterrcnn_resnet50_fpn", "COCO_V1", "ImageNet-1k, then COCO"),
        ("detector", "ssdlite320_mobilenet_v3_large", "COCO_V1", "COCO"),
        ("sentence-transformers", "thenlper/gte-base", None, "texts alone"),
        ("hf", "facebook/dinov2-base", None, "LVD-142M, which holds ImageNet-22k"),
        # Nothing is known, or nothing can be.
        ("timm", "resnet50", "random", None),
        ("timm", "resnet50", "mine.safetensors", None),
        ("detector", "fasterrcnn_resnet50_fpn", "random", None),
        # A folder's name says nothing of a file in it, the file's own name does.
        ("timm", "resnet50", "/data/imagenet-audit/mine.safetensors", None),
        ("timm", "resnet50", "/data/mine/resnet50_in1k.safetensors", "ImageNet-1k"),
    ],
)  # fmt: skip
def test_trained_on(family, name, pretrained, known):
    assert trained_on(family, name, pretrained) == known


def test_every_timm_tag_that_names_imagenet_is_refused_for_imagenet():
    for name in timm.list_pretrained():
        if name.endswith("in1k"):
            with pytest.raises(AuditError):
                refuse_contaminated(trained_on("timm", name, name), "imagenet", what="it", allowed=False)


def test_refusal_and_what_the_report_says():
    known = trained_on("timm", "resnet50.a1_in1k", None)
    with pytest.raises(
        AuditError, match=r"^the tagger a is known to be trained on ImageNet-1k: .*--allow-contaminated"
    ):
        refuse_contaminated(known, "imagenet", what="the tagger a", allowed=False)
    said = refuse_contaminated(known, "imagenet", what="the tagger a", allowed=True)
    assert said is not None and said.startswith("the tagger a is known to be trained on ImageNet-1k")
    assert "allowed by --allow-contaminated" in said


@pytest.mark.parametrize(
    ("known", "data", "refused"),
    [
        ("ImageNet-1k", "imagenet", True),
        ("ImageNet-22k", "imagenet", True),  # ImageNet-1k's pictures are in it
        ("ImageNet-1k", "coco", False),
        ("LVD-142M, which holds ImageNet-22k", "imagenet", True),
        ("YFCC100M", "coco", True),  # Visual Genome is made of what both share
        ("ImageNet-1k", "mine; imagenet-1k val", True),  # the sources of the pictures count as the name does
        ("ImageNet-1k, to judge by its 1,000 classes", "imagenet", True),
        ("ImageNet-1k (backbone), then COCO", "coco", True),
        ("Objects365, GoldG (Visual Genome, Flickr30k) and Cap4M", "coco", True),  # Visual Genome took COCO's
        ("LAION-2B", "captions", False),
        ("LAION-2B", "laion-sample", True),
        ("CC12M", "my-cc12m", True),
        ("texts alone", "captions", False),
        ("texts alone, captions of COCO and Flickr30k among them", "coco", True),
        ("ImageNet-1k", "scenes", False),
        (None, "imagenet", False),
        ("ImageNet-1k", "", False),
    ],
)
def test_what_is_known_against_what(known, data, refused):
    if refused:
        with pytest.raises(AuditError):
            refuse_contaminated(known, data, what="it", allowed=False)
    else:
        assert refuse_contaminated(known, data, what="it", allowed=False) is None
