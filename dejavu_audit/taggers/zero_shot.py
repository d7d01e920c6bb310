"""The tagger `zero-shot`: a detector of the transformers library that finds whatever objects you name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torchvision import transforms as tv

from dejavu_audit.data.manifest import is_folder, user_path
from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.hub import hub, quiet, without_bars
from dejavu_audit.encoders.torch_encoder import Forward, Loaded
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.taggers.contamination import trained_on
from dejavu_audit.taggers.options import check, names_or_file, whole
from dejavu_audit.taggers.squares import ToSquare
from dejavu_audit.taggers.torch_tagger import TorchTagger
from dejavu_audit.types import TaggerRequest

if TYPE_CHECKING:
    from PIL import Image

NAME = "zero-shot"
PROMPT = "a photo of a {}"
OWL = ("owlvit", "owlv2")
GROUNDING = ("grounding-dino", "mm-grounding-dino")
# Of a configuration: says nothing of what is computed.
IDLE = frozenset({"transformers_version", "_name_or_path", "dtype", "torch_dtype", "architectures", "auto_map"})


def load(request: TaggerRequest) -> TorchTagger:
    """The tagger of a request: `model` is a hub name (google/owlvit-base-patch32) or a folder that transformers saved.

    Options: `objects`, names with commas between, or a file with one a line; `prompt`, in which {} stands for the
    object (OWL-ViT and OWLv2; default "a photo of a {}"); `size`, the side in pixels of the square that a picture is
    fitted into (Grounding DINO). AuditError where no objects are named, for a model that is no such detector, lacks
    weights, or cannot be had.
    """
    check(request.options, ("objects", "prompt", "size"), NAME)
    if request.pretrained is not None:
        raise AuditError(f"the tagger {NAME}:{request.model} takes no weights beside the model: leave them out")
    if not request.options.get("objects", "").strip():
        raise AuditError(
            f"the tagger {NAME} must be told what to look for: --tagger-option objects=FILE with an object a line, or "
            "objects=dog,tree"
        )
    objects = names_or_file(request.options["objects"], "the tagger's option objects")
    model, processor = _pretrained(request.model)
    kind = str(model.config.model_type)
    if kind in OWL:
        prompt = _prompt(request)
        compose, forward = tv.Compose([Processed(processor.image_processor)]), _owl(model, processor, objects, prompt)
    else:
        prompt = "{}."
        compose, forward = _to_square(processor.image_processor, request), _grounding(model, processor, objects)
    loaded = Loaded(
        family=NAME,
        name=request.model,
        pretrained=str(Path(request.model).name),
        architecture=f"{kind} {fingerprint.digest(json.dumps(_telling(model.config.to_dict()), default=str), prompt)}",
        model=model,
        forward=forward,
        compose=compose,
        weights=fingerprint.hash_tensors(fingerprint.shaping(model.state_dict(), not_counted=())),
    )
    return TorchTagger(loaded, request, objects, trained_on(NAME, request.model, None))


class Processed:
    """A picture as the model's own image processor gives it: (3, H, W) float32, of one size. Picklable."""

    def __init__(self, processor: Any) -> None:
        """`settings` names all that shapes the tensor."""
        self._processor = processor
        self.settings = json.dumps(_telling(processor.to_dict()), sort_keys=True, default=str)

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """One picture."""
        pixels: torch.Tensor = self._processor(images=image, return_tensors="pt")["pixel_values"][0]
        return pixels


def _pretrained(name: str) -> tuple[Any, Any]:
    """The model, every tensor of it from safetensors, and its processor; no code of the hub's is run."""
    try:
        with quiet():
            from transformers import AutoConfig, AutoModelForZeroShotObjectDetection
            from transformers import AutoProcessor as Processors
    except ImportError as error:
        raise AuditError(
            f"the tagger {NAME} needs the transformers library ({error}): pip install 'dejavu-audit[hf]'"
        ) from error
    place = user_path(name)
    local = is_folder(place)
    if not local and (name.count("/") > 1 or name.startswith((".", "/", "~"))):
        raise AuditError(f"there is no folder {place}: name one that transformers saved, or a model of the hub")
    where = str(place) if local else name
    with (
        hub(
            f"the zero-shot detector {name}",
            instead=f"pass the folder by --tagger {NAME}:FOLDER" if not local else "save it again with save_pretrained",
        ),
        without_bars(),
    ):
        kind = AutoConfig.from_pretrained(where, local_files_only=local, trust_remote_code=False).model_type
        if kind not in OWL + GROUNDING:
            raise unknown("kind of zero-shot detector", str(kind), OWL + GROUNDING)
        processor = Processors.from_pretrained(  # type: ignore[no-untyped-call]
            where, local_files_only=local, trust_remote_code=False
        )
        model, told = AutoModelForZeroShotObjectDetection.from_pretrained(
            where, local_files_only=local, trust_remote_code=False, use_safetensors=True, output_loading_info=True
        )
    lacking = [*told["missing_keys"], *(entry[0] for entry in told["mismatched_keys"])]
    if lacking:
        raise AuditError(
            f"the weights of {name} do not fill the model: {len(lacking):,} tensors are missing or of another shape, "
            f"such as {sorted(lacking)[0]}; save it again with save_pretrained"
        )
    return model.float(), processor


