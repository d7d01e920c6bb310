"""The family checkpoint: files under exactly the names of public training code, against networks made by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest
import timm
import torch
import torchvision
from torch import nn
from torchvision import transforms as tv

from dejavu_audit.encoders.checkpoint_backbone import build
from dejavu_audit.encoders.checkpoint_layouts import LAYOUTS
from dejavu_audit.encoders.checkpoint_parts import take_apart
from dejavu_audit.errors import AuditError
from tests.encoders import published_checkpoints as published

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch):
    monkeypatch.setattr("dejavu_audit.encoders.hints.SECONDS", 0.3)


@pytest.fixture
def saved(tmp_path):
    """Save what a function of `published_checkpoints` gives, and say where."""

    def save(made, name="checkpoint.pth"):
        torch.save(made.saved, tmp_path / name)
        return str(tmp_path / name)

    return save


def make_published(function, **settings):
    torch.manual_seed(7)
    return function(**settings)


def by_hand(function, pictures, size=224, mean=IMAGENET[0], std=IMAGENET[1], how=tv.InterpolationMode.BILINEAR):
    steps = tv.Compose([tv.Resize(256 * size // 224, how), tv.CenterCrop(size), tv.ToTensor(), tv.Normalize(mean, std)])
    with torch.inference_mode():
        return function(torch.stack([steps(picture) for picture in pictures])).numpy()


def near(a, b):
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-3, atol=1e-4 * max(np.abs(b).max(), 1e-3))


PIXELS = {  # where the authors' code prepares pictures otherwise than torchvision's ImageNet recipe
    "simclr_sthalles": {"mean": (0, 0, 0), "std": (1, 1, 1)},
    "simclr_spijkervet": {"mean": (0, 0, 0), "std": (1, 1, 1)},
    "byol_sthalles": {"mean": (0, 0, 0), "std": (1, 1, 1)},
    "swav": {"std": (0.228, 0.224, 0.225)},
    "dino_vit": {"size": 160, "how": tv.InterpolationMode.BICUBIC},
    "dino_resnet": {"how": tv.InterpolationMode.BICUBIC},
}


@pytest.mark.parametrize("function", published.WITH_PROJECTOR, ids=lambda f: f.__name__)
def test_backbone_and_projector_equal_the_authors_network(function, saved, make, embed, pictures):
    made = make_published(function)
    small = {} if function is published.dino_vit else {"size": 64}
    file, how = saved(made), {**PIXELS.get(function.__name__, {}), **small}
    asked = {"arch": made.arch, "normalize": False, "image_size": small.get("size")}
    projector = make("checkpoint", file, layer="projector", **asked)
    assert near(embed(projector), by_hand(made.projector, pictures, **how)) and projector.layer == "projector"
    assert projector.pretrained == file and projector.family == "checkpoint" and not projector.has_text
    if function in (published.vicreg, published.byol_yaox12, published.moco_v3_vit, published.dino_vit):
        backbone = make("checkpoint", file, layer="backbone", **asked)
        assert near(embed(backbone), by_hand(made.backbone, pictures, **how)) and backbone.layer == "backbone"
        assert backbone.fingerprint != projector.fingerprint


@pytest.mark.parametrize("function", published.WITHOUT, ids=lambda f: f.__name__)
def test_files_without_a_projector_have_the_backbone_alone(function, saved, make, embed, pictures):
    made = make_published(function)
    file = saved(made)
    encoder = make("checkpoint", file, arch=made.arch, normalize=False)
    assert encoder.layer == "backbone" and "took the layer backbone" in encoder.notes
    assert near(embed(encoder), by_hand(made.backbone, pictures)) and encoder.dim == 512
    with pytest.raises(AuditError, match=r"\(.*\) has no layer projector: use --layer backbone$"):
        make("checkpoint", file, arch=made.arch, layer="projector")


def test_torchvisions_vit_is_filled_too():
    made = make_published(published.vit_torchvision)
    built = build(made.arch, take_apart(made.saved, "x.pth", None), source="x.pth", image_size=None)
    pixels = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.allclose(built.forward(pixels), made.backbone(pixels), atol=1e-5) and built.width == 768


def test_every_layout_has_a_file_that_tests_it():
    """So that no record stands there untried."""
    seen = set()
    others = (published.supervised_torchvision, solo_learn_dino, converted_vissl)
    for function in (*published.WITH_PROJECTOR, *others):
        parts = take_apart(make_published(function).saved, "x.pth", None)
        seen.add((parts.layout.method, parts.layout.source))
        assert bool(parts.projector) == (function not in (published.supervised_torchvision, converted_vissl))
    assert seen == {(layout.method, layout.source) for layout in LAYOUTS}


def solo_learn_dino():
    net = published.assembled(
        backbone=timm.create_model("test_vit", num_classes=0),
        classifier=nn.Linear(64, 10),
        head=published.DinoHead(64, bn=True),
        momentum_backbone=timm.create_model("test_vit", num_classes=0),
        momentum_head=published.DinoHead(64, bn=True),
    )
    saved = {"state_dict": net.state_dict()}
    return published.Published("test_vit", saved, net.backbone, lambda x: net.head(net.backbone(x)))


def converted_vissl():
    made = make_published(published.simclr_vissl)
    return made._replace(saved=made.saved["classy_state_dict"]["base_model"]["model"]["trunk"])


@pytest.mark.parametrize("function", [solo_learn_dino, converted_vissl], ids=lambda f: f.__name__)
def test_other_savers_of_the_same_methods(function, saved, make, embed, pictures):
    made = make_published(function)
    how = PIXELS["dino_vit"] if function is solo_learn_dino else {}
    encoder = make("checkpoint", saved(made), arch=made.arch, layer="backbone", normalize=False)
    assert near(embed(encoder), by_hand(made.backbone, pictures, **how))


@pytest.mark.parametrize("loss", ["barlow", "byol", "supervised"])
@pytest.mark.parametrize("relu", [False, True])
def test_the_deja_vu_codes_own_checkpoints(loss, relu, saved, make, embed, pictures):
    made = make_published(published.dejavu, loss=loss, relu=relu)
    encoder = make("checkpoint", saved(made), arch="resnet18", normalize=False)
    assert encoder.layer == "projector" and near(embed(encoder), by_hand(made.projector, pictures))
    assert (embed(encoder).min() >= 0) == relu


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_dinos_head_of_any_depth_and_its_bottleneck(layers, saved, make, embed, pictures):
    made = make_published(published.dino_vit, layers=layers)
    file = saved(made)
    projector = make("checkpoint", file, arch="test_vit", layer="projector", normalize=False)
    assert near(embed(projector), by_hand(made.projector, pictures, **PIXELS["dino_vit"])) and projector.dim == 90
    default = make("checkpoint", file, arch="test_vit", normalize=False)
    assert default.layer == "bottleneck" and default.dim == 16
    assert "took the layer bottleneck; the file also has backbone and projector" in default.notes
    head = published.DinoHead(64, bn=False, layers=layers)
    teacher = {n[len("head.") :]: t for n, t in made.saved["teacher"].items() if n.startswith("head.")}
    head.load_state_dict(teacher)
    expected = by_hand(lambda x: head.bottleneck(made.backbone(x)), pictures, **PIXELS["dino_vit"])
    assert near(embed(default), expected) and np.allclose(np.linalg.norm(embed(default), axis=1), 1, atol=1e-5)


def test_dinos_last_layer_under_torchs_newer_names(saved, make, embed):
    made = make_published(published.dino_vit)
    old = embed(make("checkpoint", saved(made), arch="test_vit", layer="projector"))
    teacher = made.saved["teacher"]
    for before, after in (("weight_g", "original0"), ("weight_v", "original1")):
        teacher[f"head.last_layer.parametrizations.weight.{after}"] = teacher.pop(f"head.last_layer.{before}")
    assert np.array_equal(embed(make("checkpoint", saved(made), arch="test_vit", layer="projector")), old)


def test_the_other_network_of_a_file_is_taken_when_named(saved, make, embed, pictures):
    made = make_published(published.dino_resnet)
    file = saved(made)
    teacher, student = (make("checkpoint", file, name, arch="resnet18", layer="backbone") for name in (None, "student"))
    assert any(note.startswith("took the teacher network of this DINO checkpoint") for note in teacher.notes)
    state = {k[len("module.backbone.") :]: v for k, v in made.saved["student"].items() if "backbone." in k}
    model = published.headless().eval()
    model.load_state_dict(state)
    ours = embed(student)
    theirs = by_hand(model, pictures, how=tv.InterpolationMode.BICUBIC)
    assert near(ours, theirs / np.linalg.norm(theirs, axis=1, keepdims=True))
    assert teacher.weights != student.weights and not np.allclose(embed(teacher), ours)
    with pytest.raises(AuditError, match=r"unknown network of the DINO checkpoint 'online': .*student"):
        make("checkpoint", file, "online", arch="resnet18")
    with pytest.raises(AuditError, match=r"holds one network, not several: leave --pretrained student out"):
        make("checkpoint", saved(make_published(published.vicreg)), "student", arch="resnet18")


def test_moco_v3s_small_vit_has_twelve_heads(saved, make, embed):
    """Of the same shapes as timm's with six, so that only the layout, or the user, can tell."""
    made = make_published(published.moco_v3_vit)
    file = saved(made)
    own = make("checkpoint", file, arch="vit_small", layer="backbone", image_size=64)
    assert own.name == "vit_small_patch16_224" and not any("heads" in note for note in own.notes)
    state = {k[len("module.base_encoder.") :]: v for k, v in made.saved["state_dict"].items() if "base_encoder" in k}
    bare = made._replace(saved={k: v for k, v in state.items() if not k.startswith("head.")})
    plain, told = (make("checkpoint", saved(bare), arch=arch, mean=IMAGENET[0], std=IMAGENET[1], image_size=64)
                   for arch in ("vit_small", "moco_vit_small"))  # fmt: skip
    assert any("6 attention heads" in note for note in plain.notes) and not any("6 att" in note for note in told.notes)
    assert own.weights == plain.weights == told.weights and told.fingerprint != plain.fingerprint
    assert plain._model.blocks[0].attn.num_heads == 6 and told._model.blocks[0].attn.num_heads == 12


