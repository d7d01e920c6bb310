"""What every record that is kept or printed is made of: a frozen record, and a number with its interval."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A part of a record that is kept or printed; the docstrings under its fields are the format's documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ScoreRecord(Record):
    """A number with its interval. Null is "not measured", never zero."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    """Samples that the number rests on."""
    method: str
    """How the interval was made."""
