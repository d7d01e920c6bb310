"""Zero-shot detectors of transformers: tiny ones with random weights, saved and loaded, against the library by hand."""

from __future__ import annotations

import json
import pickle
import string

import numpy as np
import pytest
import torch

from dejavu_audit.errors import AuditError
from dejavu_audit.taggers.loading import load_tagger

transformers = pytest.importorskip("transformers")
OBJECTS = ["dog", "a tree", "cup"]


def seen(tagger, pictures):
    return tagger.embed_images(torch.stack([tagger.transform(picture) for picture in pictures]))


@pytest.fixture(scope="module")
def owl(tmp_path_factory):
    """A folder with an OWL-ViT of 64 x 64 pixels and a tokenizer of single letters."""
    folder = tmp_path_factory.mktemp("owl")
    words = [letter + end for end in ("", "</w>") for letter in string.printable.strip()]
    names = ["!pad", "<|startoftext|>", *words, "<|endoftext|>"]  # a text is read at its highest number
    (folder / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(names)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=24)
    tokenizer.save_pretrained(folder)
    transformers.OwlViTImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    transformers.OwlViTProcessor(
        transformers.OwlViTImageProcessor(size={"height": 64, "width": 64}), tokenizer
    ).save_pretrained(folder)
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": 1, "eos_token_id": len(names) - 1, "pad_token_id": 0}
    config = transformers.OwlViTConfig(
        text_config={**size, "vocab_size": len(names), "max_position_embeddings": 24, **ends},
        vision_config={**size, "image_size": 64, "patch_size": 16},
        projection_dim=16,
    )
    torch.manual_seed(1)
    model = transformers.OwlViTForObjectDetection(config)
    for tensor in model.parameters():
        if tensor.ndim > 1:
            torch.nn.init.normal_(tensor, 0, 0.4)
    model.save_pretrained(folder)
    return folder


def test_scores_are_those_of_the_best_place(owl, pictures):
    tagger = load_tagger(f"zero-shot:{owl}", options={"objects": "dog,a tree,cup"}, device="cpu")
    assert tagger.vocabulary == OBJECTS and tagger.trained_on is None
    model = transformers.OwlViTForObjectDetection.from_pretrained(owl).eval()
    processor = transformers.OwlViTProcessor.from_pretrained(owl)
    texts = processor.tokenizer(
        [f"a photo of a {name}" for name in OBJECTS], padding="max_length", max_length=24, truncation=True,
        return_tensors="pt",
    )  # fmt: skip
    expected = []
    for picture in pictures:
        pixels = processor.image_processor(images=picture, return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            logits = model(**texts, pixel_values=pixels).logits
        expected.append(torch.sigmoid(logits[0]).amax(0).numpy())
    scores = seen(tagger, pictures)
    assert scores.shape == (3, 3) and scores.dtype == np.float16
    assert np.abs(scores - np.stack(expected)).max() < 2e-3
    assert np.std(expected, axis=0).min() > 0.01 and np.std(expected, axis=1).max() > 0.01, "all scores are alike"


def test_the_fingerprint_tells_objects_and_prompts_apart(owl):
    def fingerprint(**options):
        return load_tagger(f"zero-shot:{owl}", options=options, device="cpu").fingerprint

    first = fingerprint(objects="dog,cup")
    assert first == fingerprint(objects="dog, cup")
    assert len({first, fingerprint(objects="cup,dog"), fingerprint(objects="dog,cup", prompt="{}")}) == 3


def test_the_transform_can_go_to_the_decoding_processes(owl, pictures):
    transform = load_tagger(f"zero-shot:{owl}", options={"objects": "dog"}, device="cpu").transform
    there = pickle.loads(pickle.dumps(transform))
    assert there.key == transform.key and torch.equal(there(pictures[1]), transform(pictures[1]))
    assert transform(pictures[0]).shape == (3, 64, 64)


def test_weights_that_do_not_fill_are_refused(owl, tmp_path):
    from safetensors.torch import load_file, save_file

    for file in owl.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    state = load_file(tmp_path / "model.safetensors")
    state.pop("class_head.dense0.weight")
    save_file(state, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AuditError, match=r"do not fill the model: 1 tensors .*class_head\.dense0\.weight"):
        load_tagger(f"zero-shot:{tmp_path}", options={"objects": "dog"}, device="cpu")


def test_pickled_weights_are_refused(owl, tmp_path):
    for file in owl.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(AuditError, match=r"cannot load the zero-shot detector"):
        load_tagger(f"zero-shot:{tmp_path}", options={"objects": "dog"}, device="cpu")


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("google/owlvit-base-patch32", {}, r"must be told what to look for: --tagger-option objects="),
        ("google/owlvit-base-patch32", {"objects": " , "}, r"holds no names"),
        ("google/owlvit-base-patch32", {"objects": "dog"}, r"not cached on this machine.*--tagger zero-shot:FOLDER"),
        ("./nothing/here", {"objects": "dog"}, r"there is no folder nothing/here"),
        ("google/owlvit-base-patch32:w.pt", {"objects": "dog"}, r"takes no weights beside the model"),
        ("google/owlvit-base-patch32", {"object": "dog"}, r"did you mean objects"),
    ],
)
def test_faults_are_one_sentence(model, options, message):
    with pytest.raises(AuditError, match=message):
        load_tagger(f"zero-shot:{model}", options=options, device="cpu")


