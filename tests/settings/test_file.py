from __future__ import annotations

import pytest

from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import AuditError
from dejavu_audit.settings.file import find_settings, read_settings


@pytest.fixture
def settings(tmp_path):
    def write(text: str):
        (tmp_path / "dejavu.toml").write_text(text, "utf-8")
        return read_settings(tmp_path / "dejavu.toml")

    return write


def test_a_whole_file(settings, tmp_path):
    told = settings(
        """
        [audit]
        family = "openclip"
        model = "ViT-B-32"
        pretrained = "weights.pt"
        data = "captions"
        root = "shards"
        min-side = 40
        targets = 2_000
        normalize = false
        mean = 0.5
        batch-size = "auto"
        baseline = "naive-bayes, caption-only"
        alpha = 2
        data-option = { correlation = 0.5 }
        baseline_options = ["caption-only.k=3"]
        [gate]
        max-targets = 8000
        require = ["calibrated"]
        [[limit]]
        score = "headline"
        max = 0.02
        [[limit]]
        score = "memorized"
        max-increase = 3
        """
    )
    assert told.path == tmp_path / "dejavu.toml"
    assert told.audit == {
        "family": "openclip",
        "model": "ViT-B-32",
        "pretrained": str(tmp_path / "weights.pt"),
        "data": "captions",
        "root": str(tmp_path / "shards"),
        "min_side": 40,
        "targets": 2_000,
        "normalize": False,
        "mean": (0.5, 0.5, 0.5),
        "batch_size": None,
        "baseline": ("naive-bayes", "caption-only"),
        "data_options": {"correlation": "0.5"},
        "baseline_options": {"caption-only.k": "3", "naive-bayes.alpha": "2.0"},
    }
    assert told.gate == {"max_targets": 8_000, "require": ["calibrated"]}
    assert told.limits == ({"score": "headline", "max": 0.02}, {"score": "memorized", "max_increase": 3})
    assert AuditConfig.resolve(**told.audit).targets == 2_000


def test_an_empty_file_sets_nothing(settings):
    told = settings("")
    assert (told.audit, told.gate, told.limits) == ({}, {}, ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[audti]\n", "unknown table 'audti': did you mean audit?"),
        ("[[limits]]\n", "unknown table 'limits': did you mean limit?"),
        ("speed = 3\n", "unknown key 'speed': choose from audit, gate, limit"),
        ("min-side = 3\n", "min-side stands above all tables; write it below a line [audit]"),
        ("audit = 3\n", "[audit] must be a table, not 3"),
        ("gate = []\n", "[gate] must be a table"),
        ("[limit]\nmax = 1\n", "write [[limit]] with two brackets"),
        ("limit = [3]\n", "limit 1 must be a table, not 3"),
        ("[audit]\ntarget = 3\n", "unknown setting 'target': did you mean targets"),
        ("[audit]\nmin-side = 3\nmin_side = 4\n", "min_side is there twice"),
        ("[audit]\ndata-option = {}\ndata_options = {}\n", "data_option and data_options are one setting"),
        ("[audit]\nk = 0\n", "[audit]: k: must be greater than or equal to 1 (given: 0)"),
        ("[audit]\nmin-side = 'small'\n", "[audit]: min_side: must be a valid integer"),
        ("[audit]\nfamily = 3\n", "[audit]: family: must be a valid string (given: 3)"),
        ("[audit]\nmean = 'grey'\n", "[audit]: mean takes three numbers"),
        ("[audit]\nbaseline = 3\n", "[audit]: baseline takes names, not 3"),
        ("[audit]\nalpha = 1\n", "alpha is the smoothing of naive-bayes"),
        ("[audit]\ndata_options = 3\n", "data_option must be a table"),
        ("[audit]\nk = 1\nk = 2\n", "cannot be read as TOML"),
        ("[gate]\nmax-targets = 1\nmax_targets = 2\n", "[gate]: max_targets is there twice"),
    ],
)
def test_what_is_wrong_is_one_sentence_that_names_the_file(settings, tmp_path, text, says):
    with pytest.raises(AuditError) as error:
        settings(text)
    assert says in str(error.value)
    assert str(tmp_path / "dejavu.toml") in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(AuditError, match="there is no settings file"):
        read_settings(tmp_path / "dejavu.toml")


def test_it_is_found_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_settings() is None
    (tmp_path / "dejavu.toml").write_text("", "utf-8")
    assert find_settings() is not None and find_settings().resolve() == tmp_path / "dejavu.toml"
