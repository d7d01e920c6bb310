from __future__ import annotations

import re

import pytest
import yaml
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results
from markdown_it import MarkdownIt

from dejavu_audit.errors import AuditError
from dejavu_audit.report.card import metadata, section
from dejavu_audit.report.reading import read_record
from dejavu_audit.report.readme import put_into, whole_card
from dejavu_audit.scores.label_test import MEANINGS
from dejavu_audit.scores.object_test import MEANINGS as OBJECT_MEANINGS
from tests.report.memorized_runs import write_listed_run


def made_up(folder, test="label", *, config=(), **changes):
    record = read_record(write_listed_run(folder / "run", test, n=60, control=80)[0])
    score = record.scores[record.headline.metric]
    keys = MEANINGS if test == "label" else OBJECT_MEANINGS
    told = {"scores": dict.fromkeys(keys, score), "config": record.config | dict(config)}
    return record.model_copy(update={**told, **changes})


@pytest.mark.parametrize("test", ["label", "objects"])
def test_a_hub_reads_the_metadata_back(tmp_path, test):
    record = made_up(tmp_path, test)
    card = ModelCard(whole_card(record), ignore_metadata_errors=False)
    assert card.data.model_name == "test_resnet"
    number, listed = card.data.eval_results
    assert number.metric_type == record.headline.metric
    assert number.metric_value == 0.125 and number.verified is False
    assert (number.metric_args["low"], number.metric_args["high"]) == (0.1, 0.15)
    assert number.dataset_type == "scenes" and number.dataset_args["target"] == 60
    assert listed.metric_value == record.memorized.count
    # Written anew by the hub's library, it is the same.
    name, results = model_index_to_eval_results(metadata(record)["model-index"])
    assert eval_results_to_model_index(name, results) == metadata(record)["model-index"]


def test_the_section_says_what_was_found_and_what_not(tmp_path):
    record = made_up(tmp_path, caveats=["It speaks of the targets."], verdict="Memorization: x.")
    text = section(record)
    assert "**Memorization: x.**" in text
    assert "| **déjà vu score, top-1, calibrated** | **+12.5** | +10.0 to +15.0 |" in text
    assert "- It speaks of the targets." in text
    assert "dejavu-audit timm test_resnet" in text
    assert MarkdownIt("commonmark").enable("table").render(text).count("<h2>") == 1


def test_what_was_not_measured_is_no_number_for_a_hub(tmp_path):
    record = made_up(tmp_path)
    nothing = record.headline.model_copy(update={"estimate": None, "low": None, "high": None, "p_value": None})
    record = record.model_copy(update={"headline": nothing, "memorized": None})
    assert metadata(record) == {}
    assert whole_card(record).startswith("<!-- dejavu-audit: begin")


def test_without_a_control_it_says_uncalibrated(tmp_path):
    record = made_up(tmp_path)
    alone = record.headline.model_copy(update={"calibrated": False})
    record = record.model_copy(update={"headline": alone})
    assert "without a held-out control, skill cannot be told from memory" in section(record)
    args = metadata(record)["model-index"][0]["results"][0]["metrics"][0]["args"]
    assert args["calibrated"] is False


def test_the_auditors_folders_are_not_told(tmp_path):
    config = {"pretrained": "/home/me/secret/ckpt.pt", "root": "/home/me/secret", "data": "/home/me/secret/mine.toml"}
    record = made_up(tmp_path, config=config)
    record = record.model_copy(update={"model": record.model.model_copy(update={"pretrained": config["pretrained"]})})
    card = whole_card(record)
    assert "secret" not in card
    assert "--pretrained ckpt.pt" in card and "--data mine.toml" in card and "--root /path/to/scenes" in card


HOSTILE = 'a: b | <img src=x onerror=alert(1)> -->\n---\n```\n# "x" {{ y }} &amp;'


def test_hostile_names_stay_text_in_yaml_and_markdown(tmp_path):
    record = made_up(tmp_path, verdict=HOSTILE, caveats=[HOSTILE], config={"model": HOSTILE, "pretrained": HOSTILE})
    model = record.model.model_copy(update={"name": HOSTILE, "pretrained": HOSTILE})
    record = record.model_copy(update={"model": model, "data": record.data.model_copy(update={"name": HOSTILE})})
    card = ModelCard(whole_card(record))
    assert card.data.model_name == HOSTILE.strip()
    assert card.data.eval_results[0].dataset_name == HOSTILE
    html = MarkdownIt("commonmark").enable("table").render(card.text)
    outside = re.sub(r"<!--.*?-->", "", html)
    assert "<img" not in outside and "<h1>" not in html
    assert html.count("<!--") == html.count("-->") == 2


