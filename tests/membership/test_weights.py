"""What published weights were trained on. Every tag of the installed libraries is walked."""

from __future__ import annotations

import open_clip
import pytest
import timm
from torchvision import models

from dejavu_audit.membership.datasets import part
from dejavu_audit.membership.tables import read_table
from dejavu_audit.membership.tags import read_tag
from dejavu_audit.membership.weights import training_of

# A new version of a library may bring tags that nobody has looked up yet; those that were looked up must stay known.
UNKNOWN_OPEN_CLIP: set[tuple[str, str]] = set()
UNKNOWN_TIMM: set[str] = set()
UNKNOWN_TORCHVISION = {  # optical flow: no encoders of pictures
    *(("raft_large", f"C_T_{one}") for one in ("V1", "V2", "SKHT_V1", "SKHT_V2", "SKHT_K_V1", "SKHT_K_V2")),
    *(("raft_small", f"C_T_{one}") for one in ("V1", "V2")),
}
UNDISCLOSED_TIMM = ("qwen", "deepseek", "gemma", "robbyant")


def resolved(family, name, tag):
    found = training_of(family, name, tag)
    return found is not None and found.sure != "name" and bool(found.data or found.some)


def test_every_tag_of_open_clip():
    """The bar is 100 % of the installed version."""
    every = set(open_clip.list_pretrained())
    unknown = {one for one in every if not resolved("openclip", *one)}
    assert unknown <= UNKNOWN_OPEN_CLIP or len(unknown) < 0.02 * len(every), sorted(unknown)
    if len(every) == 196:  # open_clip 3.3.0, which the table was made with
        assert not unknown


def test_every_tag_of_timm():
    """The bar is 98 %; of those, few name data that are not disclosed."""
    every = timm.list_pretrained()
    unknown = {one for one in every if not resolved("timm", one, one)}
    assert unknown <= UNKNOWN_TIMM or len(unknown) < 0.02 * len(every), sorted(unknown)
    if len(every) == 1_826:  # timm 1.0.31, which the table was made with
        assert not unknown
        hidden = [one for one in every if not training_of("timm", one, one).disclosed]
        assert len(hidden) == 54 and all(one.split(".")[1].startswith(UNDISCLOSED_TIMM) for one in hidden)


def test_every_weight_of_torchvision():
    every = {(name, weights.name) for name in models.list_models() for weights in models.get_model_weights(name)}
    assert {one for one in every if not resolved("torchvision", *one)} <= UNKNOWN_TORCHVISION


def test_timm_may_be_asked_in_four_ways():
    for name in timm.list_pretrained()[::10]:
        arch, _, tag = name.partition(".")
        ways = [(name, name), (arch, tag), (name, None), (arch, f"hf-hub:timm/{name}")]
        assert len({training_of("timm", *way) for way in ways}) == 1, name


def test_tags_that_end_in_an_imagenet_were_trained_on_it():
    ends = {"in1k": "imagenet-1k train", "in12k": "imagenet-12k", "in22k": "imagenet-22k", "inw21k": "imagenet-w21"}
    seen = 0
    for name in timm.list_pretrained():
        last = name.rsplit("_", 1)[-1]
        found = training_of("timm", name, name)
        if last in ends and ".swag_lc" not in name:
            assert part(ends[last]) in found.data, name
            seen += 1
    assert seen > 1_000


@pytest.mark.parametrize("entry", read_table("weights.toml")["weights"], ids=lambda one: one["source"][:40])
def test_an_entry_is_whole(entry):
    for name in ("data", "some", "head", "teacher", "perhaps"):
        for one in entry.get(name, ()):
            assert part(one)
    assert entry["source"] and entry.get("sure", "stated") in ("stated", "tag", "thought", "name")
    assert entry.get("tokens") or "data" in entry


def test_no_entry_is_hidden_by_one_before_it():
    """Every entry for open_clip and timm is the one that some published tag meets."""
    met = set()
    for family, names in (("openclip", open_clip.list_pretrained()), ("timm", map(split, timm.list_pretrained()))):
        for model, tag in names:
            met.add((family, training_of(family, model, tag).source, training_of(family, model, tag).data))
    sources = {(family, source) for family, source, _ in met}
    for entry in read_table("weights.toml")["weights"]:
        for family in entry["families"]:
            if family in ("openclip", "timm"):
                assert (family, entry["source"]) in sources, entry


