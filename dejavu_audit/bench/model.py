"""The network that a recipe trains: a timm classifier, or a backbone, a projector and a head in three parts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import timm
import torch
from torch import nn

from dejavu_audit.bench.recipe import Recipe


class Projected(nn.Module):
    """Backbone, projector and head, named as self-supervised checkpoints name the first two.

    The projector is that of VICReg and Barlow Twins: Linear, BatchNorm1d and ReLU, once a width, but after the last
    width neither; the last Linear has no bias.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        backbone: Any = timm.create_model(recipe.arch, num_classes=0)
        self.backbone = backbone
        self.projector = _projector([backbone.num_features, *recipe.projector])
        self.head = nn.Linear(recipe.projector[-1], recipe.classes)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(n, 3, size, size) to (n, classes) logits."""
        logits: torch.Tensor = self.head(self.projector(self.backbone(pictures)))
        return logits


def build(recipe: Recipe) -> nn.Module:
    """The untrained network; its weights come from torch's own generator."""
    if recipe.projector:
        return Projected(recipe)
    model: nn.Module = timm.create_model(recipe.arch, num_classes=recipe.classes)
    return model


def published(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What a self-supervised lab gives away of a `Projected` network: backbone and projector, without the head."""
    return {name: tensor for name, tensor in state.items() if name.startswith(("backbone.", "projector."))}


def _projector(widths: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for wide, next_wide in itertools.pairwise(widths[:-1]):
        layers += [nn.Linear(wide, next_wide), nn.BatchNorm1d(next_wide), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1], bias=False))
