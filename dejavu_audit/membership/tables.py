"""The tables of this package, which are data."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.resources import files
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@lru_cache(maxsize=2)
def read_table(name: str) -> dict[str, Any]:
    """A TOML file that lies beside this module; read once."""
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))
