from __future__ import annotations

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.planning.wishes import Wishes


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"limit": 0.0}, "--limit must lie between 0 and 1, not be 0"),
        ({"limit": 1.0}, "--limit must lie between 0 and 1, not be 1"),
        ({"limit": float("nan")}, "--limit must lie between 0 and 1, not be nan"),
        ({"width": 0.0}, "--width must lie between 0 and 2, not be 0"),
        ({"width": 2.5}, "as in 0.04 for +-2 points"),
        ({"power": 1.0}, "--power must lie between 0 and 1"),
        ({"below": 0.01}, "name the limit with --limit"),
        ({"limit": 0.02, "below": 0.03}, "--below must lie above 0 and be at most --limit 0.02, not 0.03"),
        ({"limit": 0.02, "below": 0.0}, "--below must lie above 0"),
        ({"expect_accuracy": (0.2, 1.2)}, "--expect-accuracy must lie between 0 and 1, not be 1.2"),
        ({"expect_accuracy": (0.2, 0.2), "pilot": "run"}, "leave one out"),
        ({"seconds": -1.0}, "--seconds must lie between 0"),
        ({"seconds": float("inf")}, "--seconds must lie between 0"),
    ],
)
def test_wishes_out_of_range_are_refused_in_one_sentence(wishes, says):
    with pytest.raises(AuditError) as caught:
        Wishes(**wishes)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_truth_lies_below_the_limit():
    assert Wishes().truth is None
    assert Wishes(limit=0.03).truth == 0
    assert Wishes(limit=0.03, below=0.01).truth == pytest.approx(0.02)
    assert Wishes(expect_accuracy=(0.0, 1.0)).expect_accuracy == (0.0, 1.0)
