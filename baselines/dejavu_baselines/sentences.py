"""A sentence-transformers model from a folder or the hub: no code of others run, no tensor left to chance."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError

from dejavu_audit.encoders.hub import hub, quiet, without_bars
from dejavu_audit.errors import AuditError

MODULES = "modules.json"
READ = ("*.json", "*.txt", "*.model", "*.safetensors")
"""Files of a repository that a model is read from; pickles, and weights for other libraries, are never fetched."""
SKIPPED = ("onnx/*", "openvino/*")


def folder_of(name: str, flag: str) -> Path:
    """The folder of a model: the one of that name, or the copy that the hub client keeps.

    AuditError where it cannot be had, or is no sentence-transformers model.
    """
    place = Path(name).expanduser() if name.startswith("~") else Path(name)
    if place.is_dir():
        if not (place / MODULES).is_file():
            raise AuditError(f"{place} is no sentence-transformers model (it has no {MODULES}): name another by {flag}")
        return place
    if place.exists() or name.count("/") > 1 or name.startswith((".", "/", "~")):
        raise AuditError(f"there is no folder {place} with a sentence-transformers model: name another by {flag}")
    with hub(f"the text encoder {name}", instead=f"pass its folder by {flag} FOLDER"):
        try:
            hf_hub_download(name, MODULES)
        except EntryNotFoundError as error:
            if "LocalEntry" in type(error).__name__:  # not cached, and nothing said of the hub's copy
                raise
            raise AuditError(f"{name} is no sentence-transformers model (it has no {MODULES}): name another") from None
        return Path(snapshot_download(name, allow_patterns=list(READ), ignore_patterns=list(SKIPPED)))


def load_model(folder: Path, device: str) -> Any:
    """The model; AuditError where it needs code of its own, has no safetensors, or does not fill itself."""
    _check_modules(folder)
    try:
        with quiet(), without_bars():
            from sentence_transformers import SentenceTransformer

            model = SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
            lacking = _lacking(model)
    except AuditError:
        raise
    except Exception as error:  # the libraries raise a dozen kinds for what is damaged or missing
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
        raise AuditError(
            f"the text encoder in {folder} cannot be loaded ({reason}): save it again, with safetensors weights"
        ) from error
    if lacking:
        raise AuditError(
            f"the weights in {folder} do not fill the text encoder: {len(lacking):,} tensors are missing, such as "
            f"{lacking[0]}; save it again"
        )
    return model.eval().requires_grad_(False)


def settings_of(folder: Path) -> str:
    """A hash over everything but weights that decides an embedding: configurations and tokenizer, name by name."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(path for pattern in READ[:3] for path in folder.rglob(pattern)):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _check_modules(folder: Path) -> None:
    try:
        modules = json.loads((folder / MODULES).read_text(encoding="utf-8"))
        kinds = [(str(module["type"]), folder / str(module["path"])) for module in modules]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AuditError(f"{folder / MODULES} cannot be read ({error}): save the model again") from error
    for kind, place in kinds:
        if not kind.startswith("sentence_transformers."):
            raise AuditError(f"the text encoder in {folder} needs code of its own ({kind}), which is not run")
        pickles = sorted(path.name for pattern in ("*.bin", "*.pt") for path in place.glob(pattern))
        if pickles and not list(place.glob("*.safetensors")):
            raise AuditError(f"{place / pickles[0]} is no safetensors file: save the model again as safetensors")


def _lacking(model: Any) -> list[str]:
    """Tensors of the transformer that its file lacks; they would be random. Nothing here looks at the pooler."""
    with contextlib.suppress(AttributeError, IndexError, TypeError):
        inner = model[0].auto_model
        _, found = type(inner).from_pretrained(
            inner.config._name_or_path, output_loading_info=True, use_safetensors=True, local_files_only=True
        )
        return sorted(name for name in found["missing_keys"] if "pooler" not in name)
    return []
