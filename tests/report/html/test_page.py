"""The report as a browser shows it: rendered, filtered, sorted, in both schemes, by keyboard, asking for nothing."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.progress import Silent
from dejavu_audit.report.html.building import write_report
from dejavu_audit.report.reading import read_run
from tests.report.html.runs import HOSTILE, change, full_run, write_gate

N, CONTROL = 60, 30
NAMES = [HOSTILE[place % len(HOSTILE)] for place in range(10)]


def hostile_columns() -> dict:
    """Ids, paths and classes that would be markup, script, template or a turn of direction."""
    n = N + CONTROL
    classes = [f"{NAMES[place % 10]} {place % 10}" for place in range(n)]
    return {
        "path": [f"{HOSTILE[place % len(HOSTILE)]}/{place}.jpg" for place in range(n)],
        "label": classes,
        # Of class number c, c of its first targets are named rightly.
        "target_top1": [classes[place if place // 10 < place % 10 else place - 1] for place in range(n)],
    }


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The label test with hostile names and a gate, and the object test with hostile captions."""
    folder = tmp_path_factory.mktemp("reports")
    label = full_run(folder / "label", n=N, control=CONTROL, **hostile_columns())
    write_gate(label, sentence=f"Held back: {HOSTILE[0]}")
    change(label, caveats=list(HOSTILE), verdict=f"Memorization: {HOSTILE[1]}")
    objects = full_run(folder / "objects", "objects", n=N, control=CONTROL, caption=[*HOSTILE] * 15)
    return {run.name: write_report(read_run(run), progress=Silent()) for run in (label, objects)}