def test_a_prompt_must_have_a_place_for_the_object(owl):
    with pytest.raises(AuditError, match=r"must hold \{\} where the object stands"):
        load_tagger(f"zero-shot:{owl}", options={"objects": "dog", "prompt": "a photo"}, device="cpu")


def test_another_kind_of_model_is_refused(tmp_path):
    transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1).save_pretrained(tmp_path)
    with pytest.raises(AuditError, match=r"unknown kind of zero-shot detector 'bert': .*owlvit"):
        load_tagger(f"zero-shot:{tmp_path}", options={"objects": "dog"}, device="cpu")


@pytest.fixture(scope="module")
def grounding(tmp_path_factory):
    """A folder with a Grounding DINO of little width; its code wants BERT's numbers of dots and marks."""
    folder = tmp_path_factory.mktemp("grounding")
    names = [f"[unused{number}]" for number in range(1100)]
    for number, name in {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 1012: ".", 1029: "?"}.items():
        names[number] = name
    for number, word in enumerate(["dog", "a", "tree", "cup", "traffic", "light"]):
        names[1040 + number] = word
    (folder / "vocab.txt").write_text("\n".join(names))
    tokenizer = transformers.BertTokenizerFast(str(folder / "vocab.txt"))
    image = transformers.GroundingDinoImageProcessor(size={"shortest_edge": 96, "longest_edge": 192})
    transformers.GroundingDinoProcessor(image, tokenizer).save_pretrained(folder)
    config = transformers.GroundingDinoConfig(
        backbone_config=transformers.SwinConfig(
            image_size=64, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1], window_size=4,
            out_features=["stage2", "stage3", "stage4"],
        ),
        text_config=transformers.BertConfig(
            vocab_size=1100, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
        ),
        d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, num_queries=9, max_text_len=16,
    )  # fmt: skip
    torch.manual_seed(2)
    transformers.GroundingDinoForObjectDetection(config).save_pretrained(folder)
    return folder


def test_grounding_dino_scores_phrases_by_the_mean_of_their_words(grounding, pictures):
    tagger = load_tagger(f"zero-shot:{grounding}", options={"objects": "dog,traffic light,cup"}, device="cpu")
    assert tagger.transform(pictures[0]).shape == (3, 128, 128)  # 4/3 of 96
    model = transformers.GroundingDinoForObjectDetection.from_pretrained(grounding).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(grounding)
    ids = tokenizer("dog. traffic light. cup.", return_tensors="pt")
    assert ids["input_ids"].tolist() == [[101, 1040, 1012, 1044, 1045, 1012, 1043, 1012, 102]]
    mean, std = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    scores = seen(tagger, pictures)
    for picture, row in zip(pictures, scores, strict=True):
        pixels = (tagger.transform(picture) / 255 - mean) / std
        with torch.inference_mode():
            places = torch.sigmoid(model(pixel_values=pixels[None], **ids).logits)[0]
        expected = [places[:, 1].max(), places[:, 3:5].mean(1).max(), places[:, 6].max()]
        assert row.tolist() == pytest.approx([float(value) for value in expected], abs=2e-3)


def test_grounding_dino_takes_as_many_texts_as_the_objects_fill(grounding, pictures):
    # 16 tokens less two hold five objects of a word and a dot (with the next: 12 > 14 - 2), so three texts here.
    objects = ["dog", "tree", "cup", "a", "light", "traffic", "traffic light", "a dog", "a tree", "a cup", "a light"]
    tagger = load_tagger(f"zero-shot:{grounding}", options={"objects": ",".join(objects)}, device="cpu")
    scores = seen(tagger, pictures[:1])
    assert scores.shape == (1, 11) and scores.min() > 0
    with pytest.raises(AuditError, match="has no words"):
        load_tagger(f"zero-shot:{grounding}", options={"objects": "dog,..."}, device="cpu")
