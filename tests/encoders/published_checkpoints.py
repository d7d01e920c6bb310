"""Networks put together as public training code does it, and saved under exactly its names (for `test_checkpoint`).

Each function gives what that code hands to `torch.save`, and functions for what backbone and projector compute.
"""

from __future__ import annotations

import argparse
import copy
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import timm
import torch
import torchvision
from torch import nn
from torch.nn import functional as F


class Published(NamedTuple):
    arch: str
    saved: Any
    backbone: Callable[[torch.Tensor], torch.Tensor]
    projector: Callable[[torch.Tensor], torch.Tensor] | None


def seasoned(module: nn.Module) -> nn.Module:
    """Batch norms as after training, so that a statistic or a ReLU out of place is seen."""
    generator = torch.Generator().manual_seed(5)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
            norm.running_mean.copy_(torch.randn(norm.running_mean.shape, generator=generator) * 0.2)
            norm.running_var.copy_(torch.rand(norm.running_var.shape, generator=generator) + 0.5)
    return module.eval()


def resnet(num_classes: int = 1000) -> nn.Module:
    """A ResNet-18 of its own, its weights shuffled from one that is drawn once: drawing takes longer than the tests."""
    model = copy.deepcopy(_drawn())
    model.fc = nn.Linear(512, num_classes)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data[torch.randperm(len(module.weight))]
    return model


@functools.cache
def _drawn() -> nn.Module:
    return torchvision.models.resnet18()


def headless() -> nn.Module:
    model = resnet()
    model.fc = nn.Identity()
    return model


