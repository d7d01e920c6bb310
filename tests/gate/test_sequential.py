"""The growing gate: its looks, when it ends, and what it records; once for real, on the sample memorizer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.config import AuditConfig
from dejavu_audit.gate import sequential
from dejavu_audit.gate.limits import Limit, Rules
from dejavu_audit.gate.spending import spend
from dejavu_audit.progress import Silent
from dejavu_audit.report.folder import default_folder
from dejavu_audit.samples import AUDIT, CHECKPOINTS
from tests.gate.gate_records import gate_record, limit, requirement

CONFIG = AuditConfig(family="timm", model="test_resnet", data="scenes", level=0.9)


class Told(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)


def rules(most: int | None, tmp_path) -> Rules:
    return Rules((Limit("headline", "max", 0.02),), tmp_path / "none.parquet", max_targets=most)


@pytest.fixture
def looked(tmp_path, monkeypatch):
    """Grow with made-up data and verdicts; the configurations audited, what was judged, the end, and what was said."""
    monkeypatch.chdir(tmp_path)

    def grow(verdicts: list[Any], *, most: int = 800, targets: int = 800, control: int = 800, config=CONFIG):
        names = ["target"] * targets + ["control"] * control + ["public"] * 5
        ids = [f"p{at}" for at in range(len(names))]
        table = pa.table({"id": ids, "set": names, "fold": pa.array([0] * len(names), pa.int8())})
        asked_for, judged, told, left = [], [], Told(), list(verdicts)

        def audited(asked, progress, *, again):
            asked_for.append(asked)
            sizes = sequential.sizes_in(table if asked.split is None else pq.read_table(asked.split))
            counts = {"target": sizes[0] - 1, "control": sizes[1]}
            model = SimpleNamespace(family="timm", name="test_resnet")
            record = SimpleNamespace(data=SimpleNamespace(counts=counts), model=model)
            return SimpleNamespace(record=record, samples=None, path=tmp_path / str(len(asked_for)))

        def judge(run, rules, *, level, baseline):
            judged.append((run.path, level, baseline))
            verdict = left.pop(0)
            return verdict if not isinstance(verdict, str) else gate_record(limit(verdict=verdict), verdict=verdict)

        monkeypatch.setattr(sequential, "_drawn", lambda whole: table)
        monkeypatch.setattr(sequential, "audited", audited)
        monkeypatch.setattr(sequential, "judge", judge)
        result, record = sequential.grow(config, rules(most, tmp_path), None, told)
        return SimpleNamespace(
            audited=asked_for, judged=judged, result=result, record=record, told=told.lines, left=left
        )

    return grow


def test_it_doubles_until_it_is_decided(looked):
    found = looked(["inconclusive", "inconclusive", "fail", "unused"])
    assert found.left == ["unused"]
    assert [stage.targets for stage in found.record.stages] == [99, 199, 399]  # one was set aside at each look
    assert [stage.control for stage in found.record.stages] == [100, 200, 400]
    assert [stage.verdict for stage in found.record.stages] == ["inconclusive", "inconclusive", "fail"]
    shares = spend((100, 200, 400, 800), 1 - 0.9)
    assert [stage.level for stage in found.record.stages] == pytest.approx([1 - share for share in shares[:3]])
    assert [level for _, level, _ in found.judged] == [stage.level for stage in found.record.stages]
    assert found.record.verdict == "fail" and found.record.level == 0.9
    assert found.record.family.startswith("Up to 4 looks") and "This is look 3. one limit" in found.record.family
    assert "with 90 % confidence" in found.record.sentence
    assert found.result.folder == found.judged[-1][0]
    assert found.told[0].startswith("Look 1 of 4 at most: 100 targets, 100 control, intervals of 99.")
    assert found.told[1] == "Look 1: undecided (deja_vu_top1); next, 200 targets"
    assert len(found.told) == 5


def test_each_look_holds_the_one_before_and_the_last_is_the_audit_by_hand(looked):
    found = looked(["inconclusive"] * 4, control=1_600)
    *early, last = found.audited
    parts = [pq.read_table(asked.split).to_pylist() for asked in early]
    chosen = [{(row["id"], row["set"]) for row in part} for part in parts]
    assert chosen[0] < chosen[1] < chosen[2]
    assert [sequential.sizes_in(pa.Table.from_pylist(part)) for part in parts] == [(100, 200), (200, 400), (400, 800)]
    assert last == CONFIG.model_copy(update={"targets": 800})
    assert len({asked.hash() for asked in found.audited}) == 4
    assert found.record.verdict == "inconclusive" and len(found.record.stages) == 4


def test_a_clear_case_takes_one_look(looked):
    found = looked(["pass"])
    assert found.record.verdict == "pass" and len(found.record.stages) == 1
    assert found.record.level == 0.9 and found.record.stages[0].level > 0.99


def test_the_end_of_the_data_is_said(looked):
    found = looked(["inconclusive", "inconclusive", "pass"], most=5_000, targets=400, control=40)
    assert found.told[0] == "the data end before max_targets = 5,000: the last look is at their 400 targets"
    assert [stage.targets for stage in found.record.stages] == [99, 199, 399]
    assert [stage.control for stage in found.record.stages] == [40, 40, 40]
    assert found.audited[-1].split is None


def test_a_list_of_the_users_own_may_hold_more_than_is_wanted(looked):
    found = looked(["inconclusive", "pass"], most=300, targets=900, config=CONFIG.model_copy(update={"targets": 70}))
    assert found.told[0] == "targets = 70 does not count: the sample grows up to max_targets = 300"
    assert [sequential.sizes_in(pq.read_table(asked.split)) for asked in found.audited] == [(150, 150), (300, 300)]


def test_too_few_for_two_looks_is_one_at_the_level_asked_for(looked):
    found = looked(["pass"], most=150, targets=150)
    assert found.judged[0][1] == pytest.approx(0.9) and found.record.family == "one limit"
    assert len(found.record.stages) == 1


def test_without_a_most_it_does_not_grow(tmp_path):
    with pytest.raises(ValueError, match="max_targets"):
        sequential.grow(CONFIG, rules(None, tmp_path), None, Silent())


@pytest.mark.parametrize(
    ("record", "ends"),
    [
        (gate_record(limit(), limit("b"), verdict="pass"), True),
        (gate_record(limit(), limit("b", "inconclusive"), verdict="inconclusive"), False),
        (gate_record(limit("a", "fail"), limit("b", "inconclusive"), verdict="fail"), True),
        # What is not met yet may be met by more samples, but for a control where there is none.
        (gate_record(limit(), verdict="fail", requirements=[requirement("targets", met=False)]), False),
        (gate_record(limit(), verdict="fail", requirements=[requirement("balanced", met=False)]), False),
        (gate_record(limit(), verdict="fail", requirements=[requirement("calibrated", met=False)]), True),
        (gate_record(limit(), verdict="pass", requirements=[requirement("calibrated", met=True)]), True),
        # Few listed among few targets are no promise for more; too many are too many.
        (gate_record(limit("memorized", unit="samples", limit=5), verdict="pass"), False),
        (gate_record(limit("memorized", "fail", unit="samples", limit=5), verdict="fail"), True),
    ],
)
def test_what_ends_it(record, ends):
    assert sequential.ends(record) is ends


def test_for_real(tmp_path, monkeypatch):
    """The sample memorizer, up to 300 targets, about 43 of 100 memorized: at a close limit, and at a clear one."""
    monkeypatch.chdir(tmp_path)
    options = {"public": "300", "control": "160", "fit": "150"}
    told = {
        **AUDIT,
        "k": 10,
        "data_options": options,
        "workers": 0,
        "cache_dir": str(tmp_path / "cache"),
        "images": False,
    }
    config = AuditConfig.resolve(family="timm", model="test_resnet", pretrained=str(CHECKPOINTS["memorizer"]), **told)
    close = Rules((Limit("headline", "max", 0.25),), tmp_path / "none.parquet", max_targets=300)
    result, record = sequential.grow(config, close, None, Silent())
    assert record.verdict == "inconclusive" and [stage.targets for stage in record.stages] == [150, 300]
    assert record.limits[0].needed > 300 and record.level == 0.95 < record.limits[0].level == record.stages[1].level
    # Of the second look, the first look's pictures are not embedded again, nor any public one.
    views = {view["crop"]: view for view in result.record.timings["views"] if view["featurizer"] == "test_resnet"}
    assert views["full"]["embedded"] == 0
    crops = views["largest-over-24"]
    assert crops["cached"] == 150 + 150 and crops["embedded"] == 150 + 10  # control: 150 of 160, in the first look
    assert result.folder == default_folder(config.model_copy(update={"targets": 300}))  # an audit's by hand

    # A clear limit needs the first look alone, which is there and is judged as it is.
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").glob("*/audit.json")}
    result, record = sequential.grow(config, rules(300, tmp_path), None, Silent())
    assert record.verdict == "fail" and [stage.targets for stage in record.stages] == [150]
    assert result.folder.parent.name == "runs" and record.run == result.folder.name
    assert before == {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").glob("*/audit.json")}
