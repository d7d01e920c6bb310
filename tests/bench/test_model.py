from __future__ import annotations

import timm
import torch

from dejavu_audit.bench.model import build, published
from dejavu_audit.bench.recipe import Recipe

PROJECTED = Recipe(classes=10, image_size=32, projector=(24, 16, 12))


def test_without_a_projector_it_is_the_architecture_itself():
    torch.manual_seed(0)
    built = build(Recipe(classes=10)).state_dict()
    torch.manual_seed(0)
    plain = timm.create_model("test_resnet", num_classes=10).state_dict()
    assert built.keys() == plain.keys() and all(torch.equal(built[name], plain[name]) for name in plain)


def test_the_names_and_shapes_are_those_of_published_checkpoints():
    state = published(build(PROJECTED).state_dict())
    backbone = {name.removeprefix("backbone."): t for name, t in state.items() if name.startswith("backbone.")}
    timm.create_model("test_resnet", num_classes=0).load_state_dict(backbone, strict=True)
    # Linear 0, BatchNorm1d 1, ReLU 2, Linear 3, BatchNorm1d 4, ReLU 5, Linear 6 without bias; the backbone gives 96.
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    names = {f"projector.{i}.{part}" for i in (0, 3) for part in ("weight", "bias")} | {"projector.6.weight"}
    names |= {f"projector.{i}.{part}" for i in (1, 4) for part in norm}
    assert state.keys() - {f"backbone.{name}" for name in backbone} == names
    shapes = [tuple(state[f"projector.{i}.weight"].shape) for i in (0, 3, 6)]
    assert shapes == [(24, 96), (16, 24), (12, 16)]


def test_a_projector_of_one_layer_is_linear():
    state = build(Recipe(classes=10, projector=(8,))).state_dict()
    assert [name for name in state if name.startswith("projector.")] == ["projector.0.weight"]
    assert state["head.weight"].shape == (10, 8)


def test_the_head_stands_on_the_projector_and_that_on_the_backbone():
    model = build(PROJECTED).eval()
    pictures = torch.rand(3, 3, 32, 32)
    projected = model.projector(model.backbone(pictures))
    assert projected.shape == (3, 12)
    torch.testing.assert_close(model(pictures), model.head(projected))
