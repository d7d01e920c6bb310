from __future__ import annotations

import time

import numpy as np
import pytest
import skimage.data
from PIL import Image

from benchmarks import doubles
from benchmarks.doubles import Album, encoded
from dejavu_audit.data.scenes import load as load_scenes
from dejavu_audit.duplicates.search import find_duplicates
from dejavu_audit.errors import SetAside
from dejavu_audit.inspection.inspecting import inspect
from dejavu_audit.progress import Silent
from dejavu_audit.report.duplicates_record import duplicates_record

SETS = ("target", "control", "public", "fit")
OTHERS = 12
"""Pictures that are nobody's duplicates, in every world: the background of what is common."""


@pytest.fixture(scope="module")
def tiles():
    """Unlike tiles of photographs."""
    names = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field")
    sources = [Image.fromarray(getattr(skimage.data, name)()) for name in names]
    return [tile for source in sources for tile in doubles.tiles(source, 2, 3)]


def search(tmp_path, album=None, keep=False, **sets):
    """`sets` are encoded pictures; the rows are numbered in the order of the sets, then of the pictures."""
    pictures = [picture for name in SETS for picture in sets.get(name, ())]
    album = album or Album(pictures)
    rows, start = {}, 0
    for name in SETS:
        rows[name] = np.arange(start, start := start + len(sets.get(name, ())))
    looks = inspect(album, np.arange(start), tmp_path / "cache", workers=0, progress=Silent())
    return find_duplicates(looks, rows, album, keep=keep, workers=0, progress=Silent())


def pngs(pictures):
    return [encoded(picture) for picture in pictures]


def test_none_are_found_among_different_pictures(tiles, tmp_path):
    found = search(tmp_path, target=pngs(tiles[:8]), control=pngs(tiles[8:16]), public=pngs(tiles[16:]))
    assert not found.lost and not found.clusters and found.pairs.num_rows == 0 and found.counts == {}
    assert found.searched == {"target": 8, "control": 8, "public": 14, "fit": 0} and found.looked_for


def test_the_later_set_goes_and_every_kind_is_told(tiles, tmp_path):
    one, two, three = tiles[:3]
    softer = encoded(one, "JPEG", quality=60)
    found = search(
        tmp_path,
        target=[encoded(one), *pngs(tiles[12:18])],  # rows 0 to 6
        control=[encoded(one), encoded(two), *pngs(tiles[18:24])],  # 7, 8, then others to 14
        public=[softer, encoded(two), encoded(three), *pngs(tiles[24:])],  # 15, 16, 17
        fit=[encoded(three, "TIFF"), encoded(one, "BMP"), *pngs(tiles[4:6])],
    )
    first = 18 + len(tiles[24:])
    assert found.lost == {
        7: "duplicate of a target",
        15: "near-duplicate of a target",
        16: "duplicate of a control picture",
        first: "duplicate of a public picture",
        first + 1: "duplicate of a target",
    }
    assert found.counts["target", "control"] == {"same bytes": 1}
    assert found.counts["target", "public"] == {"near": 1}
    assert found.counts["target", "fit"] == found.counts["public", "fit"] == {"same pixels": 1}
    table = found.pairs.to_pylist()
    assert table[0] == {
        **{"set": "target", "id": "picture-0", "row": 0, "other_set": "control", "other_id": "picture-7"},
        **{"other_row": 7, "kind": "same bytes", "similarity": 1.0, "mirrored": False, "shown": 1.0},
    }
    record = duplicates_record(found)
    assert record.removed == 5 and len(record.examples) == len(table)


def test_kept_ones_are_reported_only(tiles, tmp_path):
    found = search(tmp_path, keep=True, target=pngs(tiles[:9]), public=pngs(tiles[8:]))
    assert found.kept and not found.lost and found.counts == {("target", "public"): {"same bytes": 1}}


