"""What the published object test prints, where it differs from the method: for `compat="published"` only.

Worked out from the evaluation of facebookresearch/VLMDejaVu (`src/dejavu_attack.py`); nothing is taken from it. There,

- the area gap comes from two histograms of 100 bins, each over its own range of recalls. An area is the first edge plus
  the sum over bins of width times the share of samples in that bin or a higher one. By Abel's summation that is the
  mean over samples of the *right edge* of the sample's bin: recalls are rounded up, on two different grids.
- the F1 gap of a top share is a gap between F1 of mean precision and mean recall, not a mean of F1 gaps, with 1e-5 in
  the denominator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dejavu_audit.scores.objects import PUBLISHED_EPSILON, PerSample

BINS = 100
Floats = NDArray[np.float64]


def right_edges(recall: Floats) -> Floats:
    """(n,) the right edge of each recall's bin, of 100 from the least to the greatest; their mean is the area.

    A bin holds its left edge, the last one both. Where all recalls are equal, the bins reach half to either side, as
    numpy's histogram has it. Not for empty sets.
    """
    edges = np.histogram_bin_edges(recall, BINS)
    place = np.searchsorted(edges, recall, side="right") - 1
    right: Floats = edges[np.minimum(place, BINS - 1) + 1]
    return right


def f1_gap(target: PerSample, reference: PerSample) -> Floats:
    """(n,) values whose mean is the gap between the F1 of mean precision and mean recall of two models.

    Around that gap they vary as it does to first order in each sample's precision and recall (the delta method), so
    that the interval of their mean is one of the gap.
    """
    return _linearised(target) - _linearised(reference)


def _linearised(of: PerSample) -> Floats:
    p, r = float(of.precision.mean()), float(of.recall.mean())
    whole = p + r + PUBLISHED_EPSILON
    by_p, by_r = 2 * r * (r + PUBLISHED_EPSILON) / whole**2, 2 * p * (p + PUBLISHED_EPSILON) / whole**2
    linear: Floats = 2 * p * r / whole + by_p * (of.precision - p) + by_r * (of.recall - r)
    return linear
