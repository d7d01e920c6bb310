from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from dejavu_audit.report.schema import audit_schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "audit.schema.json"


def test_the_published_schema_is_the_records():
    assert PUBLISHED.read_text("utf-8") == audit_schema(), (
        "run python -m dejavu_audit.report.schema docs/audit.schema.json"
    )


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(audit_schema()))


def test_every_field_says_what_it_means_where_its_name_does_not():
    record = json.loads(audit_schema())["$defs"]["ScoreRecord"]
    assert record["description"].startswith("A number with its interval")
    assert record["properties"]["n"]["description"] == "Samples that the number rests on."
