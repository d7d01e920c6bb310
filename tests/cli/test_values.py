from __future__ import annotations

import pytest

from dejavu_audit.cli.values import baseline_options, batch, key_values, triple
from dejavu_audit.errors import AuditError


def test_pairs_keep_what_follows_the_first_equals_sign():
    assert key_values(["a=1", "b=x=y"], "--data-option") == {"a": "1", "b": "x=y"}
    assert key_values(None, "--data-option") == {}


def test_alpha_is_an_option_of_naive_bayes():
    assert baseline_options(["k=3"], ["naive-bayes"], 0.5) == {"k": "3", "naive-bayes.alpha": "0.5"}
    assert baseline_options(None, ["encoder-head", "naive-bayes"], None) == {}


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda: key_values(["a"], "--tagger-option"), "--tagger-option takes KEY=VALUE"),
        (lambda: key_values(["=1"], "--tagger-option"), "--tagger-option takes KEY=VALUE"),
        (lambda: triple("1,2", "--mean"), "--mean takes three numbers"),
        (lambda: triple("a", "--mean"), "--mean takes three numbers"),
        (lambda: batch("many"), "a number or 'auto'"),
        (lambda: baseline_options(None, ["image-classifier"], 1.0), "add --baseline naive-bayes"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(read, says):
    with pytest.raises(AuditError, match=says):
        read()


def test_numbers_and_auto():
    assert triple("0.5", "--mean") == (0.5, 0.5, 0.5)
    assert triple(None, "--mean") is None
    assert batch("auto") is None and batch("32") == 32
