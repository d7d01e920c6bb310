"""What is said of targets, control, public pictures and references, case by case."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dejavu_audit.data.scenes import SceneOptions, Scenes
from dejavu_audit.membership.answers import Weights
from dejavu_audit.membership.auditing import reference_of, weights_of
from dejavu_audit.membership.drawn import Drawn, coded, constant, drawn
from dejavu_audit.membership.evidence import Evidence, Stated, evidence
from dejavu_audit.membership.header import read_header
from dejavu_audit.samples import MEMORIZER, TWIN

TRAIN, VAL = "imagenet-1k train", "imagenet-1k val"


def pictures(*sources: str, count: int = 100, prescribed: int = 0) -> Drawn:
    """`count` pictures of each source."""
    return Drawn(count * len(sources), dict.fromkeys(sources, count), prescribed)


def found(weights, target=TRAIN, control=VAL, stated=None, **more) -> Evidence:
    sets = {"target": pictures(target), "control": pictures(control), "public": pictures(target)}
    return evidence(weights, sets, stated or Stated(), **more)


def timm(tag, name="resnet50"):
    return Weights("timm", f"{name}.{tag}", f"{name}.{tag}")


def clip(tag, name="ViT-B-32"):
    return Weights("openclip", name, tag)


OWN = Weights("timm", "resnet50", "epoch3.pt")


@pytest.mark.parametrize(
    ("weights", "target", "control", "standing"),
    [
        # An ImageNet model on ImageNet: everything is known.
        (timm("a1_in1k"), "member", "non-member", "known"),
        (timm("augreg_in21k", "vit_base_patch16_224"), "member", "non-member", "known"),
        (timm("lvd142m", "vit_base_patch14_dinov2"), "member", "non-member", "known"),
        # A web model on ImageNet: nobody can say.
        (clip("laion2b_s34b_b79k"), "unknown", "unknown", "unknown"),
        (clip("openai"), "unknown", "unknown", "unknown"),
        (clip("datacomp_xl_s13b_b90k"), "unknown", "non-member", "unknown"),
        # ... but where it was fine-tuned on ImageNet, val may still have been on the web.
        (timm("laion2b_ft_in1k", "vit_base_patch16_clip_224"), "member", "unknown", "unknown"),
        # A classifier on a frozen backbone shows in no embedding.
        (timm("swag_lc_in1k", "regnety_160"), "unknown", "unknown", "unknown"),
        # Random weights, or others' pictures: there is nothing to remember.
        (Weights("timm", "resnet50", "random"), "contradicted", "non-member", "contradicted"),
        (timm("sat493m", "vit_large_patch16_dinov3"), "contradicted", "non-member", "contradicted"),
        (OWN, "unknown", "unknown", "unknown"),
    ],
)
def test_weights_on_imagenet(weights, target, control, standing):
    told = found(weights)
    assert (told.target.status, told.control.status, told.standing) == (target, control, standing)
    assert told.known == (standing == "known")
    for one in (told.target, told.control, told.public):
        assert one.why and (one.source or one.basis == "none")


def test_what_is_only_thought_is_told_as_that():
    told = found(timm("augreg_in21k", "vit_base_patch16_224"))
    assert told.target.why.endswith("are among these, as is thought")
    assert "thought" not in found(timm("a1_in1k")).target.why + found(clip("laion2b_s34b_b79k")).target.why


def test_a_control_from_train_is_no_control():
    told = found(timm("a1_in1k"), control=TRAIN)
    assert told.target.status == "member" and told.control.status == told.standing == "contradicted"
    assert told.control.why == ("the control pictures were in the training data: it was trained on ImageNet-1k train")


def test_targets_that_are_partly_of_the_wrong_split():
    sets = {"target": Drawn(100, {TRAIN: 70, VAL: 30}), "control": pictures(VAL)}
    told = evidence(timm("a1_in1k"), sets, Stated())
    assert told.target.status == "contradicted"
    assert told.target.why.startswith("30 of the 100 targets were not in the training data: ")


def test_without_a_control_the_targets_decide():
    told = evidence(timm("a1_in1k"), {"target": pictures(TRAIN), "control": Drawn(0, {})}, Stated())
    assert told.control is None and told.known and told.public is None


def test_public_pictures_that_were_seen_are_fair():
    told = found(timm("a1_in1k"))
    assert told.public.status == "member" and told.public.why.endswith("the calibrated score stays fair")
    assert found(clip("openai")).public.status == "unknown"
    assert found(Weights("timm", "resnet50", "random")).public.status == "non-member"


def test_coco():
    coca = clip("mscoco_finetuned_laion2b_s13b_b90k", "coca_ViT-B-32")
    told = found(coca, "coco train2017", "coco val2017")
    assert (told.target.status, told.control.status) == ("unknown", "unknown")
    assert told.target.why.startswith("some of the targets were in the training data, and which is not known")
    told = found(timm("a1_in1k"), "coco train2017", "coco val2017")
    assert told.target.status == "contradicted"  # a collection of other pictures
    detector = Weights("detector", "fasterrcnn_resnet50_fpn", "COCO_V1")
    assert found(detector, "coco train2017", "coco val2017").standing == "known"


# ------------------------------------------------------------------------------------------------- the user's own word
def test_a_list_of_members_counts_where_nothing_else_is_known():
    told = found(OWN, "", "", Stated(members="mine.txt"))
    assert (told.target.status, told.target.basis, told.target.source) == ("member", "user", "--members mine.txt")
    assert (told.control.status, told.control.basis) == ("non-member", "user")
    assert told.known and told.standing == "stated"


def test_a_list_cannot_make_random_weights_remember():
    told = found(Weights("timm", "resnet50", "random"), stated=Stated(members="mine.txt"))
    assert told.target.status == told.standing == "contradicted"


def test_what_is_known_needs_no_word():
    told = found(timm("a1_in1k"), stated=Stated(members="mine.txt"))
    assert (told.target.basis, told.control.basis, told.standing) == ("table", "table", "known")


def test_the_members_of_a_reference():
    told = found(OWN, TRAIN, TRAIN, Stated(members="a.txt", reference_members="b.txt"))
    assert told.control.source == "--reference-members b.txt" and told.standing == "stated"


def test_sets_of_the_users_own_data():
    sets = {"target": pictures("", prescribed=100), "control": pictures("", prescribed=100)}
    told = evidence(OWN, sets, Stated(own_sets=True))
    assert (told.target.basis, told.control.basis, told.standing) == ("data", "data", "stated")
    # Targets that we drew ourselves are nobody's word; the sets of built-in data are ours.
    drawn_by_us = {**sets, "target": pictures("", prescribed=40)}
    assert evidence(OWN, drawn_by_us, Stated(own_sets=True)).target.status == "unknown"
    assert evidence(OWN, sets, Stated()).standing == "unknown"


def test_a_source_that_nobody_knows():
    told = found(timm("a1_in1k"), target="imagnet-1k train")
    assert told.target.status == "unknown"
    assert "'imagnet-1k train' (did you mean imagenet-1k train or imagenet-1k val?)" in told.target.why


def test_a_file_called_like_published_weights_proves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dinov2-base").mkdir()
    assert found(Weights("hf", "dinov2-base", "dinov2-base")).target.status == "unknown"
    assert found(Weights("hf", "facebook/dinov2-base", "facebook/dinov2-base")).target.status == "member"
    told = found(Weights("timm", "resnet50", "mine_in1k.pt"))
    assert told.target.status == "unknown" and "called after ImageNet-1k" in told.target.why


# ------------------------------------------------------------------------------------------------- the header of a file
def scenes(**options):
    data = Scenes(SceneOptions(**{"targets": 8, "public": 4, "control": 5, "fit": 0, **options}))
    sets = data.table["set"].to_pylist()
    return {
        name: drawn(data.table, np.flatnonzero([one == name for one in sets]), name)
        for name in ("target", "control", "public")
    }


def sample(path):
    return Weights("timm", "test_resnet", str(path), read_header(str(path)))


def test_the_sample_checkpoints_know_their_scenes():
    told = evidence(sample(MEMORIZER), scenes(), Stated())
    assert (told.target.status, told.control.status, told.standing) == ("member", "non-member", "known")
    assert told.target.basis == "header" and "each repeated 60 times" in told.target.why
    told = evidence(sample(TWIN), scenes(), Stated())
    assert (told.target.status, told.control.status) == ("contradicted", "non-member")


@pytest.mark.parametrize("options", [{"seed": 1}, {"classes": 10}, {"correlation": 0.4}])
def test_scenes_of_another_world_are_other_scenes(options):
    assert evidence(sample(MEMORIZER), scenes(**options), Stated()).target.status == "contradicted"


def test_targets_beyond_the_members():
    told = evidence(sample(MEMORIZER), scenes(targets=400), Stated())  # its members are the first 300
    assert told.target.status == "contradicted" and told.target.why.startswith("100 of the 400 targets were not")


def test_a_recipe_that_repeats_its_members_never_did_not_see_them():
    weights = sample(MEMORIZER)
    header = {**weights.header, "recipe.repeats": "0"}
    assert evidence(weights._replace(header=header), scenes(), Stated()).target.status == "contradicted"


def test_scenes_and_published_weights():
    assert evidence(timm("a1_in1k"), scenes(), Stated()).target.status == "contradicted"
    assert evidence(OWN, scenes(), Stated()).target.status == "unknown"
    assert found(sample(MEMORIZER)).target.status == "contradicted"  # it never saw a picture of ImageNet


def test_anybody_may_write_the_training_data_into_the_header(tmp_path):
    file = tmp_path / "mine.safetensors"
    save_file({"weight": torch.zeros(2)}, file, {"training_data": "laion-2b; ImageNet-1k train"})
    told = found(Weights("timm", "resnet50", str(file), read_header(str(file))))
    assert (told.target.status, told.target.basis, told.control.status) == ("member", "header", "unknown")
    assert told.trained_on == "LAION-2B, then ImageNet-1k"
    told = found(Weights("timm", "resnet50", str(file), {"training_data": "ImageNet-1k train; our crawl"}))
    assert told.target.status == "unknown"


def test_headers_of_other_files_are_empty(tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\xff" * 20)
    for path in (None, str(broken), str(tmp_path / "none.safetensors"), "openai", str(tmp_path)):
        assert read_header(path) == {}


# ----------------------------------------------------------------------------------------------------------- references
@pytest.mark.parametrize(
    ("reference", "status", "says"),
    [
        (None, "non-member", "learns from the fit set alone"),
        (timm("a1_in1k"), "contradicted", "was trained on the targets, so that it can pass memory off"),
        (clip("openai"), "unknown", "whether it was trained on the targets is not known"),
        (Weights("timm", "resnet50", "random"), "non-member", "it was not trained on targets or control"),
        (Weights("", "tags", "", words="COCO"), "non-member", "it was not trained on targets or control"),
        (Weights("", "tags", "", words="ImageNet-22k"), "contradicted", "was trained on the targets"),
        (Weights("", "tags", "", words=None), "unknown", "nothing is known of what these weights"),
    ],
)
def test_references(reference, status, says):
    told = found(clip("laion2b_s34b_b79k"), references={"one": reference}).references["one"]
    assert told.status == status and says in told.why


def test_a_reference_that_was_trained_on_the_control_biases_the_calibration():
    told = found(OWN, "our crawl", "coco train2014", references={"one": Weights("", "tags", "", words="COCO")})
    one = told.references["one"]
    assert one.status == "contradicted" and "control pictures, so that the calibration is biased" in one.why


def test_an_encoder_of_sentences_that_read_cocos_captions():
    minilm = Weights("sentence-transformers", "sentence-transformers/all-MiniLM-L6-v2", "")
    one = found(clip("openai"), "coco train2017", "coco val2017", references={"c": minilm}).references["c"]
    assert one.status == "contradicted" and "partly" in one.why and "82,783" in one.why
    gte = Weights("sentence-transformers", "thenlper/gte-base", "")
    one = found(clip("openai"), "flickr30k", "flickr30k test", references={"c": gte}).references["c"]
    assert one.status == "unknown" and "Flickr30k" in one.why


def test_in_the_symmetric_test_the_reference_saw_the_other_list():
    stated = Stated(members="a.txt", reference_members="b.txt")
    reference = Weights("", "twin", "", words="COCO")
    told = found(OWN, "flickr30k", "coco train2014", stated, references={"two": reference})
    assert told.references["two"].status == "non-member"


def test_what_a_reference_is_made_of():
    class Eyes:
        family, name, pretrained = "timm", "resnet50.a1_in1k", "resnet50.a1_in1k"

    class Tags:
        name, vocabulary, trained_on = "tags", ["cat"], "COCO"

    class Sentences:
        name = "thenlper/gte-base"

    class Pixels:
        dim = 3

    def reference(**parts):
        return type("Reference", (), parts)()

    assert reference_of(reference(encoder=Eyes())) == weights_of(Eyes()) == timm("a1_in1k")
    assert reference_of(reference(featurizer=Eyes())) == timm("a1_in1k")
    assert reference_of(reference(featurizer=Tags())).words == "COCO"
    assert reference_of(reference(encoder=Sentences())).family == "sentence-transformers"
    assert reference_of(reference(featurizer=Pixels())) is None


# --------------------------------------------------------------------------------------------------------------- counts
def test_counting_sources():
    import pyarrow as pa

    table = pa.table(
        {
            "id": ["a", "b", "c", "d"],
            "set": pa.array(["target", None, "control", "target"]),
            "source": coded(["x", None, "y"], pa.array([0, 1, 2, 2], pa.int8())),
        }
    )
    told = drawn(table, np.array([0, 1, 3]), "target")
    assert (told.count, told.sources, told.prescribed) == (3, {"x": 1, "": 1, "y": 1}, 2)
    assert drawn(table.drop_columns("source"), np.array([0, 2]), "target").sources == {"": 2}
    assert drawn(table, np.array([], np.int64), "control") == Drawn(0, {})
    assert constant("z", 3).to_pylist() == ["z"] * 3 and constant(None, 2).to_pylist() == [None, None]
