"""FAMILY:NAME[:PRETRAINED], and how a second encoder is looked at."""

from __future__ import annotations

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.types import EncoderRequest
from dejavu_baselines.specs import parse, request_for, second

AUDITED = EncoderRequest("ViT-B-32", "a.pt", normalize=False, image_size=64, mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2))


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("timm:resnet50", ("timm", "resnet50", None)),
        ("openclip:ViT-B-32:laion2b_s34b_b79k", ("openclip", "ViT-B-32", "laion2b_s34b_b79k")),
        ("openclip:ViT-B-32:hf-hub:a/b", ("openclip", "ViT-B-32", "hf-hub:a/b")),
        ("timm:hf-hub:a/b", ("timm", "hf-hub:a/b", None)),
        ("python:my.module:make", ("python", "my.module:make", None)),
        ("checkpoint:b.pth:resnet50", ("checkpoint", "b.pth", "resnet50")),
    ],
)
def test_parse(spec, parts):
    assert parse(spec, needs="it needs one") == parts


@pytest.mark.parametrize("spec", [None, "", "resnet50", ":resnet50", "timm:"])
def test_without_a_model_the_error_has_one_to_type(spec):
    with pytest.raises(AuditError, match="for example --baseline-model timm:resnet50"):
        parse(spec, needs="it needs one")


def test_what_follows_a_file_is_its_architecture():
    assert request_for("checkpoint", "b.pth", "resnet50") == EncoderRequest("b.pth", arch="resnet50")
    assert request_for("timm", "resnet50", "b.pth") == EncoderRequest("resnet50", "b.pth")


@pytest.mark.parametrize("weights", ["b.safetensors", "laion2b_e16", "hf-hub:a/b", "folder/b.pt"])
def test_weights_alone_are_for_the_audited_architecture(weights):
    family, asked = second(weights, ("openclip", AUDITED))
    assert family == "openclip"
    assert (asked.model, asked.pretrained) == ("ViT-B-32", weights)
    assert (asked.normalize, asked.image_size, asked.mean, asked.std) == (False, 64, (0.5,) * 3, (0.2,) * 3)


def test_a_file_with_a_colon_in_its_name_is_a_file(tmp_path):
    file = tmp_path / "step:3.pt"
    file.write_bytes(b"x")
    assert second(str(file), ("openclip", AUDITED))[1].pretrained == str(file)


def test_the_same_architecture_is_looked_at_alike_and_another_as_it_is_used_to():
    _, same = second("openclip:ViT-B-32:laion2b_e16", ("openclip", AUDITED))
    assert (same.pretrained, same.image_size, same.normalize) == ("laion2b_e16", 64, False)
    _, other = second("openclip:RN50:cc12m", ("openclip", AUDITED))
    assert other == EncoderRequest("RN50", "cc12m")
    family, other = second("timm:resnet50:b.pt", ("openclip", AUDITED))
    assert (family, other) == ("timm", EncoderRequest("resnet50", "b.pt"))


def test_a_timm_tag_is_no_architecture():
    audited = EncoderRequest("resnet50.a1_in1k", layer="pre-head")
    assert second("timm:resnet50.a2_in1k", ("timm", audited))[1] == EncoderRequest("resnet50.a2_in1k", layer="pre-head")
    assert second("timm:resnet18", ("timm", audited))[1].layer == "embedding"


def test_families_whose_name_is_a_file():
    audited = EncoderRequest("a.pth", arch="resnet50", layer="projector")
    assert second("b.pth", ("checkpoint", audited)) == (
        "checkpoint",
        EncoderRequest("b.pth", None, "resnet50", "projector"),
    )
    assert second("checkpoint:b.pth", ("checkpoint", audited))[1].arch == "resnet50"
    assert second("checkpoint:b.pth", ("checkpoint", audited))[1].layer == "projector"
    assert second("checkpoint:b.pth:resnet18", ("checkpoint", audited))[1] == EncoderRequest("b.pth", arch="resnet18")
    script = EncoderRequest("a.ts", image_size=96)
    assert second("b.ts", ("torchscript", script))[1] == EncoderRequest("b.ts", image_size=96)
    assert (
        second("facebook/dinov2-small", ("hf", EncoderRequest("facebook/dinov2-base")))[1].model
        == "facebook/dinov2-small"
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("timmm:resnet50", r"unknown encoder family 'timmm': did you mean timm\? \(in --reference timmm:resnet50\)"),
        ("folder/step:3.pt", r"--reference folder/step:3\.pt: there is no such file"),
        ("timm:", r"is not of the form FAMILY:NAME\[:PRETRAINED\]; for example --reference timm"),
    ],
)
def test_faults(spec, message):
    with pytest.raises(AuditError, match=message):
        second(spec, ("openclip", AUDITED))
