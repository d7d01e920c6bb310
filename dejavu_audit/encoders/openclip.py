"""The family `openclip`: every architecture of open_clip, JSON model configs and hub repositories."""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict

from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.hints import looks_like
from dejavu_audit.encoders.hub import hub, quiet
from dejavu_audit.encoders.openclip_layers import embedding, pre_head
from dejavu_audit.encoders.openclip_state import NOT_COUNTED, as_open_clip, may_differ
from dejavu_audit.encoders.torch_encoder import Loaded, TorchEncoder, check_layer, seeded
from dejavu_audit.encoders.weights import fill, is_path, read_state
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import EncoderRequest

HUB = "hf-hub:"
LAION = "laion2b"


@dataclass(frozen=True)
class Architecture:
    """A model to build: its name in open_clip's registry, its configuration, and how it prepares pictures."""

    name: str
    config: dict[str, Any]
    preprocess: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def load(request: EncoderRequest) -> TorchEncoder:
    """The encoder of a request; `request.model` is an architecture, a JSON model config on disk, or hf-hub:….

    Without `pretrained` the default tag is taken (`default_tag`), and the notes say which. Raises AuditError for
    unknown names, weights that cannot be had or do not fill the model, and layers the model does not have.
    """
    check_layer(request.layer)
    notes: list[str] = []
    arch, pretrained = _resolve(request, notes)
    file, preprocess = None, dict(arch.preprocess)
    if pretrained == "random":
        with seeded(request.seed):
            model = _build(arch, request.image_size)
    elif pretrained in arch.tags:
        model, preprocess = _from_tag(arch, pretrained, request.image_size, notes)
    else:
        file, extra = _file_of(pretrained)
        preprocess |= extra
        tower = "timm_model_name" in arch.config["vision_cfg"]  # resized once filled, as open_clip does
        model = _build(arch, None if tower else request.image_size)
        state = as_open_clip(read_state(file), model, resize=request.image_size is not None)
        fill(
            model,
            state,
            may_differ=may_differ,
            source=pretrained,
            target=f"openclip {request.model}",
            hint=lambda given: looks_like(given, asked=request.model),
        )
        if tower and request.image_size:
            _resize_tower(model.visual, request.image_size)
        _warn_of_other_pictures(arch, preprocess, request, notes)
    preprocess = merge_preprocess_dict(_own_preprocess(model), {k: v for k, v in preprocess.items() if k != "size"})
    tensors = fingerprint.shaping(model.state_dict(), not_counted=NOT_COUNTED)
    loaded = Loaded(
        family="openclip",
        name=request.model,
        pretrained=pretrained,
        architecture=f"{json.dumps(arch.config, sort_keys=True)} {request.image_size}",
        model=model,
        forward=(embedding if request.layer == "embedding" else pre_head)(model),
        compose=image_transform_v2(PreprocessCfg(**preprocess), is_train=False),
        weights=fingerprint.of_weights(tensors, file=file, cache_dir=request.cache_dir),
        texts=_Texts(model, arch.name),
        notes=notes,
    )
    return TorchEncoder(loaded, request)


def default_tag(tags: Sequence[str]) -> str:
    """The tag taken when none is typed: the last listed of LAION-2B, else "openai", else the first listed.

    open_clip lists the tags of an architecture from old to new, so that the last one is its longest or latest training.
    """
    laion = [tag for tag in tags if tag.startswith(LAION)]
    return laion[-1] if laion else "openai" if "openai" in tags else tags[0]


def _resolve(request: EncoderRequest, notes: list[str]) -> tuple[Architecture, str]:
    name, pretrained = request.model, request.pretrained
    if name.startswith(HUB):
        arch = _from_hub_config(name)
    elif name in open_clip.list_models():
        tags = tuple(open_clip.list_pretrained_tags_by_model(name))
        arch = Architecture(name, open_clip.get_model_config(name), tags=tags)
    elif is_path(name):
        arch = _from_json(Path(name).expanduser())
    else:
        raise unknown("openclip architecture", name, open_clip.list_models())
    if pretrained is None:
        if name.startswith(HUB):
            return arch, name
        if not arch.tags:
            raise AuditError(
                f"open_clip publishes no weights for {name}: pass your own by --pretrained FILE, or type"
                " --pretrained random"
            )
        pretrained = default_tag(arch.tags)
        others = f", of {len(arch.tags)} that open_clip lists" if len(arch.tags) > 1 else ""
        notes.append(f"took the weights {pretrained} by default{others}; another by --pretrained TAG")
    elif pretrained.replace("-", "_") in arch.tags:  # open_clip takes either spelling
        pretrained = pretrained.replace("-", "_")
    elif not (pretrained in arch.tags or pretrained == "random" or is_path(pretrained) or pretrained.startswith(HUB)):
        raise unknown(f"tag of openclip {name}", pretrained, [*arch.tags, "random"], hint="(or pass a weights file)")
    return arch, pretrained