def test_within_a_set_they_make_a_cluster(tiles, tmp_path):
    one, two = tiles[:2]
    rng = np.random.default_rng(0)
    copies = [doubles.planted(kind, one, rng) for kind in doubles.KINDS]
    found = search(
        tmp_path,
        target=[encoded(one), encoded(two), *copies, *pngs(tiles[3:9])],
        control=[encoded(tiles[9]), encoded(tiles[9], "JPEG", quality=70), *pngs(tiles[10:16])],
        public=[*pngs(tiles[16:]), encoded(tiles[16])],  # twice among the public pictures: nobody's harm
    )
    assert not found.lost
    assert found.clusters == {0: 0, 2: 0, 3: 0, 4: 0, 5: 0, 12: 1, 13: 1}
    assert found.counts == {("target", "target"): {"near": 5}, ("control", "control"): {"near": 2}}


def test_a_control_picture_that_goes_is_in_no_cluster(tiles, tmp_path):
    one = tiles[0]
    control = [encoded(one), encoded(one, "JPEG"), *pngs(tiles[9:15])]
    found = search(tmp_path, target=pngs(tiles[:9]), control=control)
    assert set(found.lost) == {9, 10} and not found.clusters
    kept = search(tmp_path, keep=True, target=pngs(tiles[:9]), control=control)
    assert kept.clusters == {9: 0, 10: 0}


def test_the_bars_on_a_few_planted_ones():
    rng = np.random.default_rng(1)
    targets, strangers = doubles.targets(100, rng), doubles.strangers(100, rng)
    for kind, found in doubles.plant(targets, strangers, (*doubles.KINDS, doubles.MORE[-1]), rng).items():
        assert found.right >= 0.9 and found.false <= 0.01, kind


def test_blank_pictures_are_duplicates_where_they_are_equal(tiles, tmp_path):
    white, black = (Image.new("RGB", (60, 40), (level,) * 3) for level in (255, 0))
    red, green = Image.new("RGB", (60, 40), (200, 0, 0)), Image.new("RGB", (60, 40), (0, 102, 0))  # of one brightness
    hidden = Image.fromarray(
        (255 - 3 * (np.indices((64, 64)).sum(axis=0) % 2)[..., None].repeat(3, 2)).astype(np.uint8)
    )
    found = search(
        tmp_path,
        target=[*pngs([white, red]), *pngs(tiles[:8])],  # 0 to 9
        public=[*pngs([black, green, hidden, white.resize((300, 200)), white]), *pngs(tiles[8:20])],  # from 10
    )
    assert found.lost == {13: "near-duplicate of a target", 14: "duplicate of a target"}


def test_a_pile_costs_no_more_than_its_pictures(tiles, tmp_path):
    pile = [encoded(Image.new("RGB", (16 + n % 7, 16), (255, 255, 255))) for n in range(3_000)]
    logos = [encoded(tiles[0].resize((60, 60)), "JPEG", quality=40 + n % 50) for n in range(300)]
    album = {"target": [pile[0], logos[0], *pngs(tiles[1:9])], "public": [*pile[1:], *logos[1:], *pngs(tiles[9:])]}
    began = time.process_time()
    found = search(tmp_path, **album)
    assert len(found.lost) == 3_298
    assert found.pairs.num_rows <= 2 * 3_298
    assert time.process_time() - began < 30


