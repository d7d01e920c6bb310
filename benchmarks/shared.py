"""Two encoders audited with each other as reference, alone, in a pair, with utility: each view embedded once in all."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.bar import Bar

SIZES = {"targets": 100, "control": 200, "public": 1_000}


def run(folder: Path) -> list[Bar]:
    """The memorizer and its twin; captions as texts would be counted likewise, but neither reads any."""
    from dejavu_audit import audit
    from dejavu_audit.samples import AUDIT, MEMORIZER, TWIN

    embedded: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        asked = [
            (MEMORIZER, {"reference": str(TWIN)}),
            (TWIN, {"reference": str(MEMORIZER)}),
            (MEMORIZER, {"reference": str(TWIN), "utility": True}),
            (TWIN, {"reference": str(MEMORIZER), "k": 50, "seed": 0}),
        ]
        for number, (weights, settings) in enumerate(asked):
            out = str(Path(place) / f"run-{number}")
            result = audit(
                "timm:test_resnet",
                pretrained=str(weights),
                out=out,
                cache_dir=place + "/cache",
                **{**AUDIT, **SIZES, **settings},
            )
            for job in result.record.timings["views"]:
                embedded[job["crop"]] += job["embedded"]
    whole = 2 * SIZES["public"] + SIZES["control"]  # the utility looks at the control as a whole, of one encoder
    crops = 2 * (SIZES["targets"] + SIZES["control"])
    return [
        Bar(
            "whole pictures embedded by two encoders in four audits", embedded.pop("full"), whole, form="d", equal=True
        ),
        Bar("crops embedded by two encoders in four audits", embedded.total(), crops, form="d", equal=True),
    ]
