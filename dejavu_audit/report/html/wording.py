"""The finding in plain words: for a reader who knows neither encoders nor intervals, and must not be misled."""

from __future__ import annotations

from typing import NamedTuple

from dejavu_audit.report.html.figures import in_hundred
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.verdict import finding, model_name

ALARM, CALM, DOUBT, NONE = "alarm", "calm", "doubt", "none"
"""How a finding is coloured: memorization, no sign of it, a result that cannot be trusted as it stands, no result."""


class Words(NamedTuple):
    """The finding."""

    chip: str
    """As the verdict in audit.json begins."""
    tone: str
    title: str
    """One sentence."""
    more: str
    """One or two further ones, with the number."""


class _Test(NamedTuple):
    """What a test does, in words."""

    shown: str
    gives: str
    explains: str
    knows: str
    unit: str


_LABEL = _Test(
    "Shown only the background of a picture that it was trained on",
    "the model gives away what stood in front of it",
    "the background alone explains",
    "what stands in front of a background",
    "pictures",
)
_OBJECTS = _Test(
    "Given only the caption of a picture that it was trained on",
    "the model gives away what was on it",
    "the caption alone explains",
    "what is on a picture with a given caption",
    "captions",
)


def words(material: Material) -> Words:
    """What was found, in words."""
    record = material.record
    found = finding(record.headline)
    standing = record.membership.standing
    suspect = record.balance is not None and record.balance.failed is True
    if record.matching is not None and record.matching.after is not None:
        suspect = record.matching.after.failed is True
    chip = record.verdict.partition(":")[0] if ":" in record.verdict[:80] else found.capitalize()
    test = _LABEL if material.label else _OBJECTS
    if found == "not measured":
        return Words(chip, NONE, "Nothing could be measured.", "No training picture could be judged; see below why.")
    if standing == "contradicted":
        more = _contradicted(material)
    else:
        more = _symmetric(material, test, found) if material.symmetric else _number(material, test, found)
    tone, title = _title(found, standing, symmetric=material.symmetric)
    if suspect and found in ("memorizes", "not shown"):
        tone = DOUBT
        title = "The result cannot be relied on as it stands: the comparison is not a fair one."
        more = f"The control pictures, which the model never saw, are not drawn like the tested ones. {more}"
    return Words(chip, tone, title, more)


def _title(found: str, standing: str | None, *, symmetric: bool) -> tuple[str, str]:
    if standing == "contradicted":
        return DOUBT if found != "not shown" else CALM, {
            "not shown": "Nothing was found, and nothing was there to be found.",
        }.get(found, "The result contradicts what is known of the training data.")
    if found == "reversed":
        return DOUBT, "The result is the wrong way round, and needs to be looked into."
    if found == "uncalibrated":
        return DOUBT, "Without pictures that the model never saw, memory cannot be told from skill."
    who = "These models have" if symmetric else "This model has"
    behaves = "These models behave as if they had" if symmetric else "This model behaves as if it had"
    if found == "memorizes":
        if standing == "unknown":
            return ALARM, f"{behaves} memorized pictures of its training data.".replace(
                "its", "their" if symmetric else "its"
            )
        return ALARM, f"{who} memorized individual pictures of {'their' if symmetric else 'its'} training data."
    return CALM, "No memorization of individual training pictures was shown."


def _number(material: Material, test: _Test, found: str) -> str:
    """The number in words; it was measured."""
    headline = material.record.headline
    estimate, low, high = headline.estimate or 0.0, headline.low or 0.0, headline.high or 0.0
    one, two, three, of = in_hundred(estimate, low, high)
    sure = f"{100 * headline.level:g} % confidence"
    if found == "memorizes":
        return (
            f"{test.shown}, {test.gives} for about {one} in {of} {test.unit} more than {test.explains}: {two} to "
            f"{three} in {of}, with {sure}."
        )
    if found == "not shown":
        rest = f"up to {three} in {of} {test.unit} cannot be ruled out" if high > 0 else "more is ruled out"
        return (
            f"{test.shown}, {test.gives} no more surely than for pictures that it never saw. Memorization of {rest}, "
            f"with {sure}."
        )
    if found == "reversed":
        return (
            f"The model does worse on the pictures that it was trained on than on those that it never saw, by {one} "
            f"in {of}. Were the two sets exchanged?"
        )
    return (
        f"{test.shown}, {test.gives} for {one} in {of} {test.unit} more than a reference model does ({two} to {three}, "
        f"with {sure}). A part of that, or all, may be that it is the better model."
    )


def _symmetric(material: Material, test: _Test, found: str) -> str:
    one, sure = _figures(material)
    surely = {"memorizes": f"for {one} {test.unit} more", "not shown": "no more surely"}.get(found, "less surely")
    number = "" if found == "memorizes" else f"{one} {test.unit} more, "
    return (
        "Each of two models was asked about its own training pictures and about the other’s. On average each knows "
        f"{test.knows} {surely} where it was trained on them ({number}{sure})."
    )


def _contradicted(material: Material) -> str:
    """What is known against the audit's assumption, and what the test found all the same."""
    known = material.record.membership
    against = [one.why for one in (known.target, known.control) if one is not None and one.status == "contradicted"]
    why = f"{against[0][0].upper()}{against[0][1:]}. " if against else ""
    one, sure = _figures(material)
    return (
        f"{why}The test found {one} pictures more than is explained otherwise ({sure}), which says nothing of memory."
    )


def _figures(material: Material) -> tuple[str, str]:
    """The number as "43 in 100", and "37 to 49 in 100, with 95 % confidence"."""
    headline = material.record.headline
    one, two, three, of = in_hundred(headline.estimate or 0.0, headline.low or 0.0, headline.high or 0.0)
    return f"{one} in {of}", f"{two} to {three} in {of}, with {100 * headline.level:g} % confidence"


def name_of(material: Material) -> str:
    """How the audited model is called."""
    model = material.record.model
    return model_name(model.family, model.name)
