from __future__ import annotations

from types import SimpleNamespace

import pyarrow as pa

from dejavu_audit.report.duplicates_record import EXAMPLES, duplicates_record


def found(*, pairs=0, **said):
    rows = [
        {"set": "target", "id": f"t{n}", "row": n, "other_set": "public", "other_id": f"p{n}", "other_row": 100 + n}
        | {"kind": "near", "similarity": 0.9, "mirrored": False, "shown": 1.0}
        for n in range(max(pairs, 1))
    ]
    table = pa.Table.from_pylist(rows).slice(0, pairs)
    known = {
        "lost": {},
        "clusters": {},
        "counts": {},
        "searched": {"target": 300, "public": 700},
        "looked_for": True,
        "kept": False,
    }
    return SimpleNamespace(pairs=table, **{**known, **said})


def test_none_is_said_with_how_many_were_compared():
    record = duplicates_record(found())
    assert record.sentences() == ["No duplicates across the sets were found among 1,000 pictures."]
    assert record.file is None and not record.examples


def test_what_was_taken_out_is_counted_by_set_and_kind():
    counts = {("target", "public"): {"near": 3, "same bytes": 2}, ("target", "target"): {"near": 2}}
    record = duplicates_record(found(pairs=EXAMPLES + 5, counts=counts, lost={1: "a", 2: "b"}, clusters={7: 0, 8: 0}))
    assert record.sentences() == [
        "Duplicates across the sets were taken out: 5 public pictures (2 exact) like targets.",
        "2 samples are near-duplicates of others of their own set; they make 1 cluster, resampled whole.",
    ]
    assert record.removed == 2 and len(record.examples) == EXAMPLES and record.file == "duplicates.parquet"
    assert record.examples[0].id == "t0" and record.examples[0].other_id == "p0"


def test_what_was_left_in_is_said():
    said = duplicates_record(found(counts={("target", "control"): {"near": 1}}, kept=True)).sentences()
    assert "left in" in said[0] and "1 control picture like targets" in said[0]


def test_distinct_data_are_taken_at_their_word():
    said = duplicates_record(found(looked_for=False)).sentences()
    assert said == ["Duplicates were not looked for: the data are procedural, and every picture is drawn anew."]
