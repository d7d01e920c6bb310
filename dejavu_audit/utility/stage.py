"""What the audited encoder is good for, beside what it remembers: on whole pictures that it never saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.embeddings.texts import embed_texts
from dejavu_audit.embeddings.views import View
from dejavu_audit.inference.control import group_numbers
from dejavu_audit.utility.measure import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.scores.estimates import Score
    from dejavu_audit.stages import Plan, Seen
    from dejavu_audit.types import Array, Progress, Rows

HELD, KNOWN = "utility/held", "utility/public"


def jobs(plan: Plan) -> dict[str, tuple[View, Rows]]:
    """The control and the public pictures, whole; what the test looks at anyway is not embedded twice."""
    whole = View(plan.encoder, None)
    return {HELD: (whole, plan.split.control), KNOWN: (whole, plan.split.public)}


def of_encoder(plan: Plan, seen: Seen, progress: Progress) -> dict[str, Score]:
    """Neighbours, linear probe, zero-shot and retrieval, each with its interval; None-valued without a control."""
    config, encoder = plan.config, plan.encoder
    # Pictures whose background is of no use to the test are whole all the same: what a view holds is what counts.
    held, public = seen.views[HELD].rows, seen.views[KNOWN].rows

    def texts(said: Sequence[str]) -> Array:
        return embed_texts(encoder, said, plan.store, progress)[0]

    captions = _captions(plan, held) if encoder.has_text else None
    return measure(
        public=seen.views[KNOWN].vectors,
        public_labels=plan.labels[public],
        held=seen.views[HELD].vectors,
        held_labels=plan.labels[held],
        classes=plan.dataset.classes,
        embed_texts=texts if encoder.has_text else None,
        captions=captions,
        pictures=np.unique(plan.dataset.table["path"].take(held).to_pylist(), return_inverse=True)[1],
        groups=group_numbers(plan.dataset, held),
        k=config.k or 1,
        level=config.level,
        replicates=config.replicates,
        seed=config.seed,
        device=encoder.device,
        progress=progress,
    )


def _captions(plan: Plan, rows: Rows) -> list[str] | None:
    """The first caption of every row; None where one has none."""
    if "caption" not in plan.dataset.table.column_names or not len(rows):
        return None
    column = plan.dataset.table["caption"].take(rows)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        if column.null_count or pc.min(pc.list_value_length(column)).as_py() == 0:
            return None
        column = pc.list_element(column, 0)
    return None if column.null_count else list(column.to_pylist())
