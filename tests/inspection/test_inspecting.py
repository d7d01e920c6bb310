from __future__ import annotations

import hashlib
import io
import pickle

import numpy as np
import pyarrow as pa
import pytest
import skimage.data
from PIL import Image

from benchmarks.doubles import Album, encoded
from dejavu_audit.data.retabled import Retabled
from dejavu_audit.embeddings.cache import info, prune
from dejavu_audit.errors import SetAside
from dejavu_audit.inspection import inspecting as module
from dejavu_audit.inspection.inspecting import inspect
from dejavu_audit.inspection.shelf import Shelf
from dejavu_audit.progress import Silent


class Told(Silent):
    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(message)


class Plain(Album):
    """A third party's: it opens pictures, and offers nothing else."""

    read = None


class Broken(Album):
    """Every third cannot be opened."""

    reason = "picture is damaged"

    def open(self, row, draft=None):
        if row % 3 == 0:
            raise SetAside(self.reason)
        return super().open(row, draft)


@pytest.fixture(scope="module")
def photograph():
    return Image.fromarray(skimage.data.astronaut())


@pytest.fixture(scope="module")
def pictures(photograph):
    boxes = [(40 * n, 30 * n, 40 * n + 160, 30 * n + 120) for n in range(8)]
    return [encoded(photograph.crop(box), "JPEG", quality=80) for box in boxes]


def look(album, rows, cache, progress=None, workers=0):
    return inspect(album, np.asarray(rows), cache, workers=workers, progress=progress or Silent())


def test_a_row_a_picture_in_the_order_asked(pictures, tmp_path):
    looks = look(Album(pictures), [5, 0, 3], tmp_path)
    assert looks.rows.tolist() == [5, 0, 3] and not looks.lost and looks.decoded == 3
    table = looks.table
    assert table["format"].to_pylist() == ["JPEG"] * 3 and table["jpeg_quality"].to_pylist() == [80] * 3
    assert table["width"].to_pylist() == [160] * 3 and table["height"].to_pylist() == [120] * 3
    assert table["bytes"].to_pylist() == [len(pictures[row]) for row in (5, 0, 3)]
    assert table["bytes_hash"][0].as_py() == hashlib.blake2b(pictures[5], digest_size=16).digest()
    assert looks.thumbnails.shape == (3, 32, 32)
    grey = np.asarray(Image.open(io.BytesIO(pictures[0])).convert("L").resize((32, 32), Image.Resampling.BOX), float)
    assert np.abs(looks.thumbnails[1] - grey).mean() < 3
    assert looks.of(np.array([3, 7, 5]))["row"].to_pylist() == [3, 5]


def test_the_second_time_nothing_is_opened(pictures, tmp_path):
    first = look(Album(pictures), range(8), tmp_path)
    album = Album(pictures)
    again = look(album, range(7, -1, -1), tmp_path)
    assert album.opened == [] and (again.decoded, again.cached) == (0, 8)
    assert again.table.take(pa.array(range(7, -1, -1))).equals(first.table)


def test_workers_see_the_same(pictures, tmp_path):
    alone = look(Album(pictures), range(8), tmp_path / "a")
    together = look(Album(pictures), range(8), tmp_path / "b", workers=2)
    assert together.table.equals(alone.table)
    assert pickle.loads(pickle.dumps(Album(pictures))).read(0) == pictures[0]


