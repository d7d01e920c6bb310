"""What a settings file gives to one audit: nothing that was meant for another model, or for other data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dejavu_audit.settings.file import FLAGS, SettingsFile
from dejavu_audit.settings.paths import seen_from

OF_MODEL = (
    "pretrained", "arch", "layer", "normalize", "image_size", "mean", "std", "reference", "members",
    "reference_members", "out",
)  # fmt: skip
"""Settings that say something of the model that the file names; another model does not take them over."""
OF_DATA = ("root", "data_options", "split", "members", "reference_members", "tagger", "tagger_options", "out")
"""The same of the data."""
NAMES = ("family", "model", "data")


@dataclass(frozen=True)
class Layer:
    """The settings that a file gives to an audit, and those that it keeps to itself."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `AuditConfig`."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Fields that the file sets for something else -> what they are meant for."""

    def sentences(self, path: Path) -> list[str]:
        """What was not taken over, and why."""
        return [
            f"{path} is for {meant}: its {', '.join(key for key, of in self.left_out.items() if of == meant)} "
            f"{'is' if list(self.left_out.values()).count(meant) == 1 else 'are'} not used here."
            for meant in dict.fromkeys(self.left_out.values())
        ]


def layer(file: SettingsFile, *, family: str | None, model: str | None, data: str | None) -> Layer:
    """What `file` gives to an audit of this model on these data; None: the command leaves it to the file.

    The model's own settings are taken only if the audit is of the family and the model that the file names, and the
    data's own only if it is on the file's data; a file that names none is meant for any.
    """
    told = file.audit
    here = seen_from({"model": model, "data": data}, Path())
    same = {
        "family": _same(told.get("family"), family),
        "model": _same(told.get("model"), model, here["model"]),
        "data": _same(told.get("data"), data, here["data"]),
    }
    of_model, of_data = same["family"] and same["model"], same["data"]
    lost: dict[str, str] = {}
    if not of_data:
        lost |= {key: f"the data {told['data']}" for key in OF_DATA if key in told}
    if not of_model:
        meant = " ".join(str(told[key]) for key in ("family", "model") if key in told)
        lost |= {key: meant for key in OF_MODEL if key in told}
    taken = {key: value for key, value in told.items() if key not in lost}
    if not same["family"]:
        taken.pop("model", None)
    return Layer(taken, lost)


def _same(told: str | None, *asked: str | None) -> bool:
    return told is None or asked[0] is None or told in asked


def as_flags(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as the audit command's parameters take them, options and numbers in the form that is typed."""
    flags = {name: flag for flag, name in FLAGS.items()}
    return {flags.get(key, key): _as_flag(key, value) for key, value in settings.items() if key != "family"}


def _as_flag(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return [f"{name}={item}" for name, item in value.items()]
    if key in ("mean", "std") and value is not None:
        return ",".join(f"{part:g}" if isinstance(part, int) else repr(part) for part in value)
    if key == "batch_size":
        return "auto" if value is None else str(value)
    return list(value) if isinstance(value, tuple) else value
