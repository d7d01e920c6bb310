"""Photographs through the inspection and the check: saved alike they pass, saved otherwise they do not."""

from __future__ import annotations

import json

import numpy as np
import pytest
import skimage.data
from PIL import Image

from dejavu_audit.balance.checking import check
from dejavu_audit.balance.features import gather
from dejavu_audit.config import AuditConfig
from dejavu_audit.data.loading import load_dataset
from dejavu_audit.inspection.inspecting import inspect
from dejavu_audit.inspection.statistics import STATISTICS
from dejavu_audit.progress import Silent
from dejavu_audit.report.balance_record import balance_record
from dejavu_audit.report.balance_words import caveat

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
EACH = 60


@pytest.fixture(scope="module")
def photographs():
    return [getattr(skimage.data, name)() for name in PHOTOGRAPHS]


def looked_at(folder, photographs, qualities):
    """Patches of photographs, the first half targets, with a JPEG quality for each half; their features."""
    rng, lines = np.random.default_rng(0), []
    for number in range(2 * EACH):
        whole = photographs[rng.integers(len(photographs))]
        side = int(rng.integers(90, 160))
        y, x = (int(rng.integers(0, size - side)) for size in whole.shape[:2])
        quality = qualities[number // EACH] if isinstance(qualities, tuple) else int(rng.choice(qualities))
        Image.fromarray(whole[y : y + side, x : x + side]).save(folder / f"{number}.jpg", quality=quality)
        lines.append(json.dumps({"path": f"{number}.jpg", "label": str(number % 4), "boxes": [[0, 0, 9, 9]]}))
    (folder / "m.jsonl").write_text("\n".join(lines))
    (folder / "d.toml").write_text('name = "patches"\nmanifest = "m.jsonl"\n')
    dataset = load_dataset(AuditConfig.resolve(family="timm", model="x", data=str(folder / "d.toml")))
    looks = inspect(dataset, np.arange(2 * EACH), folder / "cache", workers=0, progress=Silent())
    return gather(looks=looks.table, statistics=STATISTICS), np.arange(2 * EACH) < EACH


def test_patches_that_are_saved_alike_pass(tmp_path, photographs):
    features, targets = looked_at(tmp_path, photographs, [75, 85, 95])
    assert {"JPEG quality", "picture width", "file size", "pixel statistics", "picture layout"} <= set(features)
    found = check(features, targets)
    assert found.failed is False
    assert found.untested == {"file format": "the same in every sample", "picture aspect": "the same in every sample"}


def test_patches_that_are_saved_otherwise_fail_by_their_quality(tmp_path, photographs):
    features, targets = looked_at(tmp_path, photographs, (75, 92))
    record = balance_record(check(features, targets))
    assert record.failed
    assert "JPEG quality (median 75 against 92)" in caveat(record)
    size = next(one for one in record.features if one.name == "file size")
    assert size.differs
    assert size.targets.median < size.control.median


def test_what_is_forged_in_the_header_alone_is_still_seen_in_the_pixels(tmp_path, photographs):
    features, targets = looked_at(tmp_path, photographs, (8, 92))
    found = check({"pixel statistics": features["pixel statistics"]}, targets)
    assert found.failed
