from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dejavu_audit.data.pictures import open_picture
from dejavu_audit.embeddings import lanes as lanes_module
from dejavu_audit.embeddings import stream as stream_module
from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.embeddings.views import View
from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from tests.embeddings.conftest import Folder, Linear, Shrink, jpeg

ROOT = Path(__file__).parents[2]


def rows(*numbers):
    return np.array(numbers, np.int64)


def run(dataset, jobs, store, workers=0, **options):
    return embed_views(dataset, jobs, store, workers=workers, progress=Silent(), **options)


def by_hand(dataset, featurizer, row, box=None):
    image = open_picture(dataset.files[row])
    tensor = featurizer.transform(image if box is None else image.crop(box))
    return featurizer.embed_images(tensor[None])[0]


def test_vectors_are_what_the_featurizer_says_of_each_picture(folder, tmp_path):
    data, encoder = folder(11), Linear()
    (seen,), counts = run(data, [(View(encoder, None), rows(7, 0, 3, 10, 1))], Store(tmp_path / "cache"))
    assert seen.rows.tolist() == [7, 0, 3, 10, 1]
    for row, vector in zip(seen.rows, seen.vectors, strict=True):
        np.testing.assert_array_equal(vector, by_hand(data, Linear(), row))
    assert seen.crops.tolist() == [[0, 0, 96, 64]] * 5
    assert counts.pictures == 5
    assert counts.jobs[0].embedded == 5
    assert encoder.calls == [4, 4]  # the second one padded with three copies of its only picture


def test_crops_are_cut_before_the_transform(folder, tmp_path, background):
    data, encoder = folder(3), Linear()
    (seen,), _ = run(data, [(View(encoder, background), rows(0, 1, 2))], Store(tmp_path / "cache"))
    # The box of row r covers x in [0, 30 + r): the largest background is everything to its right.
    assert seen.crops.tolist() == [[30, 0, 66, 64], [31, 0, 65, 64], [32, 0, 64, 64]]
    np.testing.assert_array_equal(seen.vectors[1], by_hand(data, Linear(), 1, (31, 0, 96, 64)))


@pytest.mark.parametrize("workers", [0, 2])
def test_each_picture_is_decoded_once_and_each_view_embedded_once(folder, tmp_path, background, workers):
    data, encoder, thumbs = folder(20), Linear(), Linear("thumbs", fingerprint="thumbs", transform=Shrink(8))
    jobs = [
        (View(encoder, None), rows(*range(8))),
        (View(encoder, background), rows(*range(8, 15))),
        (View(thumbs, background), rows(*range(8, 20))),
        (View(encoder, background), rows(14, 9)),  # nothing new
    ]
    seen, counts = run(data, jobs, Store(tmp_path / "cache"), workers)
    if workers == 0:
        assert sorted(data.opened) == list(range(20))
    assert counts.pictures == 20
    assert [job.embedded for job in counts.jobs] == [8, 7, 12, 0]
    assert sorted(data.annotated) == list(range(8, 20))
    np.testing.assert_array_equal(seen[3].vectors, seen[1].vectors[[6, 1]])
    np.testing.assert_array_equal(seen[2].vectors[2], by_hand(data, Linear(transform=Shrink(8)), 10, (33, 0, 96, 64)))


def test_a_second_run_opens_nothing_and_calls_nobody(folder, tmp_path, background):
    data = folder(9, broken=(4,), crowded=(2,))
    jobs = [(View(Linear(), background), rows(*range(9)))]
    (first,), _ = run(data, jobs, Store(tmp_path / "cache"))
    data.opened.clear()
    again = Linear()
    (second,), counts = run(data, [(View(again, background), rows(*range(9)))], Store(tmp_path / "cache"))
    assert data.opened == [] and again.calls == []
    assert counts.pictures == 0 and counts.jobs[0].cached == 9
    np.testing.assert_array_equal(first.vectors, second.vectors)
    np.testing.assert_array_equal(first.crops, second.crops)
    assert first.set_aside == second.set_aside == {2: "no usable background", 4: "picture is truncated"}


