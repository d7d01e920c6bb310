"""FAMILY:NAME[:PRETRAINED], the way in which a reference names an encoder of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dejavu_audit import plugins
from dejavu_audit.encoders.weights import is_path
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.taggers.contamination import refuse_contaminated, trained_on
from dejavu_audit.types import BaselineRequest, Encoder, EncoderRequest

FILES = ("checkpoint", "torchscript")
"""Families whose name is a file; what follows it is the architecture that it fills."""
WHOLE = ("python", "hf")
"""Families whose name holds the whole of the choice, colons included."""


def parse(spec: str | None, *, needs: str, flag: str = "--baseline-model") -> tuple[str, str, str | None]:
    """FAMILY:NAME[:PRETRAINED] to its parts; the last may hold colons itself. `needs` says who needs it, and what for.

    AuditError, with an example to type, for an empty spec and one of another form.
    """
    example = f"for example {flag} timm:resnet50:weights.safetensors"
    if not spec:
        raise AuditError(f"{needs}; {example}")
    family, _, rest = spec.partition(":")
    if family in WHOLE or rest.startswith("hf-hub:"):  # a module and its function, a hub's name
        name, pretrained = rest, ""
    else:
        name, _, pretrained = rest.partition(":")
    if not family or not name:
        raise AuditError(f"{flag} {spec!r} is not of the form FAMILY:NAME[:PRETRAINED]; {example}")
    return family, name, pretrained or None


def request_for(family: str, name: str, pretrained: str | None) -> EncoderRequest:
    """What the family is asked for, at its own defaults."""
    if family in FILES:
        return EncoderRequest(model=name, arch=pretrained)
    return EncoderRequest(model=name, pretrained=pretrained)


def second(spec: str, audited: tuple[str, EncoderRequest], *, flag: str = "--reference") -> tuple[str, EncoderRequest]:
    """Family and request of a second encoder, looked at as the audited one where it is of the same architecture.

    The spec is FAMILY:NAME[:PRETRAINED]; weights alone, a file or a published tag, mean the audited architecture.
    """
    family, asked = audited
    head, colon, _ = spec.partition(":")
    if not colon or spec.startswith("hf-hub:") or Path(spec).is_file():
        if family in (*FILES, *WHOLE):
            return family, replace(asked, model=spec, pretrained=None)
        return family, replace(asked, pretrained=spec)
    if head not in plugins.names(plugins.ENCODERS):
        if is_path(spec):
            raise AuditError(f"{flag} {spec}: there is no such file; pass weights, or name FAMILY:NAME[:PRETRAINED]")
        raise unknown("encoder family", head, plugins.names(plugins.ENCODERS), hint=f"(in {flag} {spec})")
    own = request_for(*parse(spec, needs="the second encoder needs a name", flag=flag))
    if head in FILES and own.arch is None and head == family:
        own = replace(own, arch=asked.arch)
    if head != family or not _alike(head, own, asked):
        return head, own
    return head, replace(asked, model=own.model, pretrained=own.pretrained, arch=own.arch)


def _alike(family: str, own: EncoderRequest, asked: EncoderRequest) -> bool:
    """Whether two requests to one family are for the same architecture."""
    if family in FILES:
        return own.arch == asked.arch
    tagged = family == "timm"  # resnet50.a1_in1k is resnet50
    return own.model == asked.model or (tagged and own.model.split(".")[0] == asked.model.split(".")[0])


def told(encoder: Encoder, request: BaselineRequest, what: str) -> tuple[str, str | None]:
    """What is known of an encoder's training data, for the report, and the sentence on its contamination.

    AuditError where it is known to be trained on the audited data, unless that is allowed.
    """
    known = trained_on(encoder.family, encoder.name, encoder.pretrained)
    fault = refuse_contaminated(known, request.data, what=what, allowed=request.allow_contaminated)
    if encoder.pretrained == "random":
        return "none: random weights", fault
    word = "the user states that this encoder never saw the targets; it is not checked"
    return (f"{known}, by the name of its weights; beyond that {word}" if known else word), fault
