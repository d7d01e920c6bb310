"""Commands whose flags may also be set in the environment and in dejavu.toml: in this order, the default last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import typer
from typer.core import TyperCommand

from dejavu_audit.cli.exits import USAGE
from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from dejavu_audit.settings.file import SettingsFile
    from dejavu_audit.settings.layers import Layer

Source: TypeAlias = Literal["flag", "environment", "file", "default"]
_SOURCES: dict[str, Source] = {"COMMANDLINE": "flag", "ENVIRONMENT": "environment", "DEFAULT_MAP": "file"}
CONFIG = "config_file"
"""The parameter of --config."""


@dataclass(frozen=True)
class Origin:
    """Where a setting's value came from."""

    source: Source
    name: str
    """The flag, the variable or the file; "" for a default."""


@dataclass(frozen=True)
class Settled:
    """Where the settings of a command came from."""

    origins: Mapping[str, Origin] = field(default_factory=dict)
    """By parameter of the command."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """As click read them."""
    file: SettingsFile | None = None
    layer: Layer | None = None

    def said(self) -> list[str]:
        """What a run says of settings that nobody typed."""
        lines = []
        for source in ("environment", "file"):
            taken = {key: of.name for key, of in self.origins.items() if of.source == source and key != CONFIG}
            if source == "file" and taken and self.file:
                lines.append(f"From {self.file.path}: {', '.join(taken)}.")
            elif taken:
                lines.append(f"From the environment: {', '.join(sorted(taken.values()))}.")
        return lines + (self.layer.sentences(self.file.path) if self.layer and self.file else [])

    def told(self, message: str) -> str:
        """A fault's sentence, and where the flags and values that it names were set, if they were not typed."""
        flags = {flag.replace("-", "_").removesuffix("s") for flag in re.findall(r"(?<!\S)--([a-z][a-z-]*)", message)}
        untyped = [
            f"{key} is set in {of.name}" if of.source == "file" else f"set in {of.name}"
            for key, of in self.origins.items()
            if of.source in ("environment", "file")
            and (key.removesuffix("s") in flags or _quoted(self.values.get(key), message))
        ]
        return f"{message} ({'; '.join(untyped)})" if untyped else message


class SettledCommand(TyperCommand):
    """A command that takes what is not typed from the environment, then from dejavu.toml; `ctx.obj` is a `Settled`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the settings file, which gives click's default map, and say where a bad value came from."""
        if ctx.resilient_parsing:  # a shell completes
            return super().parse_args(ctx, args)
        file, taken = None, None
        try:
            typed, _, _ = self.make_parser(ctx).parse_args(args=list(args))
            if not typed.get("help"):
                file, taken = self.settings(ctx, typed)
        except AuditError as error:
            raise refused(str(error)) from None
        try:
            rest = super().parse_args(ctx, args)
        except typer.BadParameter as error:
            of = origin(ctx, error.param) if error.param is not None else Origin("flag", "")
            if of.source in ("flag", "default"):
                raise
            raise refused(f"{of.name}: {error.message[:1].lower()}{error.message[1:]}") from None
        origins = {one.name: origin(ctx, one, file) for one in self.params}
        ctx.obj = Settled(origins, dict(ctx.params), file, taken)
        return rest

    def settings(self, ctx: Any, typed: Mapping[str, Any]) -> tuple[SettingsFile | None, Layer | None]:
        """Read the settings file, if any, into the default map."""
        file = settings_file(typed.get(CONFIG) or _variable(self, CONFIG))
        if file is None:
            return None, None
        from dejavu_audit.settings.layers import as_flags, layer

        data = typed.get("data") or _variable(self, "data")
        taken = layer(file, family=self.family(ctx, typed), model=typed.get("model"), data=data)
        ctx.default_map = as_flags(taken.settings)
        return file, taken

    def family(self, ctx: Any, typed: Mapping[str, Any]) -> str | None:
        """The encoder family: the command's own name."""
        return str(ctx.info_name)


def settings_file(named: str | None) -> SettingsFile | None:
    """The file that --config names, else dejavu.toml in the working folder, else None; AuditError for a bad one."""
    if named is None and not Path("dejavu.toml").is_file():  # before the slow import
        return None
    from dejavu_audit.data.manifest import user_path
    from dejavu_audit.settings.file import find_settings, read_settings

    path = user_path(named) if named is not None else find_settings()
    return read_settings(path) if path is not None else None


def origin(ctx: Any, parameter: Any, file: SettingsFile | None = None) -> Origin:
    """Where click took the value of a parameter from."""
    found = ctx.get_parameter_source(parameter.name)
    source = _SOURCES.get(found.name, "default") if found is not None else "default"
    names: dict[Source, str] = {
        "flag": max(parameter.opts, key=len) if parameter.param_type_name == "option" else "typed",
        "environment": str(parameter.envvar),
        "file": str(file.path) if file else "",
    }
    return Origin(source, names.get(source, ""))


@contextmanager
def where_set(settled: Settled | None) -> Iterator[None]:
    """Let a fault's sentence say where a setting came from that was not typed."""
    try:
        yield
    except AuditError as error:
        if settled is None:
            raise
        raise AuditError(settled.told(str(error))) from error


def refused(message: str) -> typer.Exit:
    """End with a sentence and the code of bad usage."""
    typer.echo(f"Error: {message}", err=True)
    return typer.Exit(USAGE)


def _variable(command: TyperCommand, name: str) -> str | None:
    import os

    variables = [one.envvar for one in command.params if one.name == name]
    return os.environ.get(str(variables[0])) or None if variables else None


def _quoted(value: object, message: str) -> bool:
    """Does a sentence name this value? A short word may be there by chance."""
    return isinstance(value, str) and len(value) > 2 and (repr(value) in message or ("/" in value and value in message))
