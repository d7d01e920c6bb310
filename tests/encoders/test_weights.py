"""Reading weights files without running code, and filling a model exactly."""

from __future__ import annotations

import os
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dejavu_audit.encoders.weights import fill, is_path, misfit, read_state, without_prefix
from dejavu_audit.errors import AuditError


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


@pytest.fixture
def state():
    torch.manual_seed(0)
    return net().state_dict()


def same(found, state):
    return found.keys() == state.keys() and all(torch.equal(found[name], state[name]) for name in state)


@pytest.mark.parametrize("wrap", [None, "state_dict", "model", "model_state", "state_dict_ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
def test_plain_and_wrapped(wrap, prefix, state, tmp_path):
    content = {prefix + name: tensor for name, tensor in state.items()}
    torch.save({wrap: content, "epoch": 3} if wrap else content, tmp_path / "w.pt")
    assert same(read_state(tmp_path / "w.pt"), state)


def test_formats_are_told_by_content(state, tmp_path):
    save_file(state, tmp_path / "w.pt")
    torch.save({"state_dict": state}, tmp_path / "new.bin")
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    for name in ("w.pt", "new.bin", "old.pth"):
        assert same(read_state(tmp_path / name), state)


def test_averaged_weights_go_first(state, tmp_path):
    averaged = {name: tensor + 1 for name, tensor in state.items()}
    torch.save({"state_dict": state, "state_dict_ema": averaged}, tmp_path / "w.pt")
    assert same(read_state(tmp_path / "w.pt"), averaged)


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_with_code_is_refused_and_not_run(zipped, state, tmp_path):
    torch.save({**state, "x": Harm(tmp_path / "harm")}, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(AuditError, match=r"needs code to be unpickled \(\w+\.mkdir\) and is refused: .*safetensors"):
        read_state(tmp_path / "w.pt")
    assert not (tmp_path / "harm").exists()
    torch.save(net(), tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(AuditError, match=r"needs code to be unpickled \(torch\.nn\.modules"):
        read_state(tmp_path / "w.pt")


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy"])
@pytest.mark.parametrize("keep", [0.0, 0.02, 0.3, 0.7, 0.99])
def test_truncated_files(kind, keep, state, tmp_path):
    file = tmp_path / ("w.safetensors" if kind == "safetensors" else "w.pt")
    if kind == "safetensors":
        save_file(state, file)
    else:
        torch.save(state, file, _use_new_zipfile_serialization=kind == "zip")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(AuditError, match=r"is truncated or damaged|is empty") as caught:
        read_state(file)
    assert "\n" not in str(caught.value) and str(file) in str(caught.value)


def test_what_is_no_weights_file(state, tmp_path):
    def refused(match):
        with pytest.raises(AuditError, match=match):
            read_state(tmp_path / "w")

    refused(r"does not exist: pass an existing file by --pretrained FILE")
    (tmp_path / "w").write_text("hello " * 50)
    refused(r"is neither safetensors nor a PyTorch checkpoint")
    (tmp_path / "w").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    refused(r"Git LFS pointer")
    (tmp_path / "w").write_bytes(pickle.dumps([1, 2]))
    refused(r"is neither safetensors nor a PyTorch checkpoint|holds a list")
    torch.save(torch.zeros(2), tmp_path / "w")
    refused(r"holds a Tensor, not a state dict")
    torch.save({"epoch": 1, "best": torch.zeros(1)}, tmp_path / "w")
    refused(r"holds no state dict \('epoch' is no tensor\)")
    torch.save({}, tmp_path / "w")
    refused(r"holds no state dict \(it is empty\)")
    (tmp_path / "folder").mkdir()
    save_file(state, tmp_path / "folder" / "a.safetensors")
    with pytest.raises(AuditError, match=r"are a folder: name a file in it, e\.g\. .*a\.safetensors"):
        read_state(tmp_path / "folder")


def never(name):
    return False


def test_exact_fill(state):
    model = net()
    fill(model, state, may_differ=never, source="w", target="net")
    assert same(model.state_dict(), state)


def test_model_prefix_is_taken_off_only_where_the_file_then_fits(state):
    model = net()
    fill(model, {f"model.{name}": t for name, t in state.items()}, may_differ=never, source="w", target="net")
    assert same(model.state_dict(), state)
    inner = nn.Module()
    inner.model = net()
    fill(inner, {f"model.{name}": t for name, t in state.items()}, may_differ=never, source="w", target="net")
    assert same(inner.model.state_dict(), state)


def test_a_misfit_is_told_and_leaves_the_model_alone(state):
    model = net()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    wrong = dict(state)
    del wrong["0.weight"]
    wrong |= {"1.weight": torch.zeros(5), **{f"x{i}": torch.zeros(1) for i in range(5)}}
    with pytest.raises(AuditError) as caught:
        fill(model, wrong, may_differ=never, source="w.pt", target="net", hint=lambda given: f"has {len(given)}")
    assert str(caught.value) == (
        "weights w.pt do not fill net: missing 0.weight; unexpected x0, x1, x2 and 2 more;"
        f" of another shape 1.weight 5 for 4; has {len(wrong)}"
    )
    assert same(model.state_dict(), before)


def test_what_may_differ(state):
    model = net()
    kept = model.state_dict()["3.weight"].clone()
    other = {**state, "3.weight": torch.zeros(9, 9), "3.extra": torch.zeros(1)}
    del other["3.bias"], other["1.num_batches_tracked"]
    fill(model, other, may_differ=lambda name: name.startswith("3."), source="w", target="net")
    assert torch.equal(model.state_dict()["3.weight"], kept)
    assert torch.equal(model.state_dict()["0.weight"], state["0.weight"])
    assert misfit(model, other, may_differ=never).unexpected == ["3.extra"]


def test_prefix_only_where_all_names_have_it():
    tensor = torch.zeros(1)
    assert without_prefix({"a.x": tensor, "a.y": tensor}, "a.").keys() == {"x", "y"}
    assert without_prefix({"a.x": tensor, "y": tensor}, "a.").keys() == {"a.x", "y"}


def test_is_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").touch()
    assert all(map(is_path, ["a/b", "w.pt", "w.safetensors", "plain", "c.json"]))
    assert not any(map(is_path, ["ViT-B-32", "resnet50.a1_in1k", "hf-hub:a/b", "random"]))
