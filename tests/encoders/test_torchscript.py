"""The family torchscript: a program of torch.jit, against the module that it was made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import transforms as tv

from dejavu_audit.errors import AuditError


class Tiny(nn.Module):
    def __init__(self, out: str = "vector") -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 8, 7, 4), out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = torch.relu(self.conv(x))
        return maps if self.out == "maps" else maps.mean((2, 3))


@pytest.fixture
def program(tmp_path):
    def save(module, size=None, pictures=1):
        path = tmp_path / "model.pt"
        made = (
            torch.jit.script(module) if size is None else torch.jit.trace(module, torch.zeros(pictures, 3, size, size))
        )
        torch.jit.save(made, path)
        return str(path)

    return save


@pytest.mark.parametrize("size", [None, 96])
def test_embedding_equals_the_module(size, program, make, embed, pictures):
    torch.manual_seed(0)
    model = Tiny().eval()
    encoder = make("torchscript", program(model, size), normalize=False, image_size=size)
    side = size or 224
    steps = [tv.Resize(256 * side // 224), tv.CenterCrop(side), tv.ToTensor()]
    compose = tv.Compose([*steps, tv.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    with torch.inference_mode():
        expected = model(torch.stack([compose(picture) for picture in pictures])).numpy()
    assert np.allclose(embed(encoder), expected, atol=1e-5) and encoder.dim == 8
    assert encoder.name == "model.pt" and not encoder.has_text
    assert "does not say how pictures are prepared" in encoder.notes[0]


def test_mean_and_deviation_are_the_users(program, make, embed):
    file = program(Tiny())
    told = make("torchscript", file, image_size=64, mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2))
    assert told.notes == [] and not np.allclose(embed(told), embed(make("torchscript", file, image_size=64)))


def test_the_fingerprint_is_over_the_bytes_of_the_file(program, make, tmp_path):
    torch.manual_seed(0)
    first = make("torchscript", program(Tiny()))
    (tmp_path / "copy.pt").write_bytes((tmp_path / "model.pt").read_bytes())
    assert make("torchscript", str(tmp_path / "copy.pt")).weights == first.weights
    assert make("torchscript", program(Tiny())).weights != first.weights


class Pair(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x.mean((2, 3)), x


class Whole(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3)).long()


class Fixed(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(1, 3, -1).mean(2)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Tiny("maps"), r"gives a tensor 2x8x55x55 of torch\.float32 for 2 pictures, not floats \(n, dim\)"),
        (Pair(), r"gives a tuple, not a tensor \(n, dim\)"),
        (Whole(), r"gives a tensor 2x3 of torch\.int64"),
        (Fixed(), r"gives 1 rows for 2 pictures"),
    ],
)
def test_programs_that_give_no_vector_a_picture_are_refused(module, message, program, make):
    with pytest.raises(AuditError, match=message):
        make("torchscript", program(module))


class Rigid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3 * 32 * 32, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x.flatten(1))


def test_a_size_that_the_program_cannot_take_is_one_sentence(program, make):
    file = program(Rigid(), 32)
    with pytest.raises(AuditError, match=r"cannot take two pictures of 224 pixels \(.*\): pass its --image-size"):
        make("torchscript", file)
    assert make("torchscript", file, image_size=32).dim == 5


def test_other_files_are_refused(make, tmp_path):
    torch.save(Tiny().state_dict(), tmp_path / "state.pt")
    with pytest.raises(AuditError, match=r"is no TorchScript program .*use the family checkpoint or timm"):
        make("torchscript", str(tmp_path / "state.pt"))
    with pytest.raises(AuditError, match="does not exist: pass a file that"):
        make("torchscript", str(tmp_path / "none.pt"))
    with pytest.raises(AuditError, match="is a folder: pass a file that"):
        make("torchscript", str(tmp_path))
    with pytest.raises(AuditError, match=r"unknown layer 'pre-head' of family torchscript: use --layer embedding$"):
        make("torchscript", str(tmp_path / "state.pt"), layer="pre-head")
    with pytest.raises(AuditError, match="leave --pretrained and --arch out"):
        make("torchscript", str(tmp_path / "state.pt"), arch="resnet18")


def test_no_other_family_runs_a_program(program, make):
    file = program(Tiny())
    for family, model, pretrained in (
        ("timm", "resnet18", file),
        ("openclip", "ViT-B-32", file),
        ("checkpoint", file, "resnet18"),
    ):
        with pytest.raises(AuditError, match="TorchScript archive, which is code, and is refused"):
            make(family, model, pretrained)