@contextmanager
def opened(browser, file, **settings):
    """The page, in a context from which no request may leave; fails on any, and on any error of the page."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
    asked, said = [], []

    def route(request):
        if request.request.url == file.as_uri():
            request.continue_()
        else:
            asked.append(request.request.url)
            request.abort()

    context.route("**/*", route)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]")
    yield page
    page.wait_for_timeout(50)
    assert [url for url in asked if not url.startswith("data:")] == []
    assert said == []
    context.close()


def test_it_renders_every_section_and_asks_for_nothing(chromium, reports):
    with opened(chromium, reports["label"]) as page:
        heads = page.locator("main section > h2").all_inner_texts()
        assert heads == [
            "The release gate", "What was measured, and what not", "The four parts", "The numbers",
            "How sure the model is", "The list of memorized samples", "Look at the samples", "Classes",
            "Is the control a fair one?", "The references", "Who was in the training data",
            "Pictures, set aside and duplicates", "How to reproduce it",
        ]  # fmt: skip
        assert page.locator(".fault").count() == 0  # but for the words to those without JavaScript, which are not there
        assert page.locator("svg.chart").count() == 2
        assert page.locator("#cards > li").count() == 12
        pictures = page.locator("#cards img")
        assert pictures.count() >= 12 * 2
        assert page.evaluate("[...document.images].every((one) => !one.complete || one.naturalWidth > 0)")
        # The policy holds: neither a picture from elsewhere nor a handler in an attribute would be run.
        assert "default-src 'none'" in page.locator("meta[http-equiv]").get_attribute("content")


def test_what_comes_from_data_is_text(chromium, reports):
    with opened(chromium, reports["label"]) as page:
        told = page.locator("main").inner_text()
        assert "<img src=x onerror=alert(1)>" in told
        assert "{{7*7}} {% raw %}" in told and "49 {%" not in told
        assert "</script><script>alert(2)</script>" in told
        assert page.locator("main img[src='x'], main script").count() == 0
        options = page.locator("#filter-class option").all_inner_texts()
        assert any(option.startswith("<!--") for option in options)
        assert not any(letter in text for text in (*options, told) for letter in "\u202e\u2066\x1b\ufffd")
    with opened(chromium, reports["objects"]) as page:
        captions = set(page.locator(".card .caption").all_inner_texts())
        assert "<img src=x onerror=alert(1)>" in captions
        assert page.locator("#cards img[src='x']").count() == 0


def test_the_gallery_is_filtered_by_part_class_list_and_text(chromium, reports):
    with opened(chromium, reports["label"]) as page:
        data = json.loads(page.locator("#data").text_content())["gallery"]["cards"]

        def count() -> int:
            return int(page.locator("#gallery-count").inner_text().split(" of ")[1].split()[0])

        assert count() == len(data)
        page.check("#filters input[value=correlated]")
        assert count() == sum(card["part"] == "correlated" for card in data)
        assert set(page.locator(".card .tags").all_inner_texts()) and all(
            "correlated" in tags for tags in page.locator(".card .tags").all_inner_texts()
        )
        page.check("#filters input[value=memorized]")
        assert count() == sum(card["part"] in ("correlated", "memorized") for card in data)
        page.click("#filters button[type=reset]")
        page.locator("#gallery-count", has_text=f"of {len(data)} ").wait_for()
        page.check("#filter-listed")
        assert count() == sum(card["listed"] is True for card in data)
        page.uncheck("#filter-listed")
        first = data[0]["label"]
        page.select_option("#filter-class", first)
        assert count() == sum(card["label"] == first for card in data)
        page.select_option("#filter-class", "")
        page.fill("#filter-text", "ONERROR")  # letters' case does not count
        hits = [card for card in data if "onerror" in json.dumps(card).lower()]
        assert 0 < count() == len(hits) < len(data)
        page.fill("#filter-text", "no such sample")
        assert "No sample matches" in page.locator("#gallery-count").inner_text()
        assert page.locator("#cards > li").count() == 0


def test_more_samples_come_by_the_button(chromium, reports):
    with opened(chromium, reports["label"]) as page:
        page.click("#more")
        assert page.locator("#cards > li").count() == 36
        assert (
            page.evaluate("document.activeElement.className") == "card"
        )  # the reader goes on where the new ones begin


def test_an_object_sample_shows_who_found_what(chromium, reports):
    with opened(chromium, reports["objects"]) as page:
        card = json.loads(page.locator("#data").text_content())["gallery"]["cards"][0]
        said = {"both": "both", "model": "model only", "reference": "reference only", "none": "missed"}
        shown = [
            text.split("\n") for text in page.locator("#cards > li").first.locator(".objects li").all_inner_texts()
        ]
        assert ["".join(text) for text in shown] == [name + said[by] for name, by in card["objects"]]
        page.select_option("#filter-class", card["objects"][0][0])
        assert card["objects"][0][0] in page.locator("#cards > li").first.inner_text()


def test_the_classes_are_sorted_and_searched(chromium, reports):
    with opened(chromium, reports["label"]) as page:
        table = page.locator("#class-table")
        assert table.locator("thead th[aria-sort]").all_inner_texts() == ["Score"]

        def column(place: int) -> list[str]:
            return table.locator(f"tbody tr > :nth-child({place})").all_inner_texts()

        names = column(1)
        assert len(names) == 10
        table.get_by_role("button", name="Memorized").click()
        assert table.locator("thead th[aria-sort=descending]").all_inner_texts() == ["Memorized"]
        down = [int(value) for value in column(3)]
        assert down == sorted(down, reverse=True) and len(set(down)) > 1
        table.get_by_role("button", name="Memorized").click()
        assert [int(value) for value in column(3)] == sorted(down)
        table.get_by_role("button", name="Class").click()
        assert column(1) == sorted(names, key=str.lower)
        page.fill("#class-search", "onerror")
        assert page.locator("#class-count").inner_text() == "2 of 2 classes that match"
        assert all("onerror" in name for name in column(1))


def test_it_is_worked_by_keyboard_alone(chromium, reports):
    with opened(chromium, reports["label"]) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        reached = set()
        for _ in range(120):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id || document.activeElement.value || ''"))
            if "filter-text" in reached:
                break
        assert {"print", "scheme", "filter-listed", "filter-class", "filter-text", "memorized"} <= reached
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.locator("#class-table thead button").nth(2).focus()
        page.keyboard.press("Enter")
        assert page.locator("#class-table th[aria-sort=descending]").inner_text() == "Memorized"
        page.keyboard.press("Space")
        assert page.locator("#class-table th[aria-sort=ascending]").inner_text() == "Memorized"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_are_there_and_one_can_be_chosen(chromium, reports, scheme):
    paper = {"light": "rgb(244, 245, 247)", "dark": "rgb(14, 17, 21)"}
    other = {"light": "dark", "dark": "light"}[scheme]
    with opened(chromium, reports["label"], color_scheme=scheme) as page:

        def ground() -> str:
            return page.evaluate("getComputedStyle(document.body).backgroundColor")

        assert ground() == paper[scheme]
        line = page.locator("svg.chart path[stroke='var(--encoder)']").first
        colour = line.evaluate("(one) => getComputedStyle(one).stroke")
        page.click("#scheme")
        assert ground() == paper[other]
        assert line.evaluate("(one) => getComputedStyle(one).stroke") != colour  # the curves go with the page
        page.emulate_media(media="print")
        assert ground() == "rgb(255, 255, 255)"
        assert page.locator(".tools").is_hidden() and page.locator("#filters").is_hidden()


@pytest.mark.parametrize(("kind", "scheme"), [("label", "light"), ("label", "dark"), ("objects", "dark")])
def test_axe_finds_no_serious_fault(chromium, reports, kind, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(chromium, reports[kind], color_scheme=scheme, reduced_motion="reduce") as page:
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = axe.run(page).response["violations"]
        grave = [
            (one["id"], [node["html"][:160] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == []


def test_nothing_is_wider_than_the_window(chromium, reports):
    for file in reports.values():
        with opened(chromium, file, viewport={"width": 390, "height": 800}) as page:
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_without_javascript_the_rest_is_there(chromium, reports):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(reports["label"].as_uri())
    assert "need JavaScript" in page.locator("main").inner_text()
    assert "points" in page.locator(".finding").inner_text()
    context.close()


def test_a_class_without_control_of_its_own_is_sorted_last(chromium, tmp_path):
    run = full_run(tmp_path / "run", n=200, control=105)
    labels = read_run(run).samples["label"].to_pylist()
    keep = [place < 200 or label != labels[0] for place, label in enumerate(labels)]
    pq.write_table(pq.read_table(run / "samples.parquet").filter(pa.array(keep)), run / "samples.parquet")
    file = write_report(read_run(run), images=False, progress=Silent())
    with opened(chromium, file) as page:
        table = page.locator("#class-table")
        for _ in range(2):  # down, then up
            table.get_by_role("button", name="Calibrated").click()
            assert table.locator("tbody tr > :nth-child(8)").all_inner_texts()[-1] == "–"
