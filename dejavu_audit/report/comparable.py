"""Can two runs be compared, and what is not the same in both? What no comparison can bear is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dejavu_audit.errors import AuditError
from dejavu_audit.report.comparison_record import SettingRecord
from dejavu_audit.report.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dejavu_audit.report.reading import Run
    from dejavu_audit.report.record import AuditRecord

_ENCODER = ("layer", "normalize", "image_size", "mean", "std", "precision", "device", "jpeg_draft")
"""How the encoder looks at pictures: part of what is compared. Family, model and weights stand elsewhere."""
_REFERENCE = ("baseline", "baseline_model", "baseline_options", "reference")
_CROP = ("crop", "min_side", "corner", "corner_fraction")
_NO_MATTER = frozenset(
    {"family", "model", "pretrained", "arch", "data", "data_options", "test", "root", "out", "cache_dir", "workers",
     "batch_size", "images", "utility"}
)  # fmt: skip
"""Said elsewhere, refused, or without a say in the numbers."""
_MARK = {True: "yes", False: "no", None: "default"}


def refuse_incomparable(runs: Sequence[Run], names: Sequence[str]) -> None:
    """AuditError where two runs are of other data, of another test, or of the two-model test in both directions."""
    one, two = (run.record for run in runs)
    if one.data.name != two.data.name or one.data.classes != two.data.classes:
        raise AuditError(
            f"{names[0]} is on the data {one.data.name} with {one.data.classes:,} classes and {names[1]} on "
            f"{two.data.name} with {two.data.classes:,}; compare runs on the same data"
        )
    options = [record.config.get("data_options") or {} for record in (one, two)]
    for key in sorted({*options[0], *options[1]}):
        if options[0].get(key) != options[1].get(key):
            told = [f"--data-option {key}={of[key]}" if key in of else f"no --data-option {key}" for of in options]
            raise AuditError(
                f"{names[0]} has {told[0]} and {names[1]} has {told[1]}, so their data differ; compare runs on the "
                "same data"
            )
    for run, name in zip(runs, names, strict=True):
        if run.record.headline.metric.endswith("_symmetric"):
            raise AuditError(
                f"{name} is the two-model test in both directions, whose numbers are of two encoders at once; compare "
                "audits of one encoder each, without --reference-members"
            )


def settings_that_differ(old: AuditRecord, new: AuditRecord) -> list[SettingRecord]:
    """What is not the same in both, those of the encoder first."""
    return sorted(_differences(old, new), key=lambda one: one.concerns != "encoder")


def _differences(old: AuditRecord, new: AuditRecord) -> Iterator[SettingRecord]:
    for name in [*old.config, *(name for name in new.config if name not in old.config)]:
        if name not in _NO_MATTER:
            concerns = "encoder" if name in _ENCODER else "measurement"
            yield from _unlike("--" + name.replace("_", "-"), old.config.get(name), new.config.get(name), concerns)
    if all(old.config.get(name) == new.config.get(name) for name in _REFERENCE):  # it is said in short then
        yield from _unlike("fitted reference", _static(old.reference), _static(new.reference), "measurement")
    counts: list[dict[Any, int]] = [old.data.counts, new.data.counts]
    for name in ("public", "fit"):
        yield from _unlike(f"{name} pictures", counts[0].get(name), counts[1].get(name), "measurement")
    yield from _unlike("version of the method", old.method_version, new.method_version, "measurement")


def _unlike(name: str, old: Any, new: Any, concerns: Any) -> Iterator[SettingRecord]:
    if old != new:
        yield SettingRecord(name=name, old=_told(old), new=_told(new), concerns=concerns)


def _static(reference: Mapping[str, Any]) -> dict[str, Any]:
    """What a reference is, less how its fit went."""
    return {key: value for key, value in reference.items() if key != "folds"}


def _told(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return _MARK[value]
    if isinstance(value, dict):
        return plain(", ".join(f"{key}={_told(of)}" for key, of in value.items()) or "none", 200)
    if isinstance(value, (list, tuple)):
        return plain(", ".join(map(_told, value)) or "none", 200)
    return plain(f"{value:,}" if isinstance(value, int) else value, 200)


def warnings_of(
    old: AuditRecord,
    new: AuditRecord,
    differences: Sequence[SettingRecord],
    sizes: Mapping[str, tuple[int, int, int]],
    *,
    weighed_alike: bool,
) -> Iterator[str]:
    """Why a change may be owed to something other than the encoder.

    `sizes`: set -> samples of the old run, of the new one, and of both; `weighed_alike`: whether the common control
    samples have the same weights in both.
    """
    told = {one.name: one for one in differences if one.concerns == "measurement"}
    groups = {
        "The reference is not the same": [*(_flag(name) for name in _REFERENCE), "fitted reference"],
        "The background crops are not the same": [_flag(name) for name in _CROP],
        "The number of neighbours is not the same": ["--k"],
    }
    for said, names in groups.items():
        here = [told.pop(name) for name in names if name in told]
        if here:
            yield f"{said} ({_listed(here)}): a change may be owed to that, not to the encoder."
    if told:
        yield f"Other settings that may move the number differ: {_listed(list(told.values()))}."
    if old.headline.calibrated != new.headline.calibrated:
        yield (
            "Only one of the runs has a control, so that only the targets are compared: a change in the encoder's "
            "skill cannot be told from one in what it remembers."
        )
    for name, (first, second, both) in sizes.items():
        if both < max(first, second):
            what = {"target": "targets", "control": "control samples"}[name]
            yield (
                f"The runs have {both:,} {what} in common, of {first:,} and {second:,}: only these are compared, and "
                "the numbers below are of them alone."
            )
    if not weighed_alike:
        yield "The control is weighed differently in the two runs; both are compared with the weights of the first."


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _listed(settings: Sequence[SettingRecord]) -> str:
    short = [f"{one.name} {plain(one.old, 40)} against {plain(one.new, 40)}" for one in settings[:5]]
    more = len(settings) - len(short)
    return ", ".join(short) + (f" and {more} more" if more else "")
