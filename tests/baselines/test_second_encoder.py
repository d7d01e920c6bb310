"""The two-model reference with real small encoders."""

from __future__ import annotations

import pytest
import timm
import torch
from safetensors.torch import save_file

from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.errors import AuditError
from dejavu_audit.types import BaselineRequest, EncoderRequest
from dejavu_baselines.second_encoder import load

AUDITED = ("timm", EncoderRequest("test_vit", "random", normalize=False, image_size=64, device="cpu"))


@pytest.fixture
def other(tmp_path):
    torch.manual_seed(5)
    save_file(timm.create_model("test_vit", img_size=64).state_dict(), tmp_path / "other.safetensors")
    return str(tmp_path / "other.safetensors")


def request(model, **settings):
    return BaselineRequest(**{"model": model, "audited": AUDITED, "device": "cpu", "data": "mine", **settings})


def test_weights_alone_make_an_encoder_that_looks_as_the_audited_one_does(other):
    baseline = load(request(other, batch_size=3))
    audited = load_encoder(*AUDITED)
    encoder = baseline.encoder
    assert encoder.transform.key == audited.transform.key and encoder.dim == audited.dim
    assert encoder.weights != audited.weights and encoder.fingerprint != audited.fingerprint
    assert encoder.batch_size == 3 and not encoder.normalize
    told = baseline.describe()
    assert told["name"] == baseline.name == "second-encoder"
    assert told["model"] == f"timm:test_vit:{other}" and told["weights"] == encoder.weights
    assert told["training_data"].startswith("the user states") and told["contaminated"] is None


def test_another_family_at_its_own_defaults():
    encoder = load(request("timm:test_resnet:random")).encoder
    assert encoder.normalize and encoder.name == "test_resnet"
    assert load(request("timm:test_resnet:random")).describe()["training_data"] == "none: random weights"


def test_contaminated_by_name(tmp_path):
    file = tmp_path / "resnet_in1k.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), file)
    with pytest.raises(
        AuditError, match=r"the reference timm:test_resnet:.* is known to be trained on ImageNet-1k.*--allow"
    ):
        load(request(f"timm:test_resnet:{file}", data="imagenet"))
    told = load(request(f"timm:test_resnet:{file}", data="imagenet", allow_contaminated=True)).describe()
    assert "trained on ImageNet-1k" in told["contaminated"]
    assert told["training_data"].startswith("ImageNet-1k, by the name of its weights; beyond that the user states")
    assert load(request(f"timm:test_resnet:{file}", data="coco")).describe()["contaminated"] is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (request(None), r"second-encoder needs --reference FAMILY:NAME\[:PRETRAINED\].*for example"),
        (request("other.safetensors", audited=None), r"second-encoder needs --reference"),
        (request("missing.safetensors"), r"missing\.safetensors does not exist"),
        (request("timm:test_resnet:random", options={"head": "mlp"}), r"unknown option of the baseline second-encoder"),
    ],
)
def test_faults(asked, message):
    with pytest.raises(AuditError, match=message):
        load(asked)
