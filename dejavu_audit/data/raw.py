"""What a data set may offer beyond its contract: the bytes of a picture, and the promise that no two are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dejavu_audit.errors import SetAside

if TYPE_CHECKING:
    from dejavu_audit.types import Dataset


def read_bytes(dataset: Dataset, row: int) -> bytes | None:
    """The encoded picture of a row; None where the data set has no method `read`, or it cannot give this one."""
    read = getattr(dataset, "read", None)
    if read is None:
        return None
    try:
        content: bytes | None = read(row)
    except SetAside:  # whoever opens the picture tells why
        return None
    return content


def are_distinct(dataset: Dataset) -> bool:
    """Whether the data set says by `distinct` that no two of its pictures are alike, as procedural ones are."""
    return bool(getattr(dataset, "distinct", False))
