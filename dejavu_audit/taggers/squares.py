"""A picture made square, so that a batch of pictures of any shape can go through a detector at once."""

from __future__ import annotations

from PIL import Image, ImageOps

GREY = (124, 116, 104)
"""The mean colour of ImageNet, which detectors subtract: a padded part becomes the zeros that they pad with."""


class ToSquare:
    """RGB picture to RGB square of `side` pixels: its longer side fitted and the rest padded, or both sides squashed.

    Bilinear, as torchvision's detectors resize; enlarges small pictures too, as they do. Picklable.
    """

    def __init__(self, side: int, *, pad: bool = True, fill: tuple[int, int, int] = GREY) -> None:
        """With `pad` the proportions are kept; without, the picture is squashed."""
        self.side, self.pad, self.fill = side, pad, fill

    def __call__(self, image: Image.Image) -> Image.Image:
        """One picture."""
        if not self.pad:
            return image.resize((self.side, self.side), Image.Resampling.BILINEAR)
        scale = self.side / max(image.size)
        width, height = (min(self.side, max(1, round(length * scale))) for length in image.size)
        small = image.resize((width, height), Image.Resampling.BILINEAR)
        return ImageOps.expand(small, (0, 0, self.side - width, self.side - height), fill=self.fill)
