"""Finding a tagger by its entry point and asking it for scores of tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from dejavu_audit import plugins
from dejavu_audit.errors import AuditError
from dejavu_audit.taggers.sidecar import is_sidecar
from dejavu_audit.types import Tagger, TaggerRequest

EXAMPLE = "as in timm:resnet50:weights.safetensors or detector:fasterrcnn_resnet50_fpn"


def load_tagger(
    spec: str,
    *,
    options: Mapping[str, str] | None = None,
    device: str = "auto",
    precision: str = "fp32",
    batch_size: int | None = None,
    cache_dir: str | None = None,
) -> Tagger:
    """The tagger of a spec NAME:MODEL[:PRETRAINED]; NAME is an entry point of the group `dejavu_audit.taggers`.

    AuditError for a spec of another form, an unknown name, whatever the tagger refuses, and for a sidecar file, which
    holds tags but cannot find any (`taggers.sidecar.read_tags` reads it).
    """
    name, model, pretrained = parse(spec)
    request = TaggerRequest(
        model=model,
        pretrained=pretrained,
        options=dict(options or {}),
        device=device,
        precision=precision,
        batch_size=batch_size,
        cache_dir=cache_dir,
    )
    return cast(Tagger, plugins.find(plugins.TAGGERS, name, kind="tagger")(request))


def parse(spec: str) -> tuple[str, str, str | None]:
    """NAME:MODEL[:PRETRAINED] to its parts; the last may hold colons itself."""
    if is_sidecar(spec):
        raise AuditError(
            f"the tagger {spec} is a file of tags, and cannot tag other pictures, such as background crops: "
            f"name a tagger NAME:MODEL[:PRETRAINED] here, {EXAMPLE}"
        )
    name, _, rest = spec.partition(":")
    if not name or not rest:
        raise AuditError(f"the tagger {spec!r} is not of the form NAME:MODEL[:PRETRAINED], {EXAMPLE}")
    if rest.startswith("hf-hub:"):  # the name of a hub model has a colon of its own
        return name, rest, None
    model, _, pretrained = rest.partition(":")
    if not model:
        raise AuditError(f"the tagger {spec!r} is not of the form NAME:MODEL[:PRETRAINED], {EXAMPLE}")
    return name, model, pretrained or None
