from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from dejavu_audit.cli.exits import guarded
from dejavu_audit.errors import AuditError


def outcome(error: BaseException | None):
    app = typer.Typer()

    @app.command()
    @guarded
    def command() -> None:
        if error is not None:
            raise error

    return CliRunner().invoke(app, [])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (AuditError("the root /x is empty"), 2),
        (KeyboardInterrupt(), 130),
        (RuntimeError("oops"), 70),
        (MemoryError(), 70),
        (typer.Exit(3), 3),
    ],
)
def test_the_exit_code_tells_how_it_ended(error, code):
    assert outcome(error).exit_code == code


def test_a_users_fault_is_one_sentence_and_no_traceback():
    assert outcome(AuditError("the root /x is empty")).output == "Error: the root /x is empty\n"


def test_an_interrupt_says_how_to_go_on():
    assert "type the same command again to go on" in outcome(KeyboardInterrupt()).output


def test_an_internal_error_shows_where():
    output = outcome(RuntimeError("oops")).output
    assert "RuntimeError: oops" in output
    assert "Internal error of dejavu-audit" in output
