"""How self-supervised checkpoints are laid out, as data: where their authors put backbone, projector and the rest.

The names were read in the public training code that `Layout.source` names; what a file is, its tensor names tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

# Children of torchvision's ResNet by number, where the backbone was saved as nn.Sequential(*children).
_NUMBERED = (
    (r"^0\.", "conv1."), (r"^1\.", "bn1."), (r"^4\.", "layer1."),
    (r"^5\.", "layer2."), (r"^6\.", "layer3."), (r"^7\.", "layer4."),
)  # fmt: skip
_RAW: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
_MOCO_VITS = {"vit_small_patch16_224": {"num_heads": 12}}


@dataclass(frozen=True)
class Copy:
    """One of the networks in a file: most methods train one and keep a slow average of it beside."""

    name: str
    backbone: str
    """Prefix of the backbone's tensors."""
    projector: tuple[str, ...] = ()
    """Prefixes of the projector's; the first that occurs. They may lie within the backbone's."""
    path: tuple[str, ...] = ()
    """Keys under which this network was saved; none: where savers put a state dict (`weights.WRAPPERS`)."""


@dataclass(frozen=True)
class Layout:
    """One way of saving a self-supervised encoder."""

    method: str
    source: str
    """Public repository in which the names were read."""
    sign: str
    """Pattern at the start of a tensor's name that gives the layout away."""
    copies: tuple[Copy, ...]
    """The first is taken where none is asked for: the one that the authors evaluate."""
    others: str = ""
    """Pattern at the start of the names of parts that are known and left out: predictors, queues, classifiers."""
    classifier: bool = False
    """Whether the backbone may carry a classifier that the method did not use."""
    projector_names: tuple[tuple[str, str], ...] = ()
    """Substitutions that give the projector's tensors the names of an nn.Sequential."""
    backbone_names: tuple[tuple[str, str], ...] = ()
    """Substitutions that give the backbone's tensors torchvision's names."""
    head: Literal["mlp", "dino"] = "mlp"
    """An MLP; or DINO's: an MLP with GELU, a normalisation, and a layer of prototypes with normalised weights."""
    blocks: Literal["relu", "relu but last"] = "relu"
    """Where the projector is a Sequential, each part one too: whether the last of these too ends in a ReLU."""
    bicubic: bool = False
    """Whether the authors' evaluation resizes pictures so, and not bilinearly."""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    """How the authors' code normalises pictures; `_RAW` where it does not."""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Architecture to what its authors changed in it without a trace in the shapes."""
    heads_known: bool = True
    """Whether the method fixes the number of attention heads of a small ViT, which no shape tells."""


LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "DINO",
        "facebookresearch/dino",
        r"head\.(mlp|last_layer)\.",
        (
            Copy("teacher", "backbone.", ("head.",), ("teacher",)),
            Copy("student", "backbone.", ("head.",), ("student",)),
        ),
        head="dino",
        bicubic=True,
    ),
    Layout(
        "BYOL",
        "sthalles/PyTorch-BYOL",
        r"projetion\.",
        (
            Copy("online", "encoder.", ("projetion.net.",), ("online_network_state_dict",)),
            Copy("target", "encoder.", ("projetion.net.",), ("target_network_state_dict",)),
        ),
        backbone_names=_NUMBERED,
        **_RAW,
    ),
    Layout(
        "VISSL",
        "facebookresearch/vissl",
        r"trunk\._feature_blocks\.",
        (Copy("", "trunk._feature_blocks.", ("heads.",), ("classy_state_dict", "base_model", "model")),),
        projector_names=((r"^(\d+)\.clf\.", r"\1."),),
        blocks="relu but last",
        heads_known=False,
    ),
    Layout(
        "MoCo v3",
        "facebookresearch/moco-v3",
        r"base_encoder\.",
        (
            Copy("base", "base_encoder.", ("base_encoder.fc.", "base_encoder.head.")),
            Copy("momentum", "momentum_encoder.", ("momentum_encoder.fc.", "momentum_encoder.head.")),
        ),
        others=r"predictor\.",
        settings=_MOCO_VITS,
    ),
    Layout(
        "MoCo",
        "facebookresearch/moco",
        r"encoder_q\.",
        (Copy("query", "encoder_q.", ("encoder_q.fc.",)), Copy("key", "encoder_k.", ("encoder_k.fc.",))),
        others=r"queue(_ptr)?$",
    ),
    Layout(
        "BYOL",
        "yaox12/BYOL-PyTorch",
        r"online_network\.",
        (
            Copy("online", "online_network.encoder.", ("online_network.projetion.",)),
            Copy("target", "target_network.encoder.", ("target_network.projetion.",)),
        ),
        others=r"predictor\.",
        projector_names=((r"^l1\.", "0."), (r"^bn1\.", "1."), (r"^l2\.", "3.")),
        backbone_names=_NUMBERED,
    ),
    Layout(
        "BYOL",
        "lucidrains/byol-pytorch",
        r"online_encoder\.net\.",
        (
            Copy("online", "online_encoder.net.", ("online_encoder.projector.",)),
            Copy("target", "target_encoder.net.", ("target_encoder.projector.",)),
        ),
        others=r"(net|online_predictor)\.",
        classifier=True,
        heads_known=False,
    ),
    Layout(
        "DINO",
        "vturrisi/solo-learn",
        r"head\.(mlp|last_layer)\.",
        (Copy("online", "backbone.", ("head.",)), Copy("momentum", "momentum_backbone.", ("momentum_head.",))),
        others=r"(momentum_)?classifier\.|dino_loss_func\.",
        head="dino",
        bicubic=True,
    ),
    Layout(
        "solo-learn",
        "vturrisi/solo-learn",
        r"((momentum_)?classifier|momentum_backbone)\.",
        (
            Copy("online", "backbone.", ("projector.",)),
            Copy("momentum", "momentum_backbone.", ("momentum_projector.",)),
        ),
        others=r"((momentum_)?classifier|predictor|prototypes)\.|queue\w*$",
        heads_known=False,
    ),
    Layout(
        "Barlow Twins",
        "facebookresearch/barlowtwins",
        r"bn\.running_mean$",
        (Copy("", "backbone.", ("projector.",)),),
        others=r"bn\.",
    ),
    Layout(
        "DejaVu",
        "facebookresearch/DejaVu",
        r"net\.",
        (Copy("", "net.", ("projector.",)),),
        others=r"(bn|predictor|fc)\.",
    ),
    Layout("SimCLR", "sthalles/SimCLR", r"backbone\.fc\.\d", (Copy("", "backbone.", ("backbone.fc.",)),), **_RAW),
    Layout("VICReg", "facebookresearch/vicreg", r"backbone\.", (Copy("", "backbone.", ("projector.",)),)),
    Layout(
        "SimSiam",
        "facebookresearch/simsiam",
        r"encoder\.fc\.\d",
        (Copy("", "encoder.", ("encoder.fc.",)),),
        others=r"predictor\.",
    ),
    Layout("SimCLR", "Spijkervet/SimCLR", r"encoder\.conv1\.", (Copy("", "encoder.", ("projector.",)),), **_RAW),
    Layout(
        "SwAV",
        "facebookresearch/swav",
        r"(projection_head|prototypes)\.",
        (Copy("", "", ("projection_head.",)),),
        others=r"prototypes\.",
        std=(0.228, 0.224, 0.225),
    ),
    Layout("VISSL", "facebookresearch/vissl", r"_feature_blocks\.", (Copy("", "_feature_blocks."),)),
    Layout("plain", "pytorch/vision", r"", (Copy("", ""),), classifier=True, heads_known=False),
)  # fmt: skip