def split(name):
    return tuple(name.split(".", 1))


@pytest.mark.parametrize(
    ("family", "name", "tag", "data"),
    [
        ("timm", "resnet50", "a1_in1k", ["imagenet-1k train"]),
        ("timm", "tf_efficientnet_b0", "ns_jft_in1k", ["jft-300m", "imagenet-1k train"]),
        ("timm", "resnext50_32x4d", "fb_swsl_ig1b_ft_in1k", ["ig-940m", "imagenet-1k train"]),
        ("timm", "vit_large_patch14_clip_224", "openai_ft_in1k", ["wit-400m", "imagenet-1k train"]),
        ("timm", "vit_base_patch16_224", "augreg_in21k", ["imagenet-21k"]),
        ("timm", "mixer_b16_224", "miil_in21k", ["imagenet-21k-p"]),
        ("timm", "mvitv2_base_cls", "fb_inw21k", ["imagenet-w21"]),
        ("timm", "vit_base_patch16_224", "sam_in1k", ["imagenet-1k train"]),  # a way to train, not Segment Anything
        ("timm", "vit_base_patch14_dinov2", "lvd142m", ["lvd-142m"]),
        ("timm", "vit_base_patch16_siglip_224", "v2_webli", ["webli"]),
        ("timm", "convnextv2_base", "fcmae_ft_in22k_in1k", ["imagenet-1k train", "imagenet-22k"]),
        ("openclip", "ViT-B-32", "openai", ["wit-400m"]),
        ("openclip", "ViT-B-32", "laion2b_s34b_b79k", ["laion-2b"]),
        ("openclip", "coca_ViT-L-14", "mscoco_finetuned_laion2b_s13b_b90k", ["laion-2b", "coco"]),
        ("openclip", "EVA02-B-16", "merged2b_s8b_b131k", ["imagenet-21k", "merged-2b"]),
        ("torchvision", "vit_b_16", "IMAGENET1K_SWAG_E2E_V1", ["ig-3.6b", "imagenet-1k train"]),
        ("torchvision", "vit_b_16", "IMAGENET1K_SWAG_LINEAR_V1", ["ig-3.6b"]),
        ("hf", "openai/clip-vit-base-patch32", None, ["wit-400m"]),
        ("hf", "facebook/dinov2-base", "facebook/dinov2-base", ["lvd-142m"]),
        ("hf", "google/siglip-base-patch16-224", None, ["webli"]),
        ("sentence-transformers", "sentence-transformers/all-MiniLM-L6-v2", None, ["coco train2014", "flickr30k"]),
        ("sentence-transformers", "thenlper/gte-base", None, []),
    ],
)  # fmt: skip
def test_known_weights(family, name, tag, data):
    assert training_of(family, name, tag).data == tuple(map(part, data))


def test_what_a_classifier_alone_saw_is_told_apart():
    found = training_of("timm", "regnety_160", "swag_lc_in1k")
    assert found.words == "Instagram pictures (3.6 billion, by hashtag), then ImageNet-1k (classifier alone)"


@pytest.mark.parametrize(
    ("name", "pretrained", "words"),
    [
        ("resnet50", "random", None),
        ("resnet50", "mine.safetensors", None),
        ("resnet50", "/data/imagenet-audit/mine.safetensors", None),  # a folder's name says nothing
        ("resnet50", "runs/resnet50_in1k.safetensors", "ImageNet-1k"),
        ("resnet50", "epoch3.pt", None),
        ("dino_vitbase16_pretrain.pth", None, "ImageNet-1k"),
    ],
)
def test_a_files_name_is_no_proof(name, pretrained, words):
    found = training_of("checkpoint" if name.endswith(".pth") else "timm", name, pretrained)
    assert (found and found.words) == words
    assert found is None or found.sure == "name"


def test_words_of_a_tag():
    assert read_tag("augreg_in21k_ft_in1k") == (("imagenet-21k", "imagenet-1k train"), ())
    assert read_tag("sw_e150_r384_in12k_ft_in1k") == (("imagenet-12k", "imagenet-1k train"), ())
    # A word that nobody knows may name data: the tag is not resolved.
    assert read_tag("fb_xyz3b_ft_in1k") == (("imagenet-1k train",), ("xyz3b",))
    assert training_of("timm", "resnet50", "fb_xyz3b_ft_in1k").sure == "name"