def mlp(*widths: int, bias: bool = True, last_bias: bool = False, bn: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(len(widths) - 2):
        layers.append(nn.Linear(widths[i], widths[i + 1], bias=bias))
        layers += [nn.BatchNorm1d(widths[i + 1])] if bn else []
        layers.append(nn.ReLU())
    layers.append(nn.Linear(widths[-2], widths[-1], bias=last_bias))
    return nn.Sequential(*layers)


def parallel(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state dict of the module in DistributedDataParallel."""
    return {f"module.{name}": tensor.clone() for name, tensor in module.state_dict().items()}


def optimizer(module: nn.Module) -> dict[str, Any]:
    made = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    next(module.parameters()).grad = torch.zeros_like(next(module.parameters()))
    made.step()
    return made.state_dict()


def assembled(**parts: nn.Module | torch.Tensor) -> nn.Module:
    net = nn.Module()
    for name, part in parts.items():
        net.register_buffer(name, part) if isinstance(part, torch.Tensor) else net.add_module(name, part)
    return seasoned(net)


def vicreg() -> Published:
    net = assembled(backbone=headless(), projector=mlp(512, 40, 40, 24))
    saved = {"epoch": 1000, "model": parallel(net), "optimizer": optimizer(net)}
    return Published("resnet18", saved, net.backbone, lambda x: net.projector(net.backbone(x)))


def vicreg_backbone_only() -> Published:
    net = assembled(backbone=headless())
    return Published("resnet18", net.backbone.state_dict(), net.backbone, None)


def barlow_twins() -> Published:
    net = assembled(
        backbone=headless(), projector=mlp(512, 40, 40, 24, bias=False), bn=nn.BatchNorm1d(24, affine=False)
    )
    saved = {"epoch": 1000, "model": parallel(net), "optimizer": optimizer(net)}
    return Published("resnet18", saved, net.backbone, lambda x: net.projector(net.backbone(x)))


def simclr_sthalles() -> Published:
    net = assembled(backbone=resnet(num_classes=32))
    net.backbone.fc = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), net.backbone.fc)
    saved = {"epoch": 100, "arch": "resnet18", "state_dict": net.state_dict(), "optimizer": optimizer(net)}
    return Published("resnet18", saved, without_fc(net.backbone), net.backbone)


def simclr_spijkervet() -> Published:
    projector = nn.Sequential(nn.Linear(512, 512, bias=False), nn.ReLU(), nn.Linear(512, 64, bias=False))
    net = assembled(encoder=headless(), projector=projector)
    return Published("resnet18", net.state_dict(), net.encoder, lambda x: net.projector(net.encoder(x)))


def simclr_vissl() -> Published:
    model = headless()
    names = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")
    blocks = nn.ModuleDict({name: getattr(model, name) for name in names})
    trunk = assembled(_feature_blocks=blocks)
    first, second = assembled(clf=nn.Sequential(nn.Linear(512, 48), nn.ReLU())), assembled(clf=mlp(48, 16))
    heads = nn.ModuleList([first, second])
    inner = {"trunk": trunk.state_dict(), "heads": heads.state_dict()}
    saved = {"phase_idx": 1, "classy_state_dict": {"base_model": {"model": inner}, "optimizer": optimizer(trunk)}}
    model.eval()
    return Published("resnet18", saved, model, lambda x: second.clf(first.clf(model(x))))


def byol_yaox12() -> Published:
    def network() -> nn.Module:
        projetion = assembled(l1=nn.Linear(512, 48), bn1=nn.BatchNorm1d(48), relu1=nn.ReLU(), l2=nn.Linear(48, 24))
        return assembled(encoder=nn.Sequential(*list(resnet().children())[:-1]), projetion=projetion)

    predictor = assembled(
        predictor=assembled(l1=nn.Linear(24, 48), bn1=nn.BatchNorm1d(48), relu1=nn.ReLU(), l2=nn.Linear(48, 24))
    )
    net = assembled(online_network=network(), target_network=network(), predictor=predictor)
    saved = {"config": {"lr": 0.1}, "epoch": 300, "steps": 9, "model": parallel(net), "optimizer": optimizer(net)}
    own = net.online_network

    def projector(x: torch.Tensor) -> torch.Tensor:
        p = own.projetion
        return p.l2(torch.relu(p.bn1(p.l1(own.encoder(x).flatten(1)))))

    return Published("resnet18", saved, lambda x: own.encoder(x).flatten(1), projector)


def byol_sthalles() -> Published:
    def network() -> nn.Module:
        head = assembled(net=mlp(512, 48, 24, last_bias=True))
        return assembled(encoder=nn.Sequential(*list(resnet().children())[:-1]), projetion=head)

    online, target = network(), network()
    saved = {
        "online_network_state_dict": online.state_dict(),
        "target_network_state_dict": target.state_dict(),
        "optimizer_state_dict": optimizer(online),
    }

    def backbone(x: torch.Tensor) -> torch.Tensor:
        return online.encoder(x).flatten(1)

    return Published("resnet18", saved, backbone, lambda x: online.projetion.net(backbone(x)))


def byol_lucidrains() -> Published:
    own = resnet()
    online = assembled(net=own, projector=mlp(512, 48, 24, last_bias=True))
    target = assembled(net=resnet(), projector=mlp(512, 48, 24, last_bias=True))
    predictor = mlp(24, 48, 24, last_bias=True)
    net = assembled(net=own, online_encoder=online, target_encoder=target, online_predictor=predictor)
    backbone = without_fc(own)
    return Published("resnet18", net.state_dict(), backbone, lambda x: online.projector(backbone(x)))


def moco_v1() -> Published:
    net = assembled(
        encoder_q=resnet(num_classes=32),
        encoder_k=resnet(num_classes=32),
        queue=torch.randn(32, 64),
        queue_ptr=torch.zeros(1, dtype=torch.long),
    )
    saved = {"epoch": 200, "arch": "resnet18", "state_dict": parallel(net), "optimizer": optimizer(net)}
    return Published("resnet18", saved, without_fc(net.encoder_q), net.encoder_q)


def moco_v2() -> Published:
    """As published: the query encoder alone."""
    net = assembled(encoder_q=resnet(num_classes=32))
    net.encoder_q.fc = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), net.encoder_q.fc)
    saved = {"epoch": 800, "arch": "resnet18", "state_dict": parallel(net)}
    return Published("resnet18", saved, without_fc(net.encoder_q), net.encoder_q)


def moco_v3_mlp(layers: int, width: int, hidden: int, out: int, last_bn: bool = True) -> nn.Sequential:
    own: list[nn.Module] = []
    for i in range(layers):
        a, b = (width if i == 0 else hidden), (out if i == layers - 1 else hidden)
        own.append(nn.Linear(a, b, bias=False))
        if i < layers - 1:
            own += [nn.BatchNorm1d(b), nn.ReLU()]
        elif last_bn:
            own.append(nn.BatchNorm1d(b, affine=False))
    return nn.Sequential(*own)


def moco_v3_resnet() -> Published:
    base, momentum = resnet(), resnet()
    base.fc, momentum.fc = moco_v3_mlp(2, 512, 48, 24), moco_v3_mlp(2, 512, 48, 24)
    net = assembled(base_encoder=base, momentum_encoder=momentum, predictor=moco_v3_mlp(2, 24, 48, 24, last_bn=False))
    saved = {"epoch": 300, "arch": "resnet18", "state_dict": parallel(net), "scaler": {}}
    return Published("resnet18", saved, without_fc(base), base)


def moco_v3_vit() -> Published:
    """A ViT-S with 12 attention heads, as MoCo v3 has it, where timm's and DINO's have 6; for small pictures."""
    base = timm.create_model("vit_small_patch16_224", num_heads=12, img_size=64)
    base.head = moco_v3_mlp(3, 384, 48, 24)
    net = assembled(base_encoder=base, predictor=moco_v3_mlp(2, 24, 48, 24))
    saved = {"epoch": 300, "arch": "vit_small", "state_dict": parallel(net)}
    return Published("vit_small", saved, lambda x: base.forward_head(base.forward_features(x), pre_logits=True), base)


def simsiam() -> Published:
    model = resnet(num_classes=24)
    model.fc = nn.Sequential(
        *[nn.Linear(512, 512, bias=False), nn.BatchNorm1d(512), nn.ReLU()],
        *[nn.Linear(512, 512, bias=False), nn.BatchNorm1d(512), nn.ReLU()],
        *[model.fc, nn.BatchNorm1d(24, affine=False)],
    )
    net = assembled(encoder=model, predictor=mlp(24, 12, 24, bias=False, last_bias=True))
    saved = {"epoch": 100, "arch": "resnet18", "state_dict": parallel(net), "optimizer": optimizer(net)}
    return Published("resnet18", saved, without_fc(model), model)


def swav() -> Published:
    model = headless()
    model.projection_head = mlp(512, 48, 24, last_bias=True)
    model.prototypes = nn.Linear(24, 30, bias=False)
    seasoned(model)
    return Published("resnet18", parallel(model), model, lambda x: model.projection_head(model(x)))


def solo_learn() -> Published:
    net = assembled(
        backbone=headless(),
        classifier=nn.Linear(512, 10),
        projector=mlp(512, 48, 24, last_bias=True),
        momentum_backbone=headless(),
        momentum_projector=mlp(512, 48, 24, last_bias=True),
        predictor=mlp(24, 48, 24, last_bias=True),
        queue=torch.randn(2, 24, 8),
        queue_ptr=torch.zeros(1, dtype=torch.long),
    )
    saved = {"epoch": 399, "state_dict": net.state_dict(), "lr_schedulers": []}
    return Published("resnet18", saved, net.backbone, lambda x: net.projector(net.backbone(x)))


def dejavu(loss: str = "vicreg", relu: bool = False) -> Published:
    def projector() -> nn.Sequential:
        blocks = [nn.Sequential(nn.Linear(a, 40), nn.BatchNorm1d(40), nn.ReLU()) for a in (512, 40)]
        last = nn.Linear(40, 24, bias=False)
        return nn.Sequential(*blocks, nn.Sequential(last, nn.ReLU()) if relu else last)

    extra: dict[str, nn.Module] = {
        "barlow": {"bn": nn.BatchNorm1d(24, affine=False)},
        "byol": {"predictor": nn.Sequential(nn.Sequential(nn.Linear(24, 9), nn.BatchNorm1d(9), nn.ReLU()))},
        "supervised": {"fc": nn.Sequential(nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 1000))},
    }.get(loss, {})
    net = assembled(net=headless(), projector=projector(), **extra)
    probes = {"module.probes.0.weight": torch.zeros(2, 512)}
    saved = {"epoch": 1000, "model": parallel(net), "optimizer": optimizer(net), "probes": probes}
    return Published("resnet18", saved, net.net, lambda x: net.projector(net.net(x)))


class DinoHead(nn.Module):
    def __init__(self, width: int, bn: bool, layers: int = 3, hidden: int = 40, bottleneck: int = 16) -> None:
        super().__init__()
        norm = [nn.BatchNorm1d(hidden)] if bn else []
        inner = [m for _ in range(layers - 2) for m in (nn.Linear(hidden, hidden), *norm, nn.GELU())]
        first, last = [nn.Linear(width, hidden), *norm, nn.GELU()], nn.Linear(hidden, bottleneck)
        self.mlp = nn.Linear(width, bottleneck) if layers == 1 else nn.Sequential(*first, *inner, last)
        self.last_layer = nn.utils.weight_norm(nn.Linear(bottleneck, 90, bias=False))
        nn.init.uniform_(self.last_layer.weight_g, 0.5, 2.0)

    def bottleneck(self, x: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.mlp(x), dim=-1, p=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last_layer(self.bottleneck(x))


def dino(arch: str, backbones: tuple[nn.Module, nn.Module], width: int, **head: Any) -> Published:
    student, teacher = (assembled(backbone=b, head=DinoHead(width, **head)) for b in backbones)
    saved = {
        "student": parallel(student),
        "teacher": teacher.state_dict(),
        "optimizer": optimizer(student),
        "epoch": 800,
        "args": argparse.Namespace(arch=arch, lr=0.1),
        "dino_loss": {"center": torch.zeros(1, 90)},
    }
    return Published(arch, saved, teacher.backbone, lambda x: teacher.head(teacher.backbone(x)))


def dino_vit(**head: Any) -> Published:
    vits = tuple(timm.create_model("test_vit", num_classes=0) for _ in range(2))
    return dino("test_vit", vits, 64, **{"bn": False, **head})


def dino_resnet() -> Published:
    return dino("resnet18", (headless(), headless()), 512, bn=True)


def supervised_torchvision() -> Published:
    model = seasoned(resnet())
    return Published("resnet18", model.state_dict(), without_fc(model), None)


def supervised_training_script() -> Published:
    """As pytorch/examples' ImageNet script saves it."""
    model = seasoned(resnet())
    saved = {"epoch": 90, "arch": "resnet18", "state_dict": parallel(model), "best_acc1": torch.tensor(69.8)}
    return Published("resnet18", saved, without_fc(model), None)


def vit_torchvision() -> Published:
    model = torchvision.models.vit_b_32().eval()
    return Published("vit_b_32", model.state_dict(), lambda x: whole_vit(model, x), None)


def without_fc(model: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """The same tensors without the last module, whatever it is."""
    return lambda x: nn.Sequential(*list(model.children())[:-1])(x).flatten(1)


def whole_vit(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    tokens = model._process_input(x)
    return model.encoder(torch.cat([model.class_token.expand(len(x), -1, -1), tokens], 1))[:, 0]


WITH_PROJECTOR = (
    vicreg, barlow_twins, simclr_sthalles, simclr_spijkervet, simclr_vissl, byol_yaox12, byol_sthalles,
    byol_lucidrains, moco_v1, moco_v2, moco_v3_resnet, moco_v3_vit, simsiam, swav, solo_learn, dejavu, dino_vit,
    dino_resnet,
)  # fmt: skip
WITHOUT = (vicreg_backbone_only, supervised_torchvision, supervised_training_script)
