"""Specs, and entry points by name."""

from __future__ import annotations

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.taggers.loading import load_tagger, parse


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("timm:resnet50", ("timm", "resnet50", None)),
        ("timm:resnet50:w.safetensors", ("timm", "resnet50", "w.safetensors")),
        ("timm:resnet50:hf-hub:a/b", ("timm", "resnet50", "hf-hub:a/b")),
        ("timm:hf-hub:a/b", ("timm", "hf-hub:a/b", None)),
        ("zero-shot:google/owlvit-base-patch32", ("zero-shot", "google/owlvit-base-patch32", None)),
    ],
)
def test_parse(spec, parts):
    assert parse(spec) == parts


@pytest.mark.parametrize("spec", ["", "timm", "timm:", ":resnet50", "timm::w.pt"])
def test_another_form_is_refused_with_an_example(spec):
    with pytest.raises(AuditError, match=r"not of the form NAME:MODEL\[:PRETRAINED\], as in timm:resnet50"):
        load_tagger(spec)


def test_a_sidecar_cannot_tag(tmp_path):
    with pytest.raises(AuditError, match=r"tags\.parquet is a file of tags, and cannot tag other pictures"):
        load_tagger(str(tmp_path / "tags.parquet"))


def test_an_unknown_tagger():
    with pytest.raises(AuditError, match=r"unknown tagger 'detectr': did you mean detector"):
        load_tagger("detectr:ssd300_vgg16")