README = """---
license: apache-2.0  # of the weights
tags:
- vision
---

# A model

Words of ours.
"""


def test_into_a_card_it_touches_nothing_else(tmp_path):
    record = made_up(tmp_path)
    file = tmp_path / "README.md"
    file.write_text(README, "utf-8")
    assert put_into(file, record)
    text = file.read_text("utf-8")
    front, body = README.split("---\n")[1:]
    assert text.startswith(f"---\n{front}model-index:\n")
    assert body in text and text.endswith(f"{section(record)}\n\n<!-- dejavu-audit: end scenes label -->\n")
    card = ModelCard(text)
    assert card.data.license == "apache-2.0" and card.data.eval_results[0].metric_value == 0.125
    assert not put_into(file, record) and file.read_text("utf-8") == text


def test_what_an_earlier_audit_wrote_is_replaced_in_its_place(tmp_path):
    record = made_up(tmp_path)
    file = tmp_path / "README.md"
    file.write_text(README, "utf-8")
    put_into(file, record)
    with file.open("a", encoding="utf-8") as out:
        out.write("\nAfter it.\n")
    before = file.read_text("utf-8")
    number = record.headline.model_copy(update={"estimate": 0.25, "low": 0.2, "high": 0.3})
    put_into(file, record.model_copy(update={"headline": number, "verdict": "Another finding."}))
    after = file.read_text("utf-8")
    assert after.count("dejavu-audit: begin") == 1 and after.endswith("\nAfter it.\n")
    assert "Another finding." in after and "Another finding." not in before
    results = yaml.safe_load(after.split("---\n")[1])["model-index"][0]["results"]
    assert [one["metrics"][0]["value"] for one in results] == [0.25]


def test_results_of_others_and_of_other_data_stay(tmp_path):
    record = made_up(tmp_path)
    file = tmp_path / "README.md"
    others = (
        "---\nmodel-index:\n- name: ours\n  results:\n  - task: {type: image-classification}\n"
        "    dataset: {type: beans, name: Beans}\n    metrics:\n    - {type: accuracy, value: 0.9}\n\n"
        "# a comment on what follows\nlicense: mit\n---\nText.\n"
    )
    file.write_text(others, "utf-8")
    put_into(file, record)
    elsewhere = record.model_copy(update={"data": record.data.model_copy(update={"name": "mine"})})
    put_into(file, elsewhere)
    text = file.read_text("utf-8")
    assert text.count("dejavu-audit: begin") == 2
    assert "\n\n# a comment on what follows\nlicense: mit\n---\nText.\n" in text
    found = ModelCard(text).data
    assert found.model_name == "ours" and found.license == "mit"
    assert [one.dataset_name for one in found.eval_results] == ["Beans", "scenes", "scenes", "mine", "mine"]


@pytest.mark.parametrize("front", ["", "---\n---\n", "---\nmodel-index:\n---\n", "---\nmodel-index: []\nx: 1\n---\n"])
def test_every_way_to_have_no_results_yet(tmp_path, front):
    file = tmp_path / "README.md"
    file.write_text(f"{front}# Model\n", "utf-8")
    put_into(file, made_up(tmp_path))
    text = file.read_text("utf-8")
    assert ModelCard(text).data.eval_results[0].metric_value == 0.125
    assert "# Model\n" in text and ("x: 1" in text) == ("x: 1" in front)


def test_line_ends_are_kept(tmp_path):
    file = tmp_path / "README.md"
    file.write_bytes(README.replace("\n", "\r\n").encode())
    put_into(file, made_up(tmp_path))
    text = file.read_bytes().decode()
    assert text.count("\r\n") == text.count("\n") and "Words of ours." in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\na: [\n---\n", "is not YAML"),
        ("---\n- a\n---\n", "not a list of keys and values"),
        ("---\nmodel-index: 3\n---\n", "is not a list of models"),
        ("---\nmodel-index:\n- name: x\n---\n", "without a list of results"),
        ("<!-- dejavu-audit: begin scenes label -->\n", "should hold"),
    ],
)
def test_a_broken_card_is_refused_and_left_alone(tmp_path, text, said):
    file = tmp_path / "README.md"
    file.write_text(text, "utf-8")
    with pytest.raises(AuditError, match=said):
        put_into(file, made_up(tmp_path))
    assert file.read_text("utf-8") == text


def test_a_card_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(AuditError, match=r"there is no .*README\.md to put the card into"):
        put_into(tmp_path / "README.md", made_up(tmp_path))
