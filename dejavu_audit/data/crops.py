"""From a picture's size and boxes to its background crop (method 1.1), or to the reason why it has none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dejavu_audit.data.geometry import largest_background, strip_background
from dejavu_audit.errors import SetAside
from dejavu_audit.types import Annotation, Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.config import AuditConfig

_MOST_BOXES = 1_000  # the search is cubic in the boxes: a hostile annotation must not hold up the run


@dataclass(frozen=True)
class CropRule:
    """Which rectangle of a picture counts as its background.

    `largest`: the largest rectangle disjoint from all boxes; `strips`: the published code's search, for comparison;
    `corner`: `fraction` of width and height in a `corner`, without boxes. A crop is used only if its shorter side
    is longer than `min_side` pixels.
    """

    kind: Literal["largest", "strips", "corner"] = "largest"
    min_side: int = 100
    corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = "top-left"
    fraction: float = 0.3

    @classmethod
    def from_config(cls, config: AuditConfig) -> CropRule:
        """The rule that an audit asks for."""
        return cls(config.crop, config.min_side, config.corner, config.corner_fraction)

    @property
    def key(self) -> str:
        """Names everything that shapes a crop: equal keys give equal crops."""
        kind = f"corner-{self.corner}-{self.fraction!r}" if self.kind == "corner" else self.kind
        return f"{kind}-over-{self.min_side}"

    @property
    def needs_boxes(self) -> bool:
        """Can only pictures with an annotation be cropped?"""
        return self.kind != "corner"

    def crop(self, size: tuple[int, int], annotation: Annotation | None) -> Rect:
        """The background of a picture of `size` (width, height); SetAside, with the reason, where there is none.

        Reasons: "no usable background", "no boxes", "annotation is of another picture", "box is not a number",
        "box is reversed", "box is empty after clipping", "too many boxes".
        """
        if self.kind == "corner":
            found = self._corner(size)
        else:
            boxes = usable_boxes(size, annotation)
            if self.kind == "largest":
                x, y, w, h = largest_background(np.array([size]), boxes[None])[0].tolist()
                found = Rect(x, y, w, h)
            else:
                found = Rect(*strip_background(size, boxes))
        if min(found.w, found.h) <= max(self.min_side, 0):
            raise SetAside("no usable background")
        return found

    def _corner(self, size: tuple[int, int]) -> Rect:
        w, h = (math.floor(round(self.fraction * side, 6)) for side in size)  # 0.29 * 100 is 28.999999999999996
        vertical, horizontal = self.corner.split("-")
        return Rect(size[0] - w if horizontal == "right" else 0, size[1] - h if vertical == "bottom" else 0, w, h)


def usable_boxes(size: tuple[int, int], annotation: Annotation | None) -> NDArray[np.float64]:
    """The (b, 4) boxes of a picture of `size`, not yet clipped; SetAside if one of them cannot be believed."""
    if annotation is None:
        raise SetAside("no boxes")
    claimed = annotation.size
    if claimed is not None and min(claimed) > 0 and tuple(claimed) != tuple(size):
        raise SetAside("annotation is of another picture")
    if not annotation.boxes:
        raise SetAside("no boxes")
    if len(annotation.boxes) > _MOST_BOXES:
        raise SetAside("too many boxes")
    boxes = np.array(annotation.boxes, dtype=np.float64)
    if not np.isfinite(boxes).all():
        raise SetAside("box is not a number")
    if (boxes[:, :2] > boxes[:, 2:]).any():
        raise SetAside("box is reversed")
    clipped = np.clip(boxes, 0, (*size, *size))
    if (clipped[:, :2] >= clipped[:, 2:]).any():
        raise SetAside("box is empty after clipping")
    return boxes
