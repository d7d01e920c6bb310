"""`--captions all`: a split of pictures becomes one of captions, each judged in a cluster with its picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.data.captioned import Captioned, choose_captions

if TYPE_CHECKING:
    from dejavu_audit.data.splits import Split
    from dejavu_audit.types import Dataset, Rows


def every_caption(dataset: Dataset, split: Split) -> tuple[Dataset, Split]:
    """The data set with a row a caption, and the split of its rows; both unchanged where no picture has several.

    The split is drawn of pictures, so that no picture is in two sets. All captions of targets and control are asked
    about. A public picture stays one sample, by its first caption: five times the same picture among ten neighbours
    would be two votes for ten.
    """
    captioned = choose_captions(dataset, "all", 0)
    if not isinstance(captioned, Captioned):
        return dataset, split
    first = np.searchsorted(captioned.pictures, np.arange(dataset.table.num_rows + 1))

    def every(rows: Rows) -> tuple[Rows, Rows]:
        """The rows of all captions of pictures, in their order, and the place of each one's picture."""
        sizes = first[rows + 1] - first[rows]
        place = np.repeat(np.arange(len(rows)), sizes)
        within = np.arange(len(place)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return first[rows][place] + within, place

    targets, of_target = every(split.targets)
    control, of_control = every(split.control)
    return captioned, replace(
        split,
        targets=targets,
        control=control,
        public=first[split.public],
        fit=first[split.fit],
        fold_of_target=split.fold_of_target[of_target],
        fold_of_control=split.fold_of_control[of_control],
        unjudged={name: first[rows] for name, rows in split.unjudged.items()},
    )