@pytest.mark.parametrize("workers", [0, 2])
def test_faults_of_one_picture_set_it_aside_with_its_reason(folder, tmp_path, background, workers):
    data = folder(8, broken=(1,), crowded=(2,), unboxed=(3,))
    data.files[5].unlink()
    data.boxes[6] = None
    (crops, full), _ = run(
        data,
        [(View(Linear(), background), rows(*range(8))), (View(Linear(), None), rows(*range(8)))],
        Store(tmp_path / "cache"),
        workers,
    )
    assert crops.set_aside == {
        1: "picture is truncated",
        2: "no usable background",
        3: "no boxes",
        5: "picture is missing",
        6: "annotation is malformed",
    }
    assert crops.rows.tolist() == [0, 4, 7]
    assert full.set_aside == {1: "picture is truncated", 5: "picture is missing"}


def test_a_changed_picture_or_box_is_looked_at_again(folder, tmp_path, background):
    data = folder(4)
    jobs = [(View(Linear(), background), rows(0, 1, 2, 3))]
    run(data, jobs, Store(tmp_path / "cache"))
    data.files[1].write_bytes(jpeg(99))
    os.utime(data.files[1], ns=(1, 1))
    data.boxes[2] = (0, 0, 40, 64)
    data.opened.clear()
    (seen,), _ = run(data, jobs, Store(tmp_path / "cache"))
    assert sorted(data.opened) == [1, 2]
    assert seen.crops[2].tolist() == [40, 0, 56, 64]


def test_all_pictures_broken_gives_an_empty_result(folder, tmp_path):
    data = folder(2, broken=(0, 1))
    (seen,), _ = run(data, [(View(Linear(), None), rows(0, 1))], Store(tmp_path / "cache"))
    assert seen.vectors.shape == (0, 6) and seen.crops.shape == (0, 4) and len(seen.set_aside) == 2


def test_no_rows_and_no_jobs(folder, tmp_path):
    data = folder(1)
    (seen,), counts = run(data, [(View(Linear(), None), rows())], Store(tmp_path / "cache"))
    assert seen.vectors.shape == (0, 6) and counts.pictures == 0
    assert run(data, [], Store(tmp_path / "cache"))[0] == []


def test_a_picture_that_is_listed_twice_is_embedded_once(folder, tmp_path):
    data = folder(3)
    data.files[2] = data.files[0]
    (seen,), counts = run(data, [(View(Linear(), None), rows(0, 1, 2))], Store(tmp_path / "cache"))
    assert counts.jobs[0].embedded == 2 and seen.rows.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(seen.vectors[0], seen.vectors[2])


def test_thumbnails_of_bytes_and_memory_mapped_results(folder, tmp_path):
    data, thumbs = folder(5), Linear(dtype=np.dtype(np.uint8), dim=3 * 24 * 24, fingerprint="bytes")
    store = Store(tmp_path / "cache", memory_limit=100)
    (seen,), _ = run(data, [(View(thumbs, None), rows(*range(5)))], store)
    assert isinstance(seen.vectors, np.memmap) and seen.vectors.dtype == np.uint8
    np.testing.assert_array_equal(seen.vectors[3], by_hand(data, thumbs, 3))
    assert [file.name for file in (tmp_path / "cache" / "embeddings").iterdir()] == [
        View(thumbs, None).shelf_key(False)
    ]


def test_draft_shrinks_full_pictures_only_and_has_a_shelf_of_its_own(tmp_path, background):
    file = tmp_path / "large.jpg"
    Image.effect_noise((800, 600), 60).convert("RGB").save(file)
    data = Folder(str(tmp_path), [file], {0: (0, 0, 300, 600)})
    jobs = [(View(Linear(), None), rows(0)), (View(Linear(), background), rows(0))]
    plain, _ = run(data, jobs, Store(tmp_path / "cache"))
    drafted, _ = run(data, jobs, Store(tmp_path / "cache"), jpeg_draft=True)
    assert drafted[0].crops.tolist() == [[0, 0, 100, 75]]  # 1/8; the shorter side stays over 24
    assert not np.array_equal(plain[0].vectors, drafted[0].vectors)
    np.testing.assert_array_equal(plain[1].vectors, drafted[1].vectors)