def test_the_architecture_is_inferred_where_only_one_fits(saved, make, embed):
    file = saved(make_published(published.vicreg))
    inferred = make("checkpoint", file)
    assert inferred.name == "resnet18" and any("architecture resnet18" in note for note in inferred.notes)
    named = make("checkpoint", file, "resnet18")  # as a spec checkpoint:FILE:ARCH gives it
    assert inferred.fingerprint == named.fingerprint == make("checkpoint", file, arch="resnet18").fingerprint


def test_the_architecture_is_asked_for_where_it_is_not_certain(saved, make):
    with pytest.raises(AuditError, match=r"--arch is missing.* --arch resnet50, or --arch vit_small_patch16_224$"):
        make("checkpoint", saved(make_published(published.dino_vit)))
    own = {
        f"base_encoder.{k}": v for k, v in timm.create_model("vit_tiny_patch16_224", num_classes=0).state_dict().items()
    }
    assert make("checkpoint", saved(published.Published("", own, None, None))).name == "vit_tiny_patch16_224"
    vit = timm.create_model("vit_tiny_patch16_224", num_classes=0)
    plain = published.Published("", vit.state_dict(), vit, None)
    with pytest.raises(AuditError, match=r"shapes are those of vit_tiny_patch16_224: type --arch vit_tiny_patch16"):
        make("checkpoint", saved(plain))


