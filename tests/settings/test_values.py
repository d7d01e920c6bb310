from __future__ import annotations

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.settings.values import alpha, baselines, batch, key_values, options, triple


def test_pairs_keep_what_follows_the_first_equals_sign():
    assert key_values(["a=1", "b=x=y"], "--data-option") == {"a": "1", "b": "x=y"}
    assert key_values(None, "--data-option") == {}


def test_alpha_is_an_option_of_naive_bayes():
    assert alpha(0.5, ["encoder-head", "naive-bayes"]) == {"naive-bayes.alpha": "0.5"}
    assert alpha(2, ["naive-bayes"]) == {"naive-bayes.alpha": "2.0"}


def test_options_are_a_table_or_pairs():
    assert options({"a": 1, "b": True, "c": "x"}, "--data-option") == {"a": "1", "b": "true", "c": "x"}
    assert options(["a=1", "b=x=y"], "--data-option") == {"a": "1", "b": "x=y"}
    assert options("a=1", "--data-option") == {"a": "1"}


def test_baselines_are_one_or_several():
    assert baselines("a, b") == ("a", "b")
    assert baselines(["a", "b,c"]) == ("a", "b", "c")
    assert baselines(None) == ()


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda: key_values(["a"], "--tagger-option"), "--tagger-option takes KEY=VALUE"),
        (lambda: key_values(["=1"], "--tagger-option"), "--tagger-option takes KEY=VALUE"),
        (lambda: triple("1,2", "--mean"), "--mean takes three numbers"),
        (lambda: triple("a", "--mean"), "--mean takes three numbers"),
        (lambda: batch("many"), "a number or 'auto'"),
        (lambda: alpha(1.0, ["image-classifier"]), "add --baseline naive-bayes"),
        (lambda: alpha("much", ["naive-bayes"]), "--alpha takes a number"),
        (lambda: alpha(True, ["naive-bayes"]), "--alpha takes a number"),
        (lambda: options(3, "--data-option"), "must be a table"),
        (lambda: options([1], "--data-option"), "must be a table"),
        (lambda: baselines([1]), "--baseline takes names"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(read, says):
    with pytest.raises(AuditError, match=says):
        read()


def test_numbers_and_auto():
    assert triple("0.5", "--mean") == (0.5, 0.5, 0.5)
    assert triple(None, "--mean") is None
    assert batch("auto") is None and batch("32") == 32
