from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dejavu_audit.report.markdown import block, code, items, table, text
from dejavu_audit.report.plain import plain

RENDER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "| a cell",
    "<script>alert(1)</script>",
    "**bold** _it_ ~~gone~~ `code`",
    "[a link](https://evil.example)",
    "![](https://evil.example/x.png)",
    "# heading",
    "- item",
    "1. item",
    "---",
    "===",
    "&lt;b&gt;",
    "\\| \\",
    "a\n\nb",
    "$x$",
    "> quote",
    "```",
]


def shown(html: str) -> str:
    """What a reader sees of HTML."""
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_comes_from_data_is_a_paragraph_of_text(hostile):
    html = RENDER.render(text(hostile))
    assert html.startswith("<p>") and html.count("<") == 2
    assert shown(html) == plain(hostile)


@given(st.text(st.sampled_from("ab 1.-+=#*_~`|<>[]()!\\&;:$/\n\t"), min_size=1, max_size=30))
def test_every_text_shows_as_it_is_written(value):
    if not plain(value):
        return
    assert shown(RENDER.render(text(value))) == plain(value)
    cell = RENDER.render(table(["a", "b"], [[text(value), code(value)]]))
    found = re.findall(r"<td>(.*?)</td>", cell, re.S)
    assert [shown(one) for one in found] == [plain(value)] * 2
    assert shown(RENDER.render(items([text(value)]))) == plain(value)


def test_no_formula_and_no_bare_link_is_left_to_the_host():
    assert "$" not in text("$x$")
    assert "https://" not in text("https://evil.example")
    assert "www." not in text("www.evil.example")


def test_a_block_is_fenced_by_more_than_it_holds():
    html = RENDER.render(block(["a ```` b", "</code><script>"], "console"))
    assert html == '<pre><code class="language-console">a ```` b\n&lt;/code&gt;&lt;script&gt;\n</code></pre>\n'


def test_columns_to_the_right():
    assert table(["a", "b"], [["1", "2"]], right=(1,)) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"