def _prompt(request: TaggerRequest) -> str:
    prompt = request.options.get("prompt", PROMPT)
    if "{}" not in prompt:
        raise AuditError(f"the tagger's option prompt={prompt} must hold {{}} where the object stands")
    return prompt


def _telling(settings: Any) -> Any:
    """A configuration without what says nothing of the computation."""
    if isinstance(settings, dict):
        return {key: _telling(value) for key, value in sorted(settings.items(), key=str) if key not in IDLE}
    return settings


def _to_square(image_processor: Any, request: TaggerRequest) -> tv.Compose:
    size = image_processor.size
    edge = int(size.get("shortest_edge") or size.get("height") or 800)
    side = whole(request.options, "size", max(32, round(edge * 4 / 3 / 32) * 32), 32, 4096)
    mean, std = image_processor.image_mean, image_processor.image_std
    r, g, b = (round(255 * value) for value in mean)
    return tv.Compose([ToSquare(side, fill=(r, g, b)), tv.ToTensor(), tv.Normalize(mean, std)])


def _owl(model: Any, processor: Any, objects: Sequence[str], prompt: str) -> Forward:
    """OWL-ViT and OWLv2: the texts are embedded once, then compared with every place of every picture."""
    texts = processor.tokenizer(
        [prompt.replace("{}", name) for name in objects],
        padding="max_length",
        truncation=True,
        max_length=model.config.text_config.max_position_embeddings,
        return_tensors="pt",
    )
    known: list[torch.Tensor] = []

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        ids = texts["input_ids"].to(pixels.device)
        if not known:
            mask = texts["attention_mask"].to(pixels.device)
            known.append(model(input_ids=ids, attention_mask=mask, pixel_values=pixels[:1]).text_embeds[0])
        features = model.image_embedder(pixel_values=pixels)[0].flatten(1, 2)
        queries = known[0].expand(len(pixels), -1, -1)
        there = (ids[:, 0] > 0).expand(len(pixels), -1)
        logits = model.class_predictor(features, queries, there)[0]
        return torch.sigmoid(logits.float()).amax(dim=1)

    return forward


def _grounding(model: Any, processor: Any, objects: Sequence[str]) -> Forward:
    """Grounding DINO: the objects stand in one text, each ended by a dot, in as many texts as they fill.

    An object's score in one place is the mean of its tokens' scores; the best place counts.
    """
    tokenizer = processor.tokenizer
    dot = tokenizer.convert_tokens_to_ids(".")
    room = int(model.config.max_text_len) - 2
    texts: list[tuple[list[int], list[range]]] = []
    for name in objects:
        own = tokenizer(name.lower().rstrip(". "), add_special_tokens=False)["input_ids"]
        own = [token for token in own if token != dot][: room - 1]
        if not own:
            raise AuditError(f"the object {name!r} has no words that the model knows; name it otherwise")
        if not texts or len(texts[-1][0]) + len(own) + 1 > room:
            texts.append(([], []))
        tokens, spans = texts[-1]
        spans.append(range(len(tokens) + 1, len(tokens) + 1 + len(own)))  # the text begins with a token of its own
        tokens += [*own, dot]

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        parts = []
        for tokens, spans in texts:
            ids = torch.tensor([tokenizer.cls_token_id, *tokens, tokenizer.sep_token_id], device=pixels.device)
            ids = ids.expand(len(pixels), -1)
            logits = model(pixel_values=pixels, input_ids=ids, attention_mask=torch.ones_like(ids)).logits
            places = torch.sigmoid(logits.float())
            parts += [places[:, :, list(span)].mean(dim=2).amax(dim=1) for span in spans]
        return torch.stack(parts, dim=1)

    return forward
