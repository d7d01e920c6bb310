"""The family in docs/encoders.md works as printed, found by an entry point."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.torch import save_file

DOCS = Path(__file__).parents[2] / "docs" / "encoders.md"


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}[^\n]*\n(.*?)```", text, re.S)


def install(folder: Path, monkeypatch) -> None:
    """What pip would put into site-packages for the package in the docs."""
    text = DOCS.read_text()
    toml = blocks(text, "toml")[0]
    code = next(block for block in blocks(text, "python") if "def load(request" in block)
    (folder / "my_encoders.py").write_text(code)
    info = folder / "my_encoders-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-encoders\nVersion: 1\n")
    group, line = toml.splitlines()
    group, entry = group.split('"')[1], line.replace('"', "")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
    monkeypatch.syspath_prepend(str(folder))


def test_the_example_is_found_and_equals_torchvision(tmp_path, monkeypatch, make, embed, pictures):
    install(tmp_path, monkeypatch)
    try:
        torch.manual_seed(1)
        model = torchvision.models.resnet18().eval()
        save_file(model.state_dict(), tmp_path / "w.safetensors")
        encoder = make("torchvision", "resnet18", str(tmp_path / "w.safetensors"), normalize=False)
        transform = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.transforms()
        model.fc = torch.nn.Identity()
        with torch.inference_mode():
            theirs = model(torch.stack([transform(picture) for picture in pictures])).numpy()
        near = (
            (embed(encoder) * theirs).sum(1) / np.linalg.norm(embed(encoder), axis=1) / np.linalg.norm(theirs, axis=1)
        )
        assert encoder.dim == 512 and near.min() > 0.999  # torchvision's preset resizes bilinearly, as the example does
    finally:
        sys.modules.pop("my_encoders", None)


def test_the_function_in_the_docs_works(tmp_path, monkeypatch, make, embed):
    monkeypatch.setattr(sys, "path", list(sys.path))
    code = next(block for block in blocks(DOCS.read_text(), "python") if "def blurred" in block)
    (tmp_path / "my_models.py").write_text(code)
    try:
        encoder = make("python", f"{tmp_path}/my_models.py:blurred")
        assert embed(encoder).shape == (3, 96) and "GaussianBlur" in encoder.transform.key and encoder.notes == []
    finally:
        sys.modules.pop("my_models", None)


def test_every_layout_and_kind_of_the_new_families_is_in_the_docs():
    from dejavu_audit.encoders.checkpoint_layouts import LAYOUTS
    from dejavu_audit.encoders.hf_kinds import KINDS

    text = DOCS.read_text()
    for layout in LAYOUTS:
        assert layout.source in text
        assert all(f"`{copy.name}`" in text for copy in layout.copies if copy.name)
    assert all(f"`{kind}`" in text for kind in KINDS)
