"""The family `hf`: picture encoders of the transformers library, from a folder or the hub, as safetensors."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.hf_kinds import Kind, features, kind_of
from dejavu_audit.encoders.hf_pictures import compose_of
from dejavu_audit.encoders.hub import hub, quiet, without_bars
from dejavu_audit.encoders.torch_encoder import Forward, Loaded, TorchEncoder, check_layer, seeded
from dejavu_audit.errors import AuditError
from dejavu_audit.types import EncoderRequest

FAMILY = "hf"
# Of a configuration: says nothing of what is computed.
IDLE = frozenset({"transformers_version", "_name_or_path", "dtype", "torch_dtype", "architectures", "auto_map"})
# Tensors that shape no embedding here, which a folder may lack or have too much.
_MAY_DIFFER = re.compile(
    r"(.*\.)?(classifier|cls_classifier|distillation_classifier|pooler|decoder|logit_scale|logit_bias|position_ids"
    r"|mask_token)(\.|$)"
)
_NOT_COUNTED = ("logit_scale", "logit_bias", "embeddings.mask_token")


@dataclass(frozen=True)
class Place:
    """Where a model lies: a folder, or a repository of the hub."""

    name: str
    where: str
    local: bool

    def settings(self) -> dict[str, Any]:
        """Arguments of every `from_pretrained`: nothing of the repository's own code is run."""
        return {"local_files_only": self.local, "trust_remote_code": False}


def load(request: EncoderRequest) -> TorchEncoder:
    """The encoder of a request; `request.model` is a folder that `save_pretrained` wrote, or a name on the hub.

    `pretrained` may be "random" (weights seeded by `seed`), else the model's own weights are taken. AuditError for
    kinds of model that are not known, weights that are no safetensors or do not fill the model, and what cannot be had.
    """
    check_layer(request.layer, family=FAMILY)
    if request.pretrained not in (None, "random"):
        raise AuditError(
            f"hf models carry their own weights: leave --pretrained {request.pretrained} out, or type"
            " --pretrained random"
        )
    transformers = _library()
    place = _place(request.model)
    with _calls(place, "the configuration"):
        config = transformers.AutoConfig.from_pretrained(place.where, **place.settings())
    kind = kind_of(config, request.model)
    with _calls(place, "the image processor"):
        processor = transformers.AutoImageProcessor.from_pretrained(place.where, **place.settings())
    if not hasattr(transformers, kind.model):
        raise AuditError(f"transformers {transformers.__version__} has no {kind.model}: pip install -U transformers")
    model = _model(getattr(transformers, kind.model), kind, config, place, request)
    read = kind.embedding if request.layer == "embedding" else kind.pre_head
    config_text = json.dumps(_telling(model.config.to_dict()), sort_keys=True, default=str)
    loaded = Loaded(
        family=FAMILY,
        name=request.model,
        pretrained=request.pretrained or request.model,
        architecture=f"{kind.model} {fingerprint.digest(config_text)} {request.image_size}",
        model=model,
        forward=_forward(model, read, kind, request.image_size),
        compose=compose_of(processor.to_dict(), request.model, request.image_size),
        weights=fingerprint.hash_tensors(fingerprint.shaping(model.state_dict(), not_counted=_NOT_COUNTED)),
        texts=_Texts(model, kind, place) if kind.texts else None,
    )
    return TorchEncoder(loaded, request)


def _library() -> Any:
    try:
        with quiet():
            import transformers
    except ImportError as error:
        raise AuditError(
            f"the family hf needs the transformers library ({error}): pip install 'dejavu-audit[hf]'"
        ) from error
    return transformers


def _place(name: str) -> Place:
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if folder.exists() or name.count("/") > 1 or name.startswith((".", "/", "~")):
            what = "is a file" if folder.exists() else "does not exist"
            raise AuditError(f"{name} {what}: name a folder that save_pretrained wrote, or a model of the hub")
        return Place(name, name, local=False)
    if not (folder / "config.json").is_file():
        raise AuditError(f"folder {name} has no config.json: name one that save_pretrained wrote")
    return Place(name, str(folder), local=True)


