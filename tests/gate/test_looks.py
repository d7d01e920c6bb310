"""The looks' samples: nested, everything else the same, and named by what they hold."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.config import AuditConfig
from dejavu_audit.gate.looks import control_of, largest, look_config, part_of, sizes_in

CONFIG = AuditConfig(family="timm", model="test_resnet", data="scenes")


def table(targets: int, control: int, public: int = 7, fit: int = 5) -> pa.Table:
    names = ["target"] * targets + ["control"] * control + ["public"] * public + ["fit"] * fit
    order = np.random.default_rng(0).permutation(len(names))
    return pa.table(
        {
            "id": [f"p{at}" for at in range(len(names))],
            "set": [names[at] for at in order],
            "fold": pa.array([0] * len(names), pa.int8()),
        }
    )


def ids(part: pa.Table, name: str) -> set[str]:
    return {row["id"] for row in part.to_pylist() if row["set"] == name}


@settings(deadline=None)
@given(st.integers(0, 3), st.lists(st.integers(1, 40), min_size=2, max_size=2, unique=True).map(sorted))
def test_a_larger_part_holds_the_smaller(seed, sizes):
    whole = table(40, 60)
    small, large = (part_of(whole, size, size + 5, seed) for size in sizes)
    for name in ("target", "control"):
        assert ids(small, name) < ids(large, name) <= ids(whole, name)
    for part, size in zip((small, large), sizes, strict=True):
        assert sizes_in(part) == (size, size + 5)
        assert ids(part, "public") == ids(whole, "public") and ids(part, "fit") == ids(whole, "fit")
    assert part_of(whole, 40, 60, seed).equals(whole)


def test_the_seed_decides_which():
    whole = table(40, 60)
    assert part_of(whole, 10, 10, 0).equals(part_of(whole, 10, 10, 0))
    assert not part_of(whole, 10, 10, 0).equals(part_of(whole, 10, 10, 1))
    assert sizes_in(table(3, 0)) == (3, 0)


@pytest.mark.parametrize(
    ("targets", "every", "control"),
    [
        (150, (300, 1_500), 750),  # in proportion
        (100, (800, 400), 100),  # in proportion 50: as many as the targets
        (400, (800, 300), 300),  # as many as the targets are not there
        (800, (800, 300), 300),
        (100, (800, 0), 0),
        (101, (300, 1_000), 337),  # 336.7, rounded up
    ],
)
def test_control_by_hand(targets, every, control):
    assert control_of(targets, every) == control


@pytest.mark.parametrize(
    ("asked", "most", "control"),
    [
        ({}, 2_000, None),  # the preset's, as in an audit of 2,000 targets
        ({}, 40_000, 40_000),
        ({"control": 500}, 40_000, 500),
        ({"control": 0}, 40_000, 0),
        ({"preset": "full"}, 40_000, None),
        ({"preset": "quick", "targets": 70}, 4_000, 4_000),
    ],
)
def test_the_largest_audit(asked, most, control):
    config = largest(CONFIG.model_copy(update=asked), most)
    assert (config.targets, config.control, config.out) == (most, control, None)


def test_a_look_is_the_same_audit_of_a_list_that_its_name_tells(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = table(40, 60)
    config = CONFIG.model_copy(update={"targets": 40, "public": 7, "control": 60, "fit": 5})
    one, again, other = (look_config(config, part_of(whole, size, size, 0)) for size in (10, 10, 20))
    assert one == again != other and one.hash() != other.hash()
    assert one.split is not None and one.split.startswith("runs/looks/10-") and (tmp_path / one.split).is_file()
    assert one.model_copy(update={"split": None}) == CONFIG
    assert look_config(config, part_of(whole, 10, 10, 1)).split != one.split


def test_looks_lie_in_the_folder_that_was_asked_for(tmp_path):
    out = tmp_path / "gate"
    config = CONFIG.model_copy(update={"out": str(out), "control": 0})
    look = look_config(config, part_of(table(40, 0), 10, 0, 0))
    assert look.out == str(out / "10") and look.split is not None and look.split.startswith(str(out / "looks"))
    assert look.control == 0 and largest(config, 40).out == str(out / "40")
