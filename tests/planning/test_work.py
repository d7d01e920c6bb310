from __future__ import annotations

import numpy as np

from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.embeddings.views import View
from dejavu_audit.planning.work import outstanding
from dejavu_audit.progress import Silent
from tests.planning.conftest import contents


def embed(plan, *jobs):
    return embed_views(plan.dataset, list(jobs), plan.store, workers=0, progress=Silent())


def test_with_an_empty_cache_all_is_to_be_done_and_shared_pictures_are_decoded_once(planned):
    plan, jobs = planned()
    work = outstanding(plan, jobs, Silent())
    assert [(look.who, len(look.rows), len(look.missing)) for look in work.looks.values()] == [
        ("encoder", 40, 40), ("encoder", 44, 44), ("image-classifier", 104, 104)
    ]  # fmt: skip
    assert [(len(group.looks), len(group.rows)) for group in work.groups] == [(1, 40), (2, 44), (1, 60)]
    assert work.pictures == 144
    _, counts = embed(plan, *jobs.values())
    assert counts.pictures == work.pictures


def test_what_is_cached_is_left_out_and_nothing_is_touched(planned, tmp_path):
    plan, jobs = planned()
    view, rows = jobs["crops"]
    embed(plan, (view, rows[:30]), (jobs["public"][0], jobs["public"][1]))
    before = contents(tmp_path)
    work = outstanding(plan, jobs, Silent())
    assert contents(tmp_path) == before
    assert [look.cached for look in work.looks.values()] == [40, 30, 0]
    crops = work.job_rows["crops"][0]
    assert sorted(crops.missing) == sorted(rows[30:])
    # 30 of the judged lack the reference's view alone, 14 both; the fit set the reference's alone.
    assert sorted((len(group.looks), len(group.rows)) for group in work.groups) == [(1, 90), (2, 14)]
    assert crops.stored == sum(path.stat().st_size for path in plan.store.shelf(view).path.glob("shard-*"))


def test_everything_cached_leaves_no_work(planned):
    plan, jobs = planned()
    embed(plan, *jobs.values())
    work = outstanding(plan, jobs, Silent())
    assert (work.groups, work.pictures) == ([], 0)
    assert all(not len(look.missing) for look in work.looks.values())


def test_cached_pictures_of_no_use_are_counted(planned):
    plan, jobs = planned(min_side=64)
    (crops,), _ = embed(plan, jobs["crops"])
    assert crops.set_aside
    work = outstanding(plan, {"crops": jobs["crops"]}, Silent())
    assert next(iter(work.looks.values())).set_aside == len(crops.set_aside)


def test_a_damaged_shard_counts_as_missing(planned):
    plan, jobs = planned()
    embed(plan, jobs["public"])
    for shard in plan.store.shelf(jobs["public"][0]).path.glob("shard-*"):
        shard.write_bytes(b"no parquet")
    work = outstanding(plan, {"public": jobs["public"]}, Silent())
    assert work.pictures == 40


def test_rows_of_one_content_are_embedded_once(planned):
    plan, jobs = planned()
    view = jobs["public"][0]
    twice = np.concatenate([jobs["public"][1], jobs["public"][1][:10]])
    work = outstanding(plan, {"one": (view, twice), "two": (View(plan.encoder, None), twice[:5])}, Silent())
    assert [(len(look.rows), look.who) for look in work.looks.values()] == [(40, "encoder")]
    assert work.job_rows["one"][1] == 50
