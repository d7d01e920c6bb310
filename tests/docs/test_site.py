"""The site as a reader opens it: it asks nothing of any other host, its search finds, its formulas are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    "",
    "tutorials/release-gate/",
    "method/",
    "references/naive-bayes/",
    "commands/audit/",
    "api/scores/",
    "validation/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_no_other_host_and_complains_of_nothing(opened, path):
    page = opened(path)
    assert page.locator("article h1").first.inner_text()
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    # The watch itself is checked here, once a page: what the page is served from is what was asked for.
    assert page.evaluate("performance.getEntriesByType('resource').length") > 0


def test_the_watch_sees_a_request_to_another_host(browser, address):
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.evaluate("new Image().src = 'http://127.0.0.1:9/elsewhere.png'")
    page.wait_for_timeout(100)
    page.close()
    assert any(not url.startswith(address) for url in asked)


def test_no_file_of_the_site_names_a_script_or_style_elsewhere(site):
    for file in site.folder.rglob("*.html"):
        text = file.read_text("utf-8")
        for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", text):
            linked = re.search(r'(?:src|href)="((?:https?:)?//[^"]+)"', tag)
            assert not linked or 'rel="canonical"' in tag, (file.name, tag)


@pytest.mark.parametrize("path", ["method/", "tests/objects/", "references/naive-bayes/", "references/second-encoder/"])
def test_formulas_are_drawn(opened, path):
    page = opened(path)
    page.wait_for_selector(".katex")
    page.wait_for_function("document.fonts.status === 'loaded'")
    assert (
        page.locator(".arithmatex").count()
        == page.locator(".arithmatex > .katex, .arithmatex > .katex-display").count()
    )
    assert page.locator(".katex-error").count() == 0
    assert page.evaluate(
        "[...document.fonts].some(font => font.family.startsWith('KaTeX') && font.status === 'loaded')"
    )


def test_a_page_without_formulas_loads_no_katex(opened):
    page = opened("glossary/")
    assert page.evaluate("typeof katex") == "undefined"


@pytest.mark.parametrize(
    ("typed", "found"),
    [("near-duplicate", "Duplicates"), ("benjamini_hochberg", "Scores"), ("inconclusive", "The gate")],
)
def test_search_finds_it(opened, typed, found):
    page = opened()
    page.locator("input.md-search__input").click()
    page.keyboard.type(typed)
    shown = "word => [...document.querySelectorAll('.md-search-result__item h1')].some(one => one.innerText === word)"
    page.wait_for_function(shown, arg=found)


def test_it_follows_the_reader_into_the_dark_and_back(opened):
    page = opened(color_scheme="dark")
    scheme = "document.body.getAttribute('data-md-color-scheme')"
    assert page.evaluate(scheme) == "slate"
    page.locator("form.md-header__option label:visible").first.click()
    assert page.evaluate(scheme) == "default"


def test_no_page_is_wider_than_a_phone(browser, address):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    for path in PAGES:
        page.goto(f"{address}/{path}")
        width = page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 390, (path, width)
    page.close()


def test_the_build_is_quick_and_every_page_is_in_the_navigation(site):
    assert site.seconds < 60  # 5 s on two idle cores
    home = (site.folder / "index.html").read_text("utf-8")
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).with_suffix("").as_posix().removesuffix("index").strip("/")
        assert name == "" or f'href="{name}/"' in home, name


def test_nothing_of_the_tooling_is_published(site):
    assert not (site.folder / "hooks").exists()
    assert (site.folder / "audit.schema.json").is_file()
    assert (site.folder / "assets" / "katex" / "LICENSE").is_file()