@contextlib.contextmanager
def _calls(place: Place, what: str) -> Iterator[None]:
    """Run calls of transformers so that any failure is one sentence; for a folder, the network is not asked."""
    if not place.local:
        with hub(f"{what} of hf {place.name}", instead="pass its folder in place of the name"), without_bars():
            yield
        return
    with quiet(), without_bars():
        try:
            yield
        except AuditError:
            raise
        except Exception as error:  # transformers raises kinds of its own, by file and version
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
            raise AuditError(
                f"cannot load {what} from folder {place.name} ({reason}): save it again with save_pretrained"
            ) from error


def _model(of: Any, kind: Kind, config: Any, place: Place, request: EncoderRequest) -> Any:
    """The model filled exactly from safetensors, in float32; or with random weights."""
    built = dict(kind.built)
    if request.pretrained == "random":
        with seeded(request.seed), quiet():
            return of(config, **built).float()
    if place.local and not any(Path(place.where).glob("*.safetensors")):
        pickled = sorted(file.name for file in Path(place.where).glob("*.bin"))
        why = f"only {pickled[0]}, a pickle, which may run code" if pickled else "no weights"
        raise AuditError(f"folder {place.name} has {why}: save the model with save_pretrained, as safetensors")
    with _calls(place, "the weights"):
        model, told = of.from_pretrained(
            place.where, config=config, use_safetensors=True, output_loading_info=True, **place.settings(), **built
        )
    odd = {
        title: sorted(str(n) for n in told.get(key, ()) if not _MAY_DIFFER.match(str(n)))
        for title, key in (("missing", "missing_keys"), ("unexpected", "unexpected_keys"))
    }
    odd["of another shape"] = sorted(str(entry[0]) for entry in told.get("mismatched_keys", ()))
    faults = [f"{title} {', '.join(names[:3])}" for title, names in odd.items() if names]
    if faults:
        raise AuditError(
            f"weights of {place.name} do not fill {kind.model}: {'; '.join(faults)}; save it again with save_pretrained"
        )
    return model.float()


def _forward(model: Any, read: Any, kind: Kind, image_size: int | None) -> Forward:
    more = {"interpolate_pos_encoding": True} if image_size and kind.resizes == "when told" else {}
    return lambda pixels: read(model, pixels, more)


def _telling(settings: Any) -> Any:
    """A configuration without what says nothing of the computation."""
    if isinstance(settings, dict):
        return {str(key): _telling(value) for key, value in settings.items() if key not in IDLE}
    return settings


class _Texts:
    """Texts to features of the text tower; the tokenizer is loaded at the first call."""

    def __init__(self, model: Any, kind: Kind, place: Place) -> None:
        self._model, self._kind, self._place = model, kind, place
        self._tokenizer: Any = None

    def __call__(self, texts: Sequence[str], device: torch.device) -> torch.Tensor:
        if self._tokenizer is None:
            with _calls(self._place, "the tokenizer"):
                self._tokenizer = _library().AutoTokenizer.from_pretrained(self._place.where, **self._place.settings())
        full = self._kind.texts == "padded to the full length"
        tokens = self._tokenizer(
            [text.lower() for text in texts] if self._lower() else list(texts),
            padding="max_length" if full else True,
            truncation=True,
            max_length=int(self._model.config.text_config.max_position_embeddings),
            return_tensors="pt",
        )
        # SigLIP was trained to see its padding: it gets no mask.
        names = ("input_ids",) if full else ("input_ids", "attention_mask")
        return features(self._model.get_text_features(**{name: tokens[name].to(device) for name in names}))

    def _lower(self) -> bool:
        """SigLIP2 was trained on lower case, which Gemma's tokenizer does not see to by itself."""
        return "gemma" in type(self._tokenizer).__name__.lower()
