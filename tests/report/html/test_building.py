from __future__ import annotations

import base64
import hashlib
import html
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.data.scenes import load
from dejavu_audit.errors import AuditError
from dejavu_audit.gate.record import GATE
from dejavu_audit.progress import Silent
from dejavu_audit.report.html import building, numbers
from dejavu_audit.report.html.building import asset, build, columns_for, embedded, policy, write_report
from dejavu_audit.report.reading import Run, read_run
from tests.report.html.runs import HOSTILE, change, full_run, write_gate
from tests.run_folders import write_run


def faults(text: str) -> list[str]:
    """What could not be drawn."""
    return [fault for fault in re.findall(r'<p class="fault">([^<]*)', text) if "need JavaScript" not in fault]


def report(folder, **settings) -> str:
    return build(read_run(folder), progress=Silent(), **settings)


KINDS = {
    "label": {},
    "objects": {"test": "objects"},
    "no control": {"control": 0},
    "objects, no control": {"test": "objects", "control": 0},
    "symmetric": {"symmetric": True},
    "objects, symmetric": {"test": "objects", "symmetric": True},
    "no list": {"listed": False},
    "not drawn alike": {"failed": True},
    "could not be told": {"failed": None},
    "several references": {"references": ("image-classifier", "naive-bayes")},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run_is_drawn_whole(tmp_path, kind):
    text = report(full_run(tmp_path / "run", **KINDS[kind]), images=False)
    assert faults(text) == []
    assert ('id="classes"' in text) == ("objects" not in kind)
    assert ('id="balance"' in text) == ("control" not in kind and "symmetric" not in kind)
    assert text.count("<h1") == 1


def test_scores_that_were_not_measured_are_words(tmp_path):
    run = full_run(tmp_path / "run")
    nothing = {"estimate": None, "low": None, "high": None, "n": 0, "method": "none"}
    record = json.loads((run / "audit.json").read_text())
    change(
        run,
        scores=dict.fromkeys(record["scores"], nothing),
        headline={"estimate": None, "low": None, "high": None, "p_value": None},
        membership_figures={"auc": nothing},
        references=[one | {"right_targets": nothing, "weaker": None} for one in record["references"]],
    )
    text = report(run, images=False)
    assert faults(text) == []
    assert "Nothing could be measured" in text
    assert not re.search(r"\bNone\b|\bnan\b", re.sub(r"<style>.*?</style>|<script.*?</script>", "", text, flags=re.S))


def test_an_older_run_with_hardly_a_record_is_drawn(tmp_path):
    assert faults(report(write_run(tmp_path / "run"), images=False)) == []
    assert faults(report(write_run(tmp_path / "objects", "objects"), images=False)) == []


def test_a_run_without_samples_is_drawn(tmp_path):
    run = full_run(tmp_path / "run")
    table = pq.read_table(run / "samples.parquet").slice(0, 0)
    pq.write_table(table, run / "samples.parquet")
    text = report(run)
    assert "The finding" in text
    assert all("could not be drawn" in fault for fault in faults(text))


def test_it_reads_no_more_columns_than_it_shows(tmp_path):
    for test in ("label", "objects"):
        run = full_run(tmp_path / test, test)
        some = read_run(run, columns_for(run))
        assert "neighbors" not in some.samples.column_names
        assert build(some, images=False, progress=Silent()) == report(run, images=False)


def test_the_audit_may_hand_over_what_it_has_in_memory(tmp_path):
    run = read_run(full_run(tmp_path / "run"))
    (run.path / "audit.json").unlink()  # it is written last
    file = write_report(Run(run.record, run.samples, run.path), progress=Silent())
    assert file == run.path / "report.html"
    assert faults(file.read_text("utf-8")) == []


def test_a_section_that_fails_is_said_and_the_others_are_shown(tmp_path, monkeypatch):
    def broken(material):
        raise KeyError("/secret/place.jpg")

    sections = [
        building.Section(one.key, one.title, broken) if one.key == "parts" else one for one in building.SECTIONS
    ]
    monkeypatch.setattr(building, "SECTIONS", sections)
    text = report(full_run(tmp_path / "run"), images=False)
    assert faults(text) == ["This part could not be drawn (KeyError); the figures are in audit.json."]
    assert "secret" not in text
    assert 'id="numbers"' in text


def test_the_gate_is_shown_where_there_is_one(tmp_path):
    run = full_run(tmp_path / "run")
    assert 'id="gate"' not in report(run, images=False)
    record = write_gate(run, "inconclusive")
    text = report(run, images=False)
    assert record.sentence in text and "4,000 targets would decide" in text
    assert text.count('class="limitrow"') == 3
    assert 'class="limit"' in numbers_line(text)  # and on the line of the headline
    (run / GATE).write_text("{")
    assert faults(report(run, images=False)) == [
        "gate.json lies in the run folder but cannot be read; judge the run again with dejavu-audit gate."
    ]
    given = build(read_run(run), images=False, gate=record, progress=Silent())
    assert record.sentence in given and faults(given) == []


def numbers_line(text: str) -> str:
    return text.split('<div class="number">')[1].split("</div>")[0]


@pytest.mark.parametrize("test", ["label", "objects"])
def test_without_images_no_path_id_or_caption_is_in_the_file(tmp_path, test):
    n = 90
    secret = {"path": [f"folder-of-ours/picture {place:03}.jpg" for place in range(n)]}
    if test == "objects":
        secret["caption"] = [f"a confidential caption {place:03}" for place in range(n)]
    place = tmp_path / "place-of-the-run"
    run = full_run(place, test, **secret)
    change(
        run,
        config={
            "root": "/mnt/private", "out": str(place), "cache_dir": "/mnt/cache", "members": "who-was-in.txt",
            "pretrained": "/models/secret weights.pt", "data_options": {"index": "/mnt/private/index.json"},
        },
        data={"root": "/mnt/private", "notes": ["read from /mnt/private/x.parquet", "folder-of-ours/picture 001.jpg"],
              "left_out": {"unlike target-000003, odd": 2}},
        model={"pretrained": "/models/secret weights.pt", "notes": ["secret weights.pt has no header"]},
        verdict="Memorization: timm secret weights.pt does", caveats=["stated by who-was-in.txt"],
    )  # fmt: skip
    write_gate(run, baseline="release-of-march.json")
    options = {"classes": "10", "targets": "60", "control": "30", "public": "200", "fit": "20"}
    shown, text = report(run, dataset=load(None, options, 0)), report(run, images=False)
    rows = read_run(run).samples
    names = [*rows["id"].to_pylist(), *rows["path"].to_pylist(), *secret.get("caption", [])]
    names += [near["id"] for nears in rows["neighbors"].to_pylist() for near in nears]
    names += ["folder-of-ours", "picture 0", "confidential", "/mnt", "private", "who-was-in", "secret", "/models",
              "weights.pt", "index.json", "x.parquet", "release-of-march", "place-of-the-run", str(tmp_path),
              "data:image"]  # fmt: skip
    assert [name for name in names if name in html.unescape(text)] == []
    assert faults(text) == []
    for name in (rows["id"][0].as_py(), "/mnt/private", "who-was-in.txt", "data:image"):
        assert name in shown  # the test can fail


def test_what_comes_from_data_is_escaped(tmp_path):
    run = full_run(tmp_path / "run", path=[HOSTILE[place % len(HOSTILE)] for place in range(90)])
    change(run, caveats=list(HOSTILE), verdict=HOSTILE[1], data={"name": HOSTILE[0], "notes": list(HOSTILE)})
    text = report(run)
    assert "<img src=x" not in text and "alert(2)</script>" not in text
    assert len(re.findall(r"</script", text)) == 2  # the data's and our own
    assert "<!--" not in text
    assert "{{7*7}}" in text
    assert not set("\x00\x1b\u202e\u2066") & set(text)


def test_embedded_data_cannot_end_their_element_and_come_back_whole():
    data = [*HOSTILE[:3], "<!--", "\u2028", "&lt;", "ü"]
    text = str(embedded(data))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == data


def test_the_policy_allows_our_own_style_and_script_and_no_request(tmp_path):
    text = report(full_run(tmp_path / "run"), images=False)
    told = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])
    assert told == policy(asset("report.css"), asset("report.js"))
    for tag in ("style", "script"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in told
    assert told.startswith("default-src 'none'; img-src data:;")
    outside = re.sub(r"<style>.*?</style>|<script.*?</script>", "", text, flags=re.S)
    assert not re.search(r'\s(?:style|on\w+)="', outside)
    assert not re.search(r'(?:src|href)="(?!#)', outside)


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path):
    run = read_run(full_run(tmp_path / "run"))
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot write"):
        write_report(run, images=False, progress=Silent(), file=tmp_path / "file" / "report.html")


def test_the_four_parts_are_counted_where_audit_json_has_none(tmp_path):
    run = write_run(tmp_path / "run")
    samples = read_run(run).samples
    told = numbers.parts(building.Material(read_run(run), None, True))
    targets = samples.filter(pa.array([name == "target" for name in samples["set"].to_pylist()]))["part"].to_pylist()
    shares = {piece["part"]: float(piece["share"]) for piece in told["sets"][0]["pieces"]}
    assert shares == {part: pytest.approx(100 * targets.count(part) / 60, abs=0.05) for part in shares}
    assert sum(piece["width"] for piece in told["sets"][0]["pieces"]) == pytest.approx(100, abs=0.01)
