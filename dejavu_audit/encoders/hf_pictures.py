"""An image processor of the transformers library as the torchvision Compose that does the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torchvision import transforms as tv

from dejavu_audit.errors import AuditError

# Numbers of PIL's filters, as processors save them.
_FILTERS = {
    0: tv.InterpolationMode.NEAREST,
    1: tv.InterpolationMode.LANCZOS,
    2: tv.InterpolationMode.BILINEAR,
    3: tv.InterpolationMode.BICUBIC,
    4: tv.InterpolationMode.BOX,
    5: tv.InterpolationMode.HAMMING,
}


def compose_of(settings: Mapping[str, Any], name: str, image_size: int | None) -> tv.Compose:
    """Resize, crop, scale and normalise as the processor's `settings` (its `to_dict()`) say, or at `image_size`.

    Another size scales resize and crop alike. AuditError for settings that are none of these steps.
    """
    if settings.get("do_pad") or not _scales(settings):
        raise AuditError(f"the image processor of {name} pads or scales in a way of its own: use the family python")
    crop = _pair(settings.get("crop_size"), name) if settings.get("do_center_crop") else None
    steps: list[Any] = []
    if settings.get("do_resize", True):
        size = settings.get("size")
        edge = size.get("shortest_edge") if isinstance(size, Mapping) else None
        if edge is not None and set(size or {}) == {"shortest_edge"}:
            if image_size and crop is not None:
                edge = round(edge * image_size / min(crop))
            to: int | tuple[int, int] = int(image_size if image_size and crop is None else edge)
        else:
            to = (image_size, image_size) if image_size else _pair(size, name)
        steps.append(tv.Resize(to, _FILTERS[int(settings.get("resample") or 2)]))
    if crop is not None:
        steps.append(tv.CenterCrop((image_size, image_size) if image_size else crop))
    plain = not settings.get("do_normalize", True)
    mean = (0.0, 0.0, 0.0) if plain else tuple(settings["image_mean"])
    std = (1.0, 1.0, 1.0) if plain else tuple(settings["image_std"])
    return tv.Compose([*steps, tv.ToTensor(), tv.Normalize(mean, std)])


def _scales(settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("do_rescale", True)) and abs(settings.get("rescale_factor", 1 / 255) - 1 / 255) < 1e-9


def _pair(size: Any, name: str) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    if isinstance(size, Mapping) and size.get("height") and size.get("width"):
        return int(size["height"]), int(size["width"])
    raise AuditError(f"the image processor of {name} has the size {size}, which is not understood: pass another model")
