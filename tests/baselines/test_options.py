from __future__ import annotations

import pytest

from dejavu_audit.errors import AuditError
from dejavu_baselines.options import Choice, Real, Whole, read

KNOWN = {"epochs": Whole(12, 1, 1000), "lr": Real(1e-3, 1e-6, 10), "head": Choice("linear", ("linear", "mlp"))}


def test_what_is_not_given_has_its_default():
    assert read({"lr": "0.5"}, KNOWN, "b") == {"epochs": 12, "lr": 0.5, "head": "linear"}


def test_an_unknown_option_names_the_near_one():
    with pytest.raises(AuditError, match="unknown option of the baseline b 'epoch': did you mean epochs"):
        read({"epoch": "3"}, KNOWN, "b")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("epochs", "0", "whole number from 1 to 1,000"),
        ("epochs", "2.5", "whole number"),
        ("lr", "nan", "number from 1e-06 to 10"),
        ("lr", "fast", "number from"),
        ("head", "tree", "one of linear, mlp"),
    ],
)
def test_a_value_out_of_range_says_what_it_must_be(name, text, says):
    with pytest.raises(AuditError, match=f"--baseline-option {name}={text}: must be .*{says}"):
        read({name: text}, KNOWN, "b")
