from __future__ import annotations

import numpy as np
import pyarrow as pa

from dejavu_audit.report.columns import with_design

SAMPLES = pa.table({"id": ["a", "b", "c"]})


def test_samples_that_were_resampled_together_share_a_number():
    table = with_design(SAMPLES, np.array([1, 0, 1]), None)
    assert table["cluster"].to_pylist() == [1, None, 1]
    assert "weight" not in table.column_names


def test_weights_are_kept_where_there_are_any():
    table = with_design(SAMPLES, None, np.array([1.0, 0.5, 0.0]))
    assert table["cluster"].null_count == 3
    assert table["weight"].to_pylist() == [1.0, 0.5, 0.0]
