"""Increases over a baseline: worked by hand, against a slow loop, and what cannot be compared."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.gate.baseline import baseline_of
from dejavu_audit.gate.increases import Pairing
from dejavu_audit.gate.outcomes import pairable
from dejavu_audit.report.judged import read_judged
from dejavu_audit.scores.intervals import mover, tango
from tests.gate.made_runs import outcomes, reseal, rewrite, write_outcomes
from tests.run_folders import write_run

PAIRS = {"memorized": (1, 0), "misrepresented": (0, 1), "correlated": (1, 1), "unassociated": (0, 0)}


def paired(new, old):
    run, judged = read_judged(new)
    return Pairing(run, judged, baseline_of(*read_judged(old), "b.parquet"))


def test_increase_by_hand(tmp_path):
    """Of 40 targets 5 become right and 2 wrong where the reference stays; of 40 control 1 becomes right.

    As the reference says the same, each set's difference is one of paired outcomes: Tango's intervals of (5, 2) and
    (1, 0) of 40, joined by MOVER.
    """
    old = write_outcomes(tmp_path / "old", outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32))
    targets, control = outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32)
    targets[12:17], targets[:2], control[39:] = [(1, 0)] * 5, [(0, 0)] * 2, [(1, 0)]
    new = write_outcomes(tmp_path / "new", targets, control)
    found = paired(new, old).increase("deja_vu_top1")
    score = found.at(0.95)
    low, high = mover(3 / 40, tango(5, 2, 40, 0.95), 1 / 40, tango(1, 0, 40, 0.95))
    assert (score.estimate, score.low, score.high) == pytest.approx((2 / 40, float(low), float(high)))
    assert (found.common, score.n) == ((40, 40), 80)
    of_model = paired(new, old).increase("accuracy_target_top1").at(0.95)
    low, high = tango(5, 2, 40, 0.95)
    assert (of_model.estimate, of_model.low, of_model.high) == pytest.approx((3 / 40, float(low), float(high)))


def test_run_against_itself_has_no_increase_and_an_interval_around_it(tmp_path):
    folder = write_outcomes(tmp_path / "run", outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32))
    score = paired(folder, folder).increase("deja_vu_top1").at(0.95)
    assert score.estimate == 0 and score.low == pytest.approx(-score.high) and 0 < score.high < 0.2


def test_where_the_reference_changed_too_a_difference_may_be_two(tmp_path):
    """From misrepresented (-1) to memorized (+1) is 2 points of one sample: 3 of 40 are 0.15, and less 1 of 40 (-2)."""
    old = write_outcomes(tmp_path / "old", outcomes(5, 8, 4, 23), outcomes(2, 2, 4, 32))
    targets = outcomes(5, 8, 4, 23)
    targets[5:8], targets[0] = [(1, 0)] * 3, (0, 1)
    new = write_outcomes(tmp_path / "new", targets, outcomes(2, 2, 4, 32))
    score = paired(new, old).increase("deja_vu_top1_targets").at(0.95)
    assert score.estimate == pytest.approx(3 * 2 / 40 - 2 / 40)
    assert -2 <= score.low < 0 < score.estimate < score.high <= 2


def slow_means(folder):
    """Set -> id -> the values that the scores of the object test are means of."""
    found = {"target": {}, "control": {}}
    for row in pq.read_table(folder / "samples.parquet").to_pylist():
        gaps = {name: row[f"target_{name}"] - row[f"reference_{name}"] for name in ("precision", "recall", "f1")}
        found[row["set"]][row["id"]] = {
            "ppg": float(np.sign(gaps["precision"])), "prg": float(np.sign(gaps["recall"])), "aucg": gaps["recall"],
            "f1_target": row["target_f1"], "correlated": float(row["part"] == "correlated"),
        }  # fmt: skip
    return found


def test_object_scores_as_a_loop_over_the_samples_finds_them(tmp_path):
    """Two encoders beside the same reference, the second on fewer samples."""
    old, new = write_run(tmp_path / "old", "objects"), write_run(tmp_path / "new", "objects", answers=5)
    data = pq.read_table(old / "samples.parquet")
    rewrite(new, objects=data["objects"], caption=data["caption"])
    table = pq.read_table(new / "samples.parquet")
    pq.write_table(table.take([*range(5, 60), *range(60, 80)]), new / "samples.parquet")
    reseal(new)
    before, now = slow_means(old), slow_means(new)
    pairing = paired(new, old)
    assert pairing.common() == (55, 20)

    def rise(name, where):
        return float(np.mean([now[where][one][name] - before[where][one][name] for one in now[where]]))

    for name in ("ppg", "prg", "aucg"):
        assert pairing.increase(name).at(0.95).estimate == pytest.approx(rise(name, "target") - rise(name, "control"))
        assert pairing.increase(f"{name}_control").at(0.95).estimate == pytest.approx(rise(name, "control"))
    assert pairing.increase("f1_target").at(0.95).estimate == pytest.approx(rise("f1_target", "target"))
    assert pairing.increase("correlated").at(0.95).estimate == pytest.approx(rise("correlated", "target"))


def test_clusters_are_taken_whole(tmp_path):
    """Ten copies of each sample say no more than one: the interval is as wide as that of a tenth of them, or wider."""
    targets = outcomes(60, 20, 40, 280)
    old = write_outcomes(tmp_path / "old", targets, outcomes(20, 20, 40, 320))
    targets = [(1, 0) if at % 20 < 10 and pair == (0, 0) else pair for at, pair in enumerate(targets)]
    new = write_outcomes(tmp_path / "new", targets, outcomes(20, 20, 40, 320))
    alone = paired(new, old).increase("accuracy_target_top1").at(0.95)
    rewrite(new, cluster=pa.array([at // 10 for at in range(800)], pa.int32()))
    whole = paired(new, old).increase("accuracy_target_top1").at(0.95)
    assert whole.estimate == alone.estimate
    assert whole.high - whole.low > 2.5 * (alone.high - alone.low)


def test_scores_that_are_no_means_over_the_same_samples_are_refused_with_those_that_are(tmp_path):
    folder = write_outcomes(tmp_path / "run", outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32))
    pairing = paired(folder, folder)
    with pytest.raises(AuditError, match=r"deja_vu_top1_confident20 is no mean.*the increase of one of deja_vu_top1,"):
        pairing.increase("deja_vu_top1_confident20")
    for key in pairable(read_judged(folder)[1]):
        assert pairing.increase(key).at(0.95).estimate == 0
    objects = write_run(tmp_path / "objects", "objects")
    with pytest.raises(AuditError, match="is no mean over the same samples"):
        paired(objects, objects).increase("gap_recall_top0_1pct_max_pred_gap")
    judged = read_judged(reseal(objects, config={"compat": "published"}))[1]
    assert "ppg" in pairable(judged) and "aucg" not in pairable(judged)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method_version": "0"}, "the method version was 1 and is 0"),
        ({"data": {"name": "imagenet"}}, "the data set was scenes and is imagenet"),
        ({"config": {"k": 50}}, "k was 10 and is 50"),
        ({"config": {"crop": "corner"}}, "crop was largest and is corner"),
        ({"config": {"test": "objects"}}, "test was label and is objects"),
        ({"reference": {"name": "naive-bayes"}}, "the reference was image-classifier and is naive-bayes"),
        ({"reference": {"weights": "abc"}}, r"the reference image-classifier has another weights \(none, now abc\)"),
    ],
)
def test_what_differs_is_named(tmp_path, changes, said):
    old = write_outcomes(tmp_path / "old", outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32))
    baseline = baseline_of(*read_judged(old), "b.parquet")
    run, judged = read_judged(old)
    changed = reseal(old, **changes)
    from dejavu_audit.report.reading import Run, read_record

    with pytest.raises(AuditError, match=rf"b.parquet cannot be compared with this run: {said}.*--update"):
        Pairing(Run(read_record(changed), run.samples, run.path), judged, baseline)


def test_what_does_not_matter_is_not_compared(tmp_path):
    old = write_outcomes(tmp_path / "old", outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32))
    baseline = baseline_of(*read_judged(old), "b.parquet")
    reseal(old, config={"model": "other", "seed": 7, "root": "elsewhere"}, model={"fingerprint": "x"},
           reference={"folds": [{"fit": 3}], "training_data": "in other words"})  # fmt: skip
    assert Pairing(*read_judged(old), baseline).common() == (40, 40)


@pytest.mark.parametrize("name", ["public", "fit"])
def test_other_public_or_fit_pictures_are_refused(tmp_path, name):
    old, new = (write_outcomes(tmp_path / of, outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32)) for of in ("old", "new"))
    for folder, ids in ((old, ["a", "b"]), (new, ["a", "c"])):
        pq.write_table(pa.table({"id": ids, "set": [name] * 2}), folder / "split.parquet")
    with pytest.raises(AuditError, match="are others"):
        paired(new, old)


def test_other_labels_of_the_same_ids_are_refused(tmp_path):
    old, new = (write_outcomes(tmp_path / of, outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32)) for of in ("old", "new"))
    table = pq.read_table(new / "samples.parquet")
    labels = table["label"].to_pylist()
    labels[:3] = [one for one in sorted(set(labels)) if one not in labels[:3]][:3]
    rewrite(new, label=pa.array(labels).dictionary_encode())
    with pytest.raises(AuditError, match="the data set has other labels now, of 3 of 40 target samples"):
        paired(new, old)


def test_too_few_common_samples_are_refused(tmp_path):
    old, new = (write_outcomes(tmp_path / of, outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32)) for of in ("old", "new"))
    ids = pq.read_table(new / "samples.parquet")["id"].to_pylist()
    rewrite(new, id=pa.array([f"other {one}" if at < 21 else one for at, one in enumerate(ids)]))
    with pytest.raises(AuditError, match="it shares 19 of 40 target samples with this run, fewer than half"):
        paired(new, old)


def test_captions_of_one_picture_are_samples_of_their_own(tmp_path):
    """With --captions all an id comes several times, each with another caption; one that comes twice is left out."""
    folder = write_run(tmp_path / "run", "objects")
    table = pq.read_table(folder / "samples.parquet")
    ids = table["id"].to_pylist()
    ids[1] = ids[0]
    captions = [f"caption {at}" for at in range(90)]
    rewrite(folder, id=pa.array(ids), caption=pa.array(captions))
    assert paired(folder, folder).common() == (60, 30)
    captions[1] = captions[0]
    rewrite(folder, caption=pa.array(captions))
    assert paired(folder, folder).common() == (58, 30)
