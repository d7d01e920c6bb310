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


def install(folder: Path, monkeypatch) -> None:
    """What pip would put into site-packages for the package in the docs."""
    text = DOCS.read_text()
    code, toml = (re.search(rf"```{kind}\n(.*?)```", text, re.S).group(1) for kind in ("python", "toml"))
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