def test_a_wrong_architecture_is_refused_with_the_likely_one(saved, make):
    file = saved(make_published(published.vicreg))
    with pytest.raises(AuditError, match=r"do not fill resnet50: missing .*looks like resnet18$"):
        make("checkpoint", file, arch="resnet50")
    with pytest.raises(AuditError, match=r"unknown architecture 'resnet81': did you mean .*resnet18"):
        make("checkpoint", file, arch="resnet81")


@pytest.mark.parametrize("function", published.WITH_PROJECTOR, ids=lambda f: f.__name__)
def test_unknown_names_are_refused(function):
    """By the layout, or by the backbone where its names have no prefix: there every name is the backbone's."""
    made = make_published(function)
    for state in states_of(made.saved):
        state[("module." if next(iter(state)).startswith("module.") else "") + "mystery.weight"] = torch.zeros(3)
    try:
        parts = take_apart(made.saved, "x.pth", None)
    except AuditError as error:
        assert re.search(r"laid out as .*/.* saves .*known part of it: (\w+\.)?mystery\.weight;", str(error))
    else:
        assert "mystery.weight" in parts.backbone and parts.copy.backbone == ""
        with pytest.raises(AuditError, match=r"unexpected mystery\.weight"):
            build(made.arch, parts, source="x.pth", image_size=None)


@pytest.mark.parametrize("function", [published.byol_sthalles, published.dino_vit])
def test_half_empty_files_are_refused(function, saved, make):
    made = make_published(function)
    for state in states_of(made.saved):
        for name in [name for name in state if "layer3." in name or ".6." in name or "blocks.1." in name]:
            del state[name]
    with pytest.raises(AuditError, match=r"do not fill .*missing (layer3|blocks\.1)\.[\w., ]* and \d+ more; "):
        make("checkpoint", saved(made), arch=made.arch, layer="backbone")


def states_of(saved):
    """Every dict of tensors in what was saved that holds convolutions."""
    if isinstance(saved, dict):
        if any(torch.is_tensor(tensor) and tensor.ndim == 4 for tensor in saved.values()):
            yield saved
        for value in list(saved.values()):
            yield from states_of(value)


@pytest.mark.parametrize(
    ("drop", "message"),
    [
        ("module.projector.0.weight", r"module 0 with bias is neither a Linear nor a BatchNorm1d"),
        ("module.projector.1.running_var", r"module 1 with bias, running_mean, weight is neither"),
        ("module.projector.3", r"nothing is known of what stands before module 4"),
        ("module.projector.0", r"nothing is known of what stands before module 1"),
    ],
)
def test_an_incomplete_projector_is_refused_and_the_backbone_is_left(drop, message, saved, make):
    made = make_published(published.vicreg)
    for name in [name for name in made.saved["model"] if name.startswith(drop)]:
        del made.saved["model"][name]
    file = saved(made)
    with pytest.raises(AuditError, match=rf"cannot be rebuilt: ({message}).*use --layer backbone$"):
        make("checkpoint", file, arch="resnet18")
    assert make("checkpoint", file, arch="resnet18", layer="backbone").dim == 512