def _from_json(path: Path) -> Architecture:
    """The architecture in a JSON file: a plain model config, or an open_clip_config.json with `model_cfg` in it."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise AuditError(
            f"model config {path} {what}: pass a JSON file, or the name of an architecture such as ViT-B-32"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise AuditError(
            f"model config {path} is not JSON ({error}): weights go to --pretrained FILE, the architecture comes first"
        ) from error
    content = content if isinstance(content, dict) else {}
    config, preprocess = content.get("model_cfg", content), content.get("preprocess_cfg") or {}
    absent = [key for key in ("embed_dim", "vision_cfg", "text_cfg") if key not in config]
    if absent:
        raise AuditError(f"model config {path} lacks {', '.join(absent)}: see open_clip's model_configs for examples")
    return Architecture(_register(path.stem, config), config, preprocess)


def _from_hub_config(name: str) -> Architecture:
    path = _hub_file(name.removeprefix(HUB), "open_clip_config.json")
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    return Architecture(
        _register(name.rsplit("/", 1)[-1], content["model_cfg"]),
        content["model_cfg"],
        content.get("preprocess_cfg") or {},
    )


def _register(stem: str, config: dict[str, Any]) -> str:
    """Make a configuration known to open_clip under a name of its own, so that none of open_clip's is replaced."""
    text = json.dumps(config, sort_keys=True)
    name = f"{stem}-{fingerprint.digest(text)[:8]}"
    if name not in open_clip.list_models():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.json"
            file.write_text(text, encoding="utf-8")
            open_clip.add_model_config(file)
    return name


def _build(arch: Architecture, image_size: int | None, **settings: Any) -> Any:
    """The model without weights, or with those of a tag; no tower fetches weights of its own."""
    settings |= {"pretrained_hf": False, "pretrained_text": False, "force_image_size": image_size}
    known = inspect.signature(open_clip.create_model).parameters  # open_clip renamed some between 2.26 and 3
    # A text tower of the transformers library fetches its configuration, whatever the weights.
    fetches = "hf_model_name" in arch.config["text_cfg"] and not settings.get("pretrained")
    try:
        with hub(f"the text tower's configuration of openclip {arch.name}") if fetches else quiet():
            return open_clip.create_model(arch.name, **{key: settings[key] for key in settings if key in known})
    except (AssertionError, KeyError, RuntimeError, TypeError, ValueError) as error:
        if settings.get("pretrained"):
            raise
        raise AuditError(f"open_clip cannot build {arch.name}: {error}; correct the model config") from error


def _from_tag(arch: Architecture, tag: str, image_size: int | None, notes: list[str]) -> tuple[Any, dict[str, Any]]:
    """A model with published weights, loaded as open_clip does it, and how these weights want their pictures."""
    published = open_clip.get_pretrained_cfg(arch.name, tag)
    quick = bool(published.get("quick_gelu")) and not arch.config.get("quick_gelu")
    with hub(f"the weights {tag} of openclip {arch.name}"):
        model = _build(arch, image_size, pretrained=tag, require_pretrained=True, force_quick_gelu=quick)
    if quick:
        notes.append(f"the weights {tag} were trained with QuickGELU, so the model runs with it")
    keys = {"mean", "std", "interpolation", "resize_mode", "fill_color"}
    return model, {key: value for key, value in published.items() if key in keys and value is not None}


def _file_of(pretrained: str) -> tuple[str, dict[str, Any]]:
    """A weights file on disk, fetched where it is on the hub, and how the hub says its pictures are prepared."""
    if not pretrained.startswith(HUB):
        return pretrained, {}
    repository = pretrained.removeprefix(HUB)
    content = json.loads(Path(_hub_file(repository, "open_clip_config.json")).read_text(encoding="utf-8"))
    return _hub_file(repository, None), content.get("preprocess_cfg") or {}


def _hub_file(repository: str, file: str | None) -> str:
    with hub(f"{file or 'the weights'} of {HUB}{repository}"):
        return str(open_clip.pretrained.download_pretrained_from_hf(repository, filename=file))


def _resize_tower(visual: Any, size: int) -> None:
    if hasattr(visual.trunk, "set_input_size"):
        try:
            visual.trunk.set_input_size(img_size=(size, size))
        except (AssertionError, RuntimeError, ValueError) as error:
            raise AuditError(
                f"the picture tower cannot take {size} pixels ({error}): try another --image-size"
            ) from error
    visual.image_size = (size, size)


def _own_preprocess(model: Any) -> dict[str, Any]:
    own = dict(getattr(model.visual, "preprocess_cfg", {}))
    return {**own, "size": getattr(model.visual, "image_size", own.get("size", 224))}


def _warn_of_other_pictures(
    arch: Architecture, preprocess: dict[str, Any], request: EncoderRequest, notes: list[str]
) -> None:
    """Say where the published weights of an architecture normalise pictures otherwise than is done for a file."""
    means = {tuple(open_clip.get_pretrained_cfg(arch.name, tag).get("mean") or ()) for tag in arch.tags} - {()}
    usual = tuple(PreprocessCfg().mean)
    if not preprocess and request.mean is None and means and usual not in means:
        mean = ",".join(f"{v:g}" for v in sorted(means)[0])
        notes.append(
            f"pictures are normalised as open_clip does for a file; the published {arch.name} weights use mean {mean}:"
            f" if yours do too, pass --mean {mean} and the --std that goes with it"
        )


class _Texts:
    """Texts to features of the text tower; the tokenizer is made at the first call."""

    def __init__(self, model: Any, name: str) -> None:
        self._model, self._name = model, name
        self._tokenizer: Any = None

    def __call__(self, texts: Sequence[str], device: torch.device) -> torch.Tensor:
        if self._tokenizer is None:
            with hub(f"the tokenizer of openclip {self._name}"):
                self._tokenizer = open_clip.get_tokenizer(self._name)
        return self._model.encode_text(self._tokenizer(list(texts)).to(device), normalize=False)  # type: ignore[no-any-return]
