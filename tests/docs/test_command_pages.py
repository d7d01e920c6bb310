"""The pages of the commands are the command line's own: every command, every flag, nothing else."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import typer

from dejavu_audit.cli import main

HOOK = Path(__file__).parents[2] / "docs" / "hooks" / "commands.py"


@pytest.fixture(scope="module")
def hook():
    pytest.importorskip("mkdocs")
    spec = importlib.util.spec_from_file_location("docs_hooks_commands", HOOK)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def texts(hook):
    return {page.name: hook.written(page, set()) for page in hook.pages()}


def leaves(command, words=()):
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, one in inner.items():
        if not one.hidden:
            yield from leaves(one, (*words, name))


def every():
    return list(leaves(typer.main.get_command(main.app)))


def test_every_command_has_its_page_and_every_flag_its_row(texts):
    assert len(every()) > 10
    for words, command in every():
        text = texts.get(words[0], texts["audit"])
        for parameter in command.params:
            if parameter.param_type_name == "argument":
                assert f"`{parameter.metavar or parameter.name.upper()}`" in text, (words, parameter.name)
            elif not parameter.hidden:
                for flag in (*parameter.opts, *parameter.secondary_opts):
                    assert f"<code>{flag}</code>" in text, (words, flag)


def test_no_flag_is_there_that_no_command_has(texts):
    known = {flag for _, command in every() for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    for name, text in texts.items():
        assert set(re.findall(r"<code>(-[^<]+)</code>", text)) <= known, name


def test_the_index_names_all_of_them(hook, texts):
    index = hook.index(hook.pages())
    assert all(f"({name}.md)" in index for name in texts)


@pytest.mark.parametrize(
    ("help_", "shown"),
    [
        ("[bold]Which[/bold] of\n  them.", "Which of them."),
        ("(env: DEJAVU_AUDIT_<NAME>_ROOT)", r"(env: DEJAVU\_AUDIT\_&lt;NAME&gt;\_ROOT)"),
        ("a|b *c* `d`", r"a\|b \*c\* \`d\`"),
        (r"in \[0, 1]", r"in \[0, 1\]"),
        ("One.\n\nTwo.", "One.\n\nTwo."),
    ],
)
def test_help_becomes_markdown_that_says_the_same(hook, help_, shown):
    assert hook.plain(help_) == shown


def test_commands_that_differ_get_no_common_page(hook):
    app = typer.Typer()

    @app.command()
    def timm(one: int = 1) -> None:
        """One."""

    @app.command()
    def openclip(two: int = 2) -> None:
        """Two."""

    page = next(hook._pages(typer.main.get_command(app)))
    assert page.name == "audit"
    with pytest.raises(ValueError, match="differ in their flags"):
        hook.written(page, set())
