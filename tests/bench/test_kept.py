from __future__ import annotations

from string import ascii_letters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.bench.kept import read_table, write_table
from dejavu_audit.errors import AuditError

CELLS = st.one_of(
    st.none(),
    st.integers(-(10**9), 10**9),
    st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.6g}")),
    st.text(ascii_letters + ' ,"', min_size=1).filter(lambda text: text.lower() not in ("nan", "inf", "infinity")),
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_what_is_read_is_what_was_written(tmp_path_factory, cells):
    rows = [{"one": a, "two b": b} for a, b in cells]
    file = tmp_path_factory.mktemp("kept") / "table.csv"
    write_table(rows, file)
    found = read_table(file)
    assert found == rows
    assert [[type(cell) for cell in row.values()] for row in found] == [[type(c) for c in pair] for pair in cells]


def test_a_float_keeps_six_digits_and_a_table_may_be_empty(tmp_path):
    write_table([{"a": 1 / 3, "b": 2.0}], tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "a,b\n0.333333,2.0\n"
    write_table([], tmp_path / "empty.csv")
    assert read_table(tmp_path / "empty.csv") == []


def test_a_missing_table_is_told(tmp_path):
    with pytest.raises(AuditError, match="run its study again"):
        read_table(tmp_path / "none.csv")
