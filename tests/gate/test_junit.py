"""junit.xml keeps to the schema that CI systems share, and holds whatever data may hold."""

from __future__ import annotations

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.gate.junit import junit
from tests.gate.gate_records import gate_record, limit, requirement

MIXED = gate_record(
    limit("deja_vu_top1", "pass"),
    limit("headline", "fail"),
    limit("memorized", "inconclusive", unit="samples", limit=5, estimate=None, low=None, high=None),
    limit("deja_vu_top1", "fail", kind="max_increase", limit=0.005),
    verdict="fail",
    requirements=[requirement("calibrated", met=True), requirement("balanced", met=False)],
)
# The schema of the Jenkins xunit plug-in, which the other systems' parsers agree with: elements, their attributes
# (True: must be there) and what they may hold.
SCHEMA: dict[str, tuple[dict[str, bool], set[str]]] = {
    "testsuites": ({"name": False, "time": False, "tests": False, "failures": False, "errors": False}, {"testsuite"}),
    "testsuite": (
        {"name": True, "tests": True, "failures": True, "errors": True, "skipped": False, "time": False},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": ({}, {"property"}),
    "property": ({"name": True, "value": True}, set()),
    "testcase": (
        {"name": True, "classname": True, "time": False},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "skipped": ({"message": False}, set()),
    "error": ({"message": False, "type": False}, set()),
    "failure": ({"message": False, "type": False}, set()),
    "system-out": ({}, set()),
}


def keeps_to_the_schema(node: ElementTree.Element) -> bool:
    attributes, children = SCHEMA[node.tag]
    assert set(node.attrib) <= set(attributes), node.tag
    assert {name for name, needed in attributes.items() if needed} <= set(node.attrib), node.tag
    assert {child.tag for child in node} <= children, node.tag
    return all(keeps_to_the_schema(child) for child in node)


def suite_of(record) -> ElementTree.Element:
    whole = ElementTree.fromstring(junit(record))
    assert whole.tag == "testsuites" and keeps_to_the_schema(whole)
    (suite,) = whole
    return suite


def test_every_limit_and_requirement_is_a_case_and_the_counts_are_those_of_the_cases():
    suite = suite_of(MIXED)
    cases = {case.get("name"): [child.tag for child in case] for case in suite.findall("testcase")}
    assert cases == {
        "deja_vu_top1 is at most 2 %": ["system-out"],
        "headline is at most 2 %": ["failure"],
        "memorized is at most 5": ["error"],
        "deja_vu_top1 rises by at most 0.5 %": ["failure"],
        "calibrated": ["system-out"],
        "balanced": ["failure"],
    }
    assert [suite.get(count) for count in ("tests", "failures", "errors", "skipped")] == ["6", "3", "1", "0"]


def test_an_undecided_limit_is_skipped_where_the_gate_passes_all_the_same():
    suite = suite_of(gate_record(limit(), limit("headline", "inconclusive"), verdict="pass"))
    assert [suite.get(count) for count in ("tests", "failures", "errors", "skipped")] == ["2", "0", "0", "1"]
    assert suite.find("testcase/skipped").get("message") == "headline was judged: inconclusive."


def test_figures_are_properties_and_what_is_not_measured_is_left_out():
    told = {one.get("name"): one.get("value") for one in suite_of(MIXED).iter("property")}
    assert told["verdict"] == "fail" and told["limit.2.score"] == "headline"
    assert [float(told[f"limit.2.{name}"]) for name in ("low", "high", "limit", "level")] == [0.03, 0.07, 0.02, 0.95]
    assert "limit.3.estimate" not in told and "limit.3.low" not in told and "baseline" not in told
    assert told["limit.3.unit"] == "samples"


def test_the_message_is_the_sentence():
    failure = suite_of(MIXED).find("testcase[@name='headline is at most 2 %']/failure")
    assert failure.get("message") == failure.text == "headline was judged: fail."


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_no_text_breaks_the_file(text):
    hostile = f"<b>&\x00\x1b\ud800\ufffe]]>'\"{text}"
    record = gate_record(limit(hostile, "fail", sentence=hostile), sentence=hostile, run=hostile, verdict="fail")
    told = junit(record)
    told.encode("utf-8")
    suite = suite_of(record)
    failure = suite.find("testcase/failure")
    assert failure.get("message").startswith("<b>&]]>'\"")
    assert [child.tag for child in failure] == []


@pytest.mark.parametrize(("bound", "said"), [(0.1, "10 %"), (0.0125, "1.25 %"), (0.07, "7 %"), (1e-7, "1e-05 %")])
def test_limits_are_said_without_noise_of_floating_point(bound, said):
    assert suite_of(gate_record(limit(limit=bound))).find("testcase").get("name") == f"deja_vu_top1 is at most {said}"
