"""How sure the answer of a planned audit will be: widths, what can be detected, and the samples that a wish needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.errors import AuditError
from dejavu_audit.inference.control import group_numbers
from dejavu_audit.planning.pilot import read_pilot
from dejavu_audit.report.plan_record import ListRecord, NeedRecord, RateRecord, SizesRecord, SurenessRecord
from dejavu_audit.scores import power
from dejavu_audit.scores.conformal import reach
from dejavu_audit.scores.membership import RATES
from dejavu_audit.scores.outcomes import GUESSES, Outcomes, Sizes

if TYPE_CHECKING:
    from dejavu_audit.planning.wishes import Wishes
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Rows


def planned_sizes(plan: Plan, lost: float) -> Sizes:
    """The samples that will be judged if the share `lost` of them has to be set aside."""
    split = plan.split
    return Sizes(
        targets=round(len(split.targets) * (1 - lost)),
        control=round(len(split.control) * (1 - lost)),
        target_design=_design(plan, split.targets),
        control_design=_design(plan, split.control),
        symmetric=plan.symmetric,
    )


def _design(plan: Plan, rows: Rows) -> float:
    """Design effect of the groups, as if the samples of each agreed (Kish): n sum(m^2) / n^2."""
    groups = group_numbers(plan.dataset, rows) if len(rows) else None
    return 1.0 if groups is None else float((np.bincount(groups).astype(float) ** 2).sum() / len(rows))


def assumptions(wishes: Wishes, test: str, level: float) -> list[tuple[str, str, Outcomes]]:
    """Name, basis and outcomes of a typical and a cautious case; AuditError for a pilot that cannot be one."""
    if wishes.pilot is not None:
        pilot = read_pilot(wishes.pilot, test)
        basis = f"{pilot.n:,} {pilot.where} samples of {pilot.path}"
        return [
            ("typical", f"as in {basis}", pilot.outcomes),
            ("cautious", f"at the upper end for {basis}", pilot.cautious(level)),
        ]
    if wishes.expect_accuracy is not None:
        if test != "label":
            raise AuditError(
                "--expect-accuracy is the share of classes that are told right, and this is the object test; "
                "name an earlier run of it with --pilot"
            )
        f, g = wishes.expect_accuracy
        said = f"accuracies {f:g} and {g:g}, right"
        return [
            (
                "typical",
                f"{said} together halfway between independently and as often as can be",
                Outcomes.of_accuracies(f, g, 0.5),
            ),
            ("cautious", f"{said} independently", Outcomes.of_accuracies(f, g)),
        ]
    return [
        (name, "a guess; give --pilot or --expect-accuracy for a better one", Outcomes.discordant(share))
        if test == "label"
        else (name, "a guess; give --pilot for a better one", Outcomes.discordant(share))
        for name, share in GUESSES[test].items()
    ]


def sureness(name: str, basis: str, base: Outcomes, sizes: Sizes, wishes: Wishes, level: float) -> SurenessRecord:
    """What one assumption means; AuditError for a width that no number of samples reaches."""
    for_width = for_limit = passes = None
    truth = wishes.truth
    if wishes.width is not None:
        width = wishes.width

        def of_width(fixed: str | None) -> Sizes | None:
            return power.needed_for_width(base, width, like=sizes, fixed=fixed, level=level)

        equal = of_width(None)
        if equal is None:
            raise AuditError(
                f"--width {width:g} cannot be reached: an interval so narrow needs more than {power.MOST:,} samples; "
                "ask for a wider one"
            )
        for_width = _need(equal, of_width("control") if sizes.control else None)
    if wishes.limit is not None and truth is not None:
        limit, effect = wishes.limit, min(truth, base.most)

        def of_limit(fixed: str | None) -> Sizes | None:
            return power.needed_for_limit(
                base, limit, effect=effect, like=sizes, fixed=fixed, chance=wishes.power, level=level
            )

        passes = float(power.pass_chance(base, sizes, effect, limit=limit, level=level))
        for_limit = _need(of_limit(None), of_limit("control") if sizes.control else None)
    return SurenessRecord(
        assumption=name,
        basis=basis,
        discordance=base.discordance,
        gap=base.gap,
        half_width=power.half_width(base, sizes, level=level),
        detectable=power.detectable(base, sizes, chance=wishes.power, level=level),
        for_width=for_width,
        passes=passes,
        for_limit=for_limit,
    )


def _need(equal: Sizes | None, with_control: Sizes | None) -> NeedRecord:
    return NeedRecord(equal=_record(equal), with_this_control=_record(with_control))


def _record(sizes: Sizes | None) -> SizesRecord | None:
    return None if sizes is None else SizesRecord(targets=round(sizes.targets), control=round(sizes.control))


def memorized_list(sizes: Sizes, q: float) -> ListRecord | None:
    """Whether the list of memorized samples can have an entry; None without a control."""
    if not sizes.control or not sizes.targets:
        return None
    can = reach(round(sizes.targets), q, sizes.control)
    return ListRecord(
        q=q,
        possible=can.possible,
        targets_needed=can.targets_needed,
        control_needed=power.control_for_list(q),
        control_for_one=can.control_needed,
    )


def rates(sizes: Sizes) -> list[RateRecord]:
    """At which false-positive rates a true-positive rate can be told."""
    return [
        RateRecord(rate=rate, control_needed=(need := power.control_for_rate(rate)), measurable=sizes.control >= need)
        for rate in RATES
    ]
