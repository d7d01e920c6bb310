"""The family python: what a user's function may give, and what is said where it gives something else."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torchvision import transforms as tv

from dejavu_audit.errors import AuditError

CODE = """
import torch
from torch import nn
from torchvision import transforms as tv

from dejavu_audit.encoders.timm import load as timm_load


class Mean(nn.Module):
    def __init__(self, dim=4):
        super().__init__()
        self.linear = nn.Linear(3, dim)

    def forward(self, pixels):
        return self.linear(pixels.mean((2, 3)))


class Maps(nn.Module):
    def forward(self, pixels):
        return pixels


def doubled(picture):
    return tv.functional.to_tensor(picture.resize((16, 16))) * 2


def alone(request):
    return Mean()


def with_transform(request):
    return Mean(), tv.Compose([tv.Resize((20, 20)), tv.ToTensor(), tv.Normalize((0.5,) * 3, (0.25,) * 3)])


def with_function(request):
    return Mean(), doubled


def with_lambda(request):
    return Mean(), lambda picture: doubled(picture)


def an_encoder(request):
    from dataclasses import replace
    return timm_load(replace(request, model="test_resnet", pretrained="random"))


def maps(request):
    return Maps()


def number(request):
    return 3


def half_an_encoder(request):
    class Half:
        embed_images = dim = weights = None
    return Half()


def broken(request):
    return {}["weights"]


NOT_CALLABLE = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module `user_encoders` in a folder, forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "user_encoders.py"
    file.write_text(CODE)
    yield str(file)
    sys.modules.pop("user_encoders", None)


def test_a_module_alone_is_shown_pictures_as_for_imagenet(module, make, embed, pictures):
    encoder = make("python", f"{module}:alone", normalize=False, seed=5)
    steps = [tv.Resize(256), tv.CenterCrop(224), tv.ToTensor()]
    compose = tv.Compose([*steps, tv.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    torch.manual_seed(5)
    linear = torch.nn.Linear(3, 4)
    with torch.inference_mode():
        expected = linear(torch.stack([compose(picture).mean((1, 2)) for picture in pictures])).numpy()
    assert np.allclose(embed(encoder), expected, atol=1e-5) and encoder.dim == 4
    assert "gives no transform: taken are 224 pixels and ImageNet's mean" in encoder.notes[0]
    assert encoder.family == "python" and encoder.name == f"{module}:alone" and not encoder.has_text
    small = make("python", f"{module}:alone", image_size=112, mean=(0, 0, 0), std=(1, 1, 1))
    assert "(112, 112)" in small.transform.key


def test_a_module_with_its_transform(module, make, embed, pictures):
    encoder = make("python", f"{module}:with_transform", normalize=False)
    assert encoder.notes == [] and "size=(20, 20)" in encoder.transform.key
    ours = encoder.transform(pictures[0])
    assert ours.dtype == torch.uint8 and ours.shape == (3, 20, 20)
    free = make("python", f"{module}:with_function", normalize=False)
    assert free.transform(pictures[0]).dtype == torch.float32
    linear = free._model.linear
    with torch.inference_mode():
        steps = [tv.functional.to_tensor(picture.resize((16, 16))) * 2 for picture in pictures]
        expected = linear(torch.stack(steps).mean((2, 3)).cpu()).numpy()
    assert np.allclose(embed(free), expected, atol=1e-5)
    with pytest.raises(AuditError, match=r"--image-size cannot be used with .*, whose transform has a size of its own"):
        make("python", f"{module}:with_transform", image_size=64)
    with pytest.raises(AuditError, match="--mean and --std cannot be used"):
        make("python", f"{module}:with_function", mean=(0.5, 0.5, 0.5))


def test_an_encoder_is_taken_as_it_is(module, make, embed):
    encoder = make("python", f"{module}:an_encoder", seed=3)
    assert encoder.family == "timm"
    assert np.array_equal(embed(encoder), embed(make("timm", "test_resnet", "random", seed=3)))


def test_a_module_by_name_here_and_the_two_ways_to_name_it(module, make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(tmp_path))])
    named = make("python", "user_encoders:alone")
    assert named.weights == make("python", "user_encoders", "alone").weights
    assert named.weights == make("python", f"{module}:alone").weights
    assert named.weights != make("python", "user_encoders:alone", seed=1).weights


def test_the_fingerprint_follows_weights_and_the_file(module, make, tmp_path):
    first = make("python", f"{module}:alone")
    assert first.fingerprint == make("python", f"{module}:alone").fingerprint
    sys.modules.pop("user_encoders")
    (tmp_path / "user_encoders.py").write_text(CODE.replace("self.linear(", "2 * self.linear("))
    changed = make("python", f"{module}:alone")
    assert changed.weights == first.weights and changed.fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("alon", r"unknown function of .*'alon': did you mean alone"),
        ("NOT_CALLABLE", r"unknown function of .*'NOT_CALLABLE'"),
        ("number", r"number gives int, not an Encoder, a torch\.nn\.Module, or \(module, transform\)"),
        ("maps", r"gives a tensor 1x3x224x224 of torch\.float32 for 1 pictures, not floats \(n, dim\)"),
        ("half_an_encoder", r"gives a Half that lacks fingerprint, dtype, transform, device of .*Encoder"),
        ("broken", r"broken of .* failed: KeyError: 'weights' \(user_encoders\.py, line \d+\)"),
        ("with_lambda", r"cannot be sent to the processes that decode pictures .*top of the module"),
    ],
)
def test_what_a_function_may_not_give(function, message, module, make):
    with pytest.raises(AuditError, match=message):
        make("python", f"{module}:{function}")


def test_what_cannot_be_imported_is_one_sentence(module, make, tmp_path):
    for name, message in (
        ("no_such_module:f", r"there is no Python module no_such_module here or among the packages"),
        ("./no/file.py:f", r"there is no file \./no/file\.py: type dejavu-audit python MODULE:FUNCTION"),
        ("justaname", r"'justaname' names no function"),
        (f"{module}:", r"names no function"),
    ):
        with pytest.raises(AuditError, match=message):
            make("python", name)
    (tmp_path / "typo_encoders.py").write_text("def f(:\n")
    with pytest.raises(AuditError, match=r"importing .* failed: SyntaxError: .* \(typo_encoders\.py, line 1\)"):
        make("python", f"{tmp_path}/typo_encoders.py:f")
    (tmp_path / "needy_encoders.py").write_text("import absent_library\n")
    with pytest.raises(AuditError, match=r"failed: ModuleNotFoundError: No module named 'absent_library' \(needy_enc"):
        make("python", f"{tmp_path}/needy_encoders.py:f")
    (tmp_path / "json.py").write_text("def f(request): ...\n")
    with pytest.raises(AuditError, match="for another module is called json: rename the file"):
        make("python", f"{tmp_path}/json.py:f")