def test_wide_rows_split_into_shards_and_order_is_kept(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(lanes_module, "SHARD_ROWS", 3)
    data = folder(10)
    store = Store(tmp_path / "cache")
    (seen,), _ = run(data, [(View(Linear(batch_size=2), None), rows(*range(9, -1, -1)))], store)
    assert len(list(tmp_path.glob("cache/embeddings/*/shard-*.parquet"))) >= 4
    (again,), _ = run(data, [(View(Linear(), None), rows(*range(10)))], store)
    np.testing.assert_array_equal(seen.vectors[::-1], again.vectors)


def test_two_views_of_one_featurizer_share_one_batch_size_that_is_remembered(folder, tmp_path, background):
    data, encoder = folder(6), Linear(batch_size=None)
    jobs = [(View(encoder, None), rows(0, 1, 2)), (View(encoder, background), rows(3, 4, 5))]
    _, counts = run(data, jobs, Store(tmp_path / "cache"))
    size = counts.jobs[0].batch_size
    assert size == counts.jobs[1].batch_size
    later = Linear(batch_size=None)
    run(data, [(View(later, None), rows(5))], Store(tmp_path / "cache"))
    assert later.calls == [size]  # one padded batch and no trial


class Fatal(Folder):
    """Kills the process that opens row 5."""

    def open(self, row, draft=None):
        if row == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open(row, draft)


def test_a_worker_that_is_killed_ends_the_run_with_advice(folder, tmp_path):
    data = folder(8)
    fatal = Fatal(data.root, data.files, data.boxes)
    with pytest.raises(AuditError, match="--workers"):
        run(fatal, [(View(Linear(), None), rows(*range(8)))], Store(tmp_path / "cache"), 1)


SCRIPT = """
import sys, time, hashlib
from pathlib import Path
import numpy as np
from dejavu_audit.embeddings import lanes
from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.embeddings.views import View
from dejavu_audit.progress import Silent
from tests.embeddings.conftest import Folder, Linear

lanes.SHARD_ROWS = 16
class Slow(Linear):
    def embed_images(self, batch):
        time.sleep(float(sys.argv[3]))
        return super().embed_images(batch)

if __name__ == "__main__":
    files = sorted(Path(sys.argv[1]).glob("*.jpg"))
    data = Folder(sys.argv[1], files, {})
    (seen,), counts = embed_views(data, [(View(Slow(), None), np.arange(len(files)))], Store(sys.argv[2]), workers=2,
                                  progress=Silent())
    print(counts.jobs[0].cached, hashlib.sha256(seen.vectors.tobytes()).hexdigest())
"""


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on_and_gives_the_same_bits(folder, tmp_path, stop):
    data = folder(200)
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def start(cache, pause):
        return subprocess.Popen(
            [sys.executable, str(script), data.root, str(tmp_path / cache), pause],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A shell that puts pytest into the background has its children ignore SIGINT.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    stopped = start("a", "0.1")
    for _ in range(600):
        if len(list(tmp_path.glob("a/embeddings/*/shard-*.parquet"))) >= 2:
            break
        time.sleep(0.05)
    (os.killpg if stop == signal.SIGINT else os.kill)(stopped.pid, stop)
    began = time.monotonic()
    _, said = stopped.communicate(timeout=20)
    assert stopped.returncode != 0 and time.monotonic() - began < 10
    assert said.count("Traceback") <= 1  # the main process's own; none from its workers
    cached, resumed = start("a", "0").communicate(timeout=60)[0].split()
    assert 0 < int(cached) < 200
    assert resumed == start("b", "0").communicate(timeout=60)[0].split()[1]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_featurizer_may_give_a_view_of_its_batch(folder, tmp_path, monkeypatch, workers):
    """Thumbnails are the batch's own bytes; the memory behind a batch is used again for the next one."""
    monkeypatch.setattr(stream_module, "CHUNK_ROWS", 4)
    data = folder(30)
    bytes_ = Linear(dtype=np.dtype(np.uint8), dim=3 * 24 * 24, fingerprint="bytes", batch_size=3)
    (seen,), _ = run(data, [(View(bytes_, None), rows(*range(30)))], Store(tmp_path / "cache"), workers=workers)
    for row, vector in zip(seen.rows, seen.vectors, strict=True):
        np.testing.assert_array_equal(vector, by_hand(data, bytes_, row))