def test_rows_of_one_picture_are_no_duplicates_but_go_together(tiles, tmp_path):
    class Captions(Album):
        """Two captions a picture."""

        @property
        def table(self):
            import pyarrow as pa

            return pa.table({"id": [f"{n // 2}#{n % 2}" for n in range(2 * len(self.pictures))]})

        def identity(self, row):
            return f"captions {row // 2}"

        def open(self, row, draft=None):
            return super().open(row // 2, draft)

        def read(self, row):
            return super().read(row // 2)

    pictures = pngs([*tiles[:6], tiles[2], tiles[0], *tiles[6:14]])
    album = Captions(pictures)
    rows = {"target": np.arange(14), "control": np.arange(14, 20), "public": np.arange(20, 32, 2)}
    looks = inspect(album, np.arange(32), tmp_path, workers=0, progress=Silent())
    found = find_duplicates(looks, rows, album, workers=0, progress=Silent())
    assert found.clusters == {4: 0, 5: 0, 12: 0, 13: 0}  # pictures 2 and 6, each with both captions
    assert found.lost == dict.fromkeys((14, 15), "duplicate of a target")
    assert found.counts["target", "control"] == {"same bytes": 1} and found.searched["target"] == 7


def test_one_stored_picture_in_two_sets_is_a_duplicate(tiles, tmp_path):
    class Twice(Album):
        def identity(self, row):
            return f"same {row % 4}"

    pictures = pngs(tiles[:4])
    found = search(tmp_path, album=Twice(pictures * 2), target=pictures, public=pictures)
    assert set(found.lost) == {4, 5, 6, 7} and found.counts == {("target", "public"): {"same bytes": 4}}


def test_data_that_only_open_pictures_are_compared_by_pixels(tiles, tmp_path):
    class Plain(Album):
        read = None

    pictures = pngs([*tiles[:10], tiles[3], *tiles[10:14]])
    found = search(tmp_path, album=Plain(pictures), target=pictures[:10], public=pictures[10:])
    assert found.lost == {10: "duplicate of a target"} and found.pairs["kind"].to_pylist() == ["same pixels"]


def test_pictures_that_cannot_be_opened_take_no_part(tiles, tmp_path):
    class Broken(Album):
        def open(self, row, draft=None):
            if row in (1, 11):
                raise SetAside("picture is damaged")
            return super().open(row, draft)

    pictures = pngs(tiles[:10] * 2)
    found = search(tmp_path, album=Broken(pictures), target=pictures[:10], public=pictures[10:])
    assert set(found.lost) == set(range(10, 20)) - {11} and found.searched["public"] == 9


def test_procedural_data_are_taken_at_their_word(tmp_path):
    scenes = load_scenes(None, {"targets": "5", "control": "5", "public": "5", "fit": "5"}, 0)
    looks = inspect(scenes, np.arange(10), tmp_path, workers=0, progress=Silent())
    found = find_duplicates(looks, {"target": np.arange(5), "control": np.arange(5, 10)}, scenes, progress=Silent())
    assert not found.looked_for and not found.lost and found.pairs.num_rows == 0
    assert not duplicates_record(found).looked_for


def test_scenes_are_no_duplicates_of_one_another(tmp_path):
    scenes = load_scenes(None, {"targets": "100", "public": "300", "control": "100", "fit": "0"}, 0)
    scenes.distinct = False
    rows = np.arange(500)
    looks = inspect(scenes, rows, tmp_path, workers=0, progress=Silent())
    sets = {"target": rows[:100], "control": rows[100:200], "public": rows[200:]}
    found = find_duplicates(looks, sets, scenes, workers=0, progress=Silent())
    assert len(found.lost) + len(found.clusters) <= 1


def test_no_pictures_at_all(tmp_path):
    found = search(tmp_path)
    assert not found.lost and found.searched == dict.fromkeys(SETS, 0)


def test_workers_and_order_change_nothing(tiles, tmp_path):
    rng = np.random.default_rng(0)
    pictures = pngs(tiles) + [doubles.planted(doubles.KINDS[0], tile, rng) for tile in tiles[:10]]
    album = Album(pictures)
    rows = np.arange(len(pictures))
    looks = inspect(album, rows, tmp_path, workers=0, progress=Silent())
    sets = {"target": rows[:20], "public": rows[20:]}
    one = find_duplicates(looks, sets, album, workers=0, progress=Silent())
    two = find_duplicates(looks, sets, album, workers=2, progress=Silent())
    mixed = inspect(album, rng.permutation(rows), tmp_path, workers=0, progress=Silent())
    three = find_duplicates(mixed, sets, album, workers=0, progress=Silent())
    assert one.pairs.equals(two.pairs) and one.lost == two.lost == three.lost and len(one.lost) == 10
