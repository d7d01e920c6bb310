"""junit.xml: a gate as the one test report that every CI system reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Tree

if TYPE_CHECKING:
    from dejavu_audit.gate.record import GateRecord, LimitRecord, Verdict

JUNIT = "junit.xml"
"""The file in the run folder."""
SUITE = "dejavu-audit gate"
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, escaped or not."""


def junit(record: GateRecord) -> str:
    """The record as one test suite: a test case for every limit and every requirement.

    A limit that is exceeded and a requirement that is not met are a `failure`. An undecided limit is an `error`: the
    test came to no answer, and every CI system shows that with its message and counts it as not passed, whereas
    `skipped` is shown by none of them with its reason and leaves a Jenkins build green. Only where the gate passes all
    the same, as with `inconclusive = "pass"`, it is `skipped`, so that the report does not fail a job that ended in 0.

    Figures are properties of the suite: the common schema has none in a test case.
    """
    suite = Tree.Element("testsuite", {"name": SUITE})
    _properties(suite, record)
    undecided: str = "skipped" if record.verdict == "pass" else "error"
    for limit in record.limits:
        outcome = {"pass": None, "fail": "failure", "inconclusive": undecided}[limit.verdict]
        _case(suite, "limits", _name(limit), limit.sentence, outcome, limit.verdict)
    for one in record.requirements:
        _case(suite, "requirements", one.name, one.sentence, None if one.met else "failure", "fail")
    suite.set("tests", str(len(suite.findall("testcase"))))
    for counted, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(counted, str(len(suite.findall(f"testcase/{outcome}"))))
    suite.set("time", "0")
    whole = Tree.Element("testsuites")
    whole.append(suite)
    Tree.indent(whole)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(whole, encoding="unicode") + "\n"


def _case(suite: Tree.Element, kind: str, name: str, sentence: str, outcome: str | None, verdict: Verdict) -> None:
    case = Tree.SubElement(suite, "testcase", {"name": _clean(name), "classname": f"dejavu-audit.{kind}", "time": "0"})
    if outcome is None:
        Tree.SubElement(case, "system-out").text = _clean(sentence)
        return
    said = {"message": _clean(sentence)} | ({} if outcome == "skipped" else {"type": verdict})
    Tree.SubElement(case, outcome, said).text = _clean(sentence)


def _name(limit: LimitRecord) -> str:
    """What the limit asks; as long as it stays the same, CI systems follow the test case from build to build."""
    asked = "is at most" if limit.kind == "max" else "rises by at most"
    bound = f"{100 * limit.limit:.10g} %" if limit.unit == "share" else f"{limit.limit:.10g}"
    return f"{limit.score} {asked} {bound}"


def _properties(suite: Tree.Element, record: GateRecord) -> None:
    """The verdict, and the figures of every limit by its number and score; what is not measured is left out."""
    told: dict[str, object] = {
        "verdict": record.verdict,
        "sentence": record.sentence,
        "level": record.level,
        "family": record.family,
        "run": record.run,
        "baseline": record.baseline,
        "looks": len(record.stages) or None,
    }
    for place, limit in enumerate(record.limits, 1):
        for field in ("score", "kind", "limit", "unit", "estimate", "low", "high", "level", "n", "verdict", "needed"):
            told[f"limit.{place}.{field}"] = getattr(limit, field)
    properties = Tree.SubElement(suite, "properties")
    for name, value in told.items():
        if value is not None:
            Tree.SubElement(properties, "property", {"name": name, "value": _clean(str(value))})


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)