def test_a_projector_that_does_not_take_the_backbones_output_is_refused(saved, make):
    made = make_published(published.vicreg)
    made.saved["model"]["module.projector.0.weight"] = torch.zeros(40, 100)
    with pytest.raises(AuditError, match="takes 100 values, but the backbone gives 512"):
        make("checkpoint", saved(made), arch="resnet18")
    made.saved["model"]["module.projector.3.weight"] = torch.zeros(40, 41)
    with pytest.raises(AuditError, match="a layer of 41 inputs follows one of 40 outputs"):
        make("checkpoint", saved(made), arch="resnet18")


def test_a_linear_layer_inside_the_backbone_is_not_passed_over(saved, make):
    """The DéjàVu code's option `fc` puts one between backbone and projector; without it features would be others."""
    made = make_published(published.dejavu)
    made.saved["model"]["module.net.fc.weight"] = torch.zeros(256, 512)
    with pytest.raises(AuditError, match=r"do not fill resnet18: unexpected fc\.weight"):
        make("checkpoint", saved(made), arch="resnet18")


def test_the_default_layer_and_what_is_said_of_it(saved, make):
    file = saved(make_published(published.vicreg))
    default = make("checkpoint", file, arch="resnet18")
    assert (default.layer, default.dim) == ("projector", 24)
    assert "took the layer projector; the file also has backbone" in default.notes
    assert make("checkpoint", file, arch="resnet18", layer="projector").fingerprint == default.fingerprint
    assert make("checkpoint", file, arch="resnet18", layer="pre-head").layer == "backbone"
    with pytest.raises(AuditError, match="unknown layer 'head' of family checkpoint: use --layer embedding or"):
        make("checkpoint", file, arch="resnet18", layer="head")
    with pytest.raises(AuditError, match="has no layer bottleneck: use --layer backbone or projector"):
        make("checkpoint", file, arch="resnet18", layer="bottleneck")


def test_backbone_weights_are_the_same_from_a_full_and_a_bare_file(saved, make):
    made = make_published(published.vicreg)
    bare = {k[len("module.backbone.") :]: v for k, v in made.saved["model"].items() if k.startswith("module.backbone.")}
    full = make("checkpoint", saved(made), arch="resnet18", layer="backbone")
    assert make("checkpoint", saved(made._replace(saved=bare), "b.pth"), arch="resnet18").weights == full.weights


def test_pictures_of_timm_architectures_and_of_other_sizes(saved, make, embed, pictures):
    vit = timm.create_model("test_vit").eval()
    plain = published.Published("test_vit", vit.state_dict(), vit, None)
    encoder = make("checkpoint", saved(plain), arch="test_vit")
    own = make("timm", "test_vit", saved(plain))
    assert np.allclose(embed(encoder), embed(own), atol=1e-6) and encoder.transform.key == own.transform.key
    assert any("timm's mean for test_vit, 0.5,0.5,0.5" in note for note in encoder.notes)
    small = make("checkpoint", saved(plain), arch="test_vit", image_size=64)
    assert "size=(64, 64)" in small.transform.key and embed(small).shape == (3, 64)
    resnet = make("checkpoint", saved(make_published(published.vicreg)), arch="resnet18", image_size=112)
    assert "Resize" in resnet.transform.key and "128" in resnet.transform.key and "(112, 112)" in resnet.transform.key


def test_weights_that_need_code_are_refused(tmp_path, make):
    torch.save(torchvision.models.resnet18(), tmp_path / "whole.pt")
    with pytest.raises(AuditError, match="needs code to be unpickled"):
        make("checkpoint", str(tmp_path / "whole.pt"), arch="resnet18")
    torch.save({"teacher": {"x": torch.zeros(2)}, "student": 3}, tmp_path / "odd.pt")
    with pytest.raises(AuditError, match=r"is in no known layout \(it holds teacher, student\)"):
        make("checkpoint", str(tmp_path / "odd.pt"), arch="resnet18")
    with pytest.raises(AuditError, match=r"checkpoint none\.pth does not exist: type dejavu-audit checkpoint FILE"):
        make("checkpoint", "none.pth", arch="resnet18")


def test_timm_points_to_this_family(saved, make):
    with pytest.raises(AuditError, match="looks like a self-supervised checkpoint: use the family checkpoint"):
        make("timm", "resnet18", saved(make_published(published.vicreg)))