def test_it_goes_on_where_it_stopped(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_ROWS", 2)
    monkeypatch.setattr(module, "SHARD_ROWS", 2)

    class Stopped(Album):
        def open(self, row, draft=None):
            if row == 5:
                raise KeyboardInterrupt
            return super().open(row, draft)

    with pytest.raises(KeyboardInterrupt):
        look(Stopped(pictures), range(8), tmp_path)
    album = Album(pictures)
    assert look(album, range(8), tmp_path).cached == 4
    assert album.opened == [4, 5, 6, 7]


def test_a_damaged_file_is_found_and_made_anew(pictures, tmp_path):
    album = Album(pictures)
    first = look(album, range(8), tmp_path)
    shard = next(Shelf(module.Store(tmp_path), album).path.glob("*.parquet"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    told = Told()
    again = look(Album(pictures), range(8), tmp_path, told)
    assert again.decoded == 8 and again.table.equals(first.table)
    assert "damaged file in the cache" in told.said[0]
    entry = next(entry for entry in info(tmp_path) if entry.kind == "inspection")
    assert (entry.name, entry.damaged, entry.shards) == ("album", 1, 1)
    assert prune(tmp_path).files == 1
    assert len(prune(tmp_path, max_bytes=0).entries) == 1 and not shard.parent.exists()


def test_what_cannot_be_opened_is_told_and_known_the_next_time(pictures, tmp_path):
    looks = look(Broken(pictures), range(8), tmp_path)
    assert looks.lost == dict.fromkeys((0, 3, 6), "picture is damaged") and looks.rows.tolist() == [1, 2, 4, 5, 7]
    again = Album(pictures)
    assert look(again, range(8), tmp_path).lost == looks.lost and again.opened == []


def test_a_reason_that_may_pass_is_not_kept(pictures, tmp_path):
    album = Broken(pictures)
    album.reason = "picture is missing"
    assert look(album, range(8), tmp_path).lost == dict.fromkeys((0, 3, 6), "picture is missing")
    assert look(Album(pictures), range(8), tmp_path).decoded == 3


def test_rows_without_identity_are_lost(pictures, tmp_path):
    class Gone(Album):
        def identity(self, row):
            if row == 2:
                raise SetAside("picture is missing")
            return super().identity(row)

    looks = look(Gone(pictures), [1, 2], tmp_path)
    assert looks.lost == {2: "picture is missing"} and looks.rows.tolist() == [1]


def test_a_data_set_that_only_opens_pictures_will_do(pictures, tmp_path):
    for album in (Plain(pictures), Retabled(Plain(pictures, name="retabled"), {})):
        looks = look(album, range(8), tmp_path)
        nulls = looks.table.select(["bytes_hash", "width", "height", "bytes", "format", "jpeg_quality"])
        assert all(column.null_count == 8 for column in nulls.columns)
        assert np.isfinite(looks.statistics).all() and looks.table["phash"].null_count == 0


def test_rows_that_share_a_picture_share_its_look(pictures, tmp_path):
    class Captions(Album):
        def identity(self, row):
            return f"album {row // 2}"

        def open(self, row, draft=None):
            return super().open(row // 2, draft)

    album = Captions(pictures)
    looks = look(album, [0, 1, 5, 4], tmp_path)
    assert album.opened == [0, 2]
    assert looks.rows.tolist() == [0, 1, 5, 4]
    assert looks.thumbnails[0].tolist() == looks.thumbnails[1].tolist()
    assert len(set(looks.table["key"].to_pylist())) == 2


def odd(photograph):
    grey16 = Image.fromarray((np.asarray(photograph.convert("L"), np.uint16) << 8)[:64, :64])
    frames = [photograph.crop((0, 0, 64, 64)), photograph.crop((64, 64, 128, 128))]
    gif = io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    cmyk = encoded(photograph.crop((0, 0, 64, 64)).convert("CMYK"), "JPEG")
    palette = encoded(photograph.crop((0, 0, 64, 64)).convert("P"))
    return {
        "grey": encoded(photograph.crop((0, 0, 64, 64)).convert("L")),
        "palette": palette,
        "16 bit": encoded(grey16),
        "cmyk": cmyk,
        "animated": gif.getvalue(),
        "one pixel": encoded(Image.new("RGB", (1, 1), (9, 200, 30))),
        "a line": encoded(Image.new("RGB", (500, 1))),
        "transparent": encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0))),
        "plain": encoded(Image.new("RGB", (300, 200), (255, 255, 255))),
    }


def test_odd_pictures_are_looked_at(photograph, tmp_path):
    kinds = odd(photograph)
    looks = look(Album(list(kinds.values())), range(len(kinds)), tmp_path)
    assert not looks.lost and np.isfinite(looks.statistics).all()
    by_name = dict(zip(kinds, looks.thumbnails.astype(int), strict=True))
    for kind in ("palette", "16 bit", "cmyk", "animated"):
        assert np.abs(by_name[kind] - by_name["grey"]).mean() < 12, kind
    assert (by_name["transparent"] == 255).all() and np.ptp(by_name["one pixel"]) == 0
    assert looks.table["width"].to_pylist()[5:7] == [1, 500]


def test_nothing_asked_is_nothing_seen(pictures, tmp_path):
    looks = look(Album(pictures), [], tmp_path)
    assert looks.table.num_rows == 0 and looks.thumbnails.shape == (0, 32, 32) and looks.statistics.shape[0] == 0
