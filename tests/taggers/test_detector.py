"""torchvision's detectors as taggers, with random weights and with files, against torchvision used by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision.models import detection
from torchvision.transforms.functional import to_tensor

from dejavu_audit.errors import AuditError
from dejavu_audit.taggers import detector
from dejavu_audit.taggers.loading import load_tagger

SMALL = "ssdlite320_mobilenet_v3_large"
PYRAMID = "fasterrcnn_mobilenet_v3_large_320_fpn"


def seen(tagger, pictures):
    return tagger.embed_images(torch.stack([tagger.transform(picture) for picture in pictures]))


def lively(model: nn.Module, seed: int) -> nn.Module:
    """Random weights with outputs that differ: fresh ones find nothing anywhere."""
    torch.manual_seed(seed)
    for name, tensor in model.named_parameters():
        if "cls_score" in name or "classification_head" in name or "cls_logits" in name:
            nn.init.normal_(tensor, 0, 0.3 if tensor.ndim > 1 else 1.0)
    return model


@pytest.mark.parametrize("name", [SMALL, PYRAMID])
def test_scores_are_those_of_the_surest_detections(name, tmp_path, pictures):
    """A square picture is not padded, so that torchvision's own pipeline sees the same pixels."""
    model = lively(torchvision.models.get_model(name, weights=None, weights_backbone=None, num_classes=6), 1).eval()
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    tagger = load_tagger(f"detector:{name}:{tmp_path / 'w.safetensors'}", options={}, device="cpu", batch_size=2)
    side = 416 if name == PYRAMID else 320
    squares = [picture.resize((side, side), Image.Resampling.BILINEAR) for picture in pictures]
    if name == PYRAMID:
        model.transform.min_size, model.transform.max_size = (side,), side
    with torch.inference_mode():
        found = model([to_tensor(square) for square in squares])
    expected = np.zeros((3, 6))
    for row, one in enumerate(found):
        for label, score in zip(one["labels"].tolist(), one["scores"].tolist(), strict=True):
            expected[row, label] = max(expected[row, label], score)
    scores = seen(tagger, squares)
    assert scores.shape == (3, 5) and scores.dtype == np.float16
    assert expected[:, 1:].max() > 0.1, "the test must find something"
    assert np.abs(scores - expected[:, 1:]).max() < 2e-3
    assert tagger.vocabulary == [f"class {number}" for number in range(1, 6)]


def test_random_weights_know_cocos_80_names_and_no_data():
    tagger = load_tagger(f"detector:{SMALL}:random", device="cpu")
    assert tagger.dim == len(tagger.vocabulary) == 80 and tagger.vocabulary[:2] == ["person", "bicycle"]
    assert "N/A" not in tagger.vocabulary and tagger.trained_on is None
    assert tagger.fingerprint == load_tagger(f"detector:{SMALL}:random", device="cpu").fingerprint


def test_wide_pictures_are_padded_and_batches_are_of_one_shape(pictures):
    tagger = load_tagger(f"detector:{PYRAMID}:random", options={"size": "96"}, device="cpu", batch_size=2)
    tensor = tagger.transform(pictures[0])
    assert tensor.shape == (3, 96, 96) and tensor.dtype == torch.uint8
    assert (tensor[:, -1] == torch.tensor([[124], [116], [104]])).all()


@pytest.mark.parametrize(
    ("name", "outputs"),
    [(SMALL, 1), (PYRAMID, 7), ("retinanet_resnet50_fpn", 91), ("fcos_resnet50_fpn", 2), ("ssd300_vgg16", 3)],
)
def test_outputs_are_read_from_the_shapes(name, outputs):
    with torch.device("meta"):
        state = torchvision.models.get_model(
            name, weights=None, weights_backbone=None, num_classes=outputs
        ).state_dict()
    assert detector._count(name, state) == outputs


def test_every_detection_model_of_torchvision_but_keypoints_is_known():
    ours = set(detector.known_models())
    theirs = set(torchvision.models.list_models(module=detection))
    assert {PYRAMID, SMALL, "fasterrcnn_resnet50_fpn", "retinanet_resnet50_fpn"} <= ours
    assert theirs - ours == {"keypointrcnn_resnet50_fpn"}


def test_names_of_ones_own(tmp_path):
    (tmp_path / "two.txt").write_text("cup\ncat\n")
    (tmp_path / "whole.txt").write_text("__background__\ncup\ncat\n")
    (tmp_path / "one.txt").write_text("cup\n")
    model = torchvision.models.get_model(SMALL, weights=None, weights_backbone=None, num_classes=3)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    spec = f"detector:{SMALL}:{tmp_path / 'w.safetensors'}"
    for names in ("two.txt", "whole.txt"):
        assert load_tagger(spec, options={"classes": str(tmp_path / names)}, device="cpu").vocabulary == ["cup", "cat"]
    with pytest.raises(AuditError, match="classes has 1 objects, but the model has 2 beside the background"):
        load_tagger(spec, options={"classes": str(tmp_path / "one.txt")}, device="cpu")
    random = load_tagger(f"detector:{SMALL}:random", options={"classes": str(tmp_path / "two.txt")}, device="cpu")
    assert random.vocabulary == ["cup", "cat"]


def test_a_model_without_a_background_output():
    assert detector._vocabulary("retinanet_resnet50_fpn", 2, ["cup", "cat"]) == ([0, 1], ["cup", "cat"])
    assert detector._vocabulary("retinanet_resnet50_fpn", 3, ["cup", "cat"]) == ([1, 2], ["cup", "cat"])
    assert detector._vocabulary("retinanet_resnet50_fpn", 2, None) == ([0, 1], ["class 0", "class 1"])


def test_the_published_file_passed_by_hand_is_known_as_such(tmp_path):
    """torchvision lowers an epsilon together with these weights; a file of that name is taken for them."""
    file = tmp_path / "retinanet_resnet50_fpn_coco-eeacb38b.pth"
    model = torchvision.models.get_model("retinanet_resnet50_fpn", weights=None, weights_backbone=None)
    torch.save(model.state_dict(), file)
    loaded, _, source = detector._model("retinanet_resnet50_fpn", str(file), None)
    norms = [module.eps for module in loaded.backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms and set(norms) == {0.0} and source == str(file)
    assert detector._tag_of("retinanet_resnet50_fpn", source) == "COCO_V1"


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("detector:fasterrcnn_resnet50", {}, r"unknown detection model of torchvision .*fasterrcnn_resnet50_fpn"),
        (
            f"detector:{SMALL}",
            {},
            rf"cannot load the weights COCO_V1 of {SMALL}: not cached .*HF_HUB_OFFLINE .*--tagger",
        ),
        (f"detector:{SMALL}:COCO_V3", {}, r"unknown tag of .* 'COCO_V3': did you mean COCO_V1"),
        (f"detector:{SMALL}:no.pth", {}, r"no\.pth does not exist"),
        (f"detector:{SMALL}:random", {"size": "64"}, r"takes squares of 320 pixels only"),
        (f"detector:{SMALL}:random", {"sizes": "64"}, r"did you mean size"),
    ],
)
def test_faults_are_one_sentence(spec, options, message, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(AuditError, match=message):
        load_tagger(spec, options=options, device="cpu")


def test_a_file_of_another_model_is_refused(tmp_path):
    model = torchvision.models.get_model(SMALL, weights=None, weights_backbone=None, num_classes=3)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(AuditError, match=f"do not fill torchvision {PYRAMID}: missing"):
        load_tagger(f"detector:{PYRAMID}:{tmp_path / 'w.safetensors'}", device="cpu")
