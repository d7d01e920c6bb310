"""The table of data sets: it is whole, finds what people type, and knows which set holds which."""

from __future__ import annotations

import pytest

from dejavu_audit.membership.datasets import Part, _relations, datasets, find, mentioned, near, part, relation
from dejavu_audit.membership.tables import read_table


def test_the_table_is_whole():
    entries = read_table("datasets.toml")["set"]
    assert len({one["id"] for one in entries}) == len(entries) == len(datasets())
    for known in datasets().values():
        assert known.kind in ("closed", "web", "drawn") and known.public in ("pictures", "links", "no")
        assert known.source and known.title
        assert all(one in datasets() for one in known.umbrella)
        assert find(known.id) == Part(known.id)
        for split in known.parts:
            assert find(f"{known.id} {split}") == part(f"{known.id} {split}") == Part(known.id, split)


def test_every_relation_names_what_there_is_and_says_who_says_so():
    assert _relations()  # the parts of every relation are looked up as it is read
    for one in read_table("datasets.toml")["relation"]:
        assert one["is"] in ("holds", "some", "lacks", "unknown") and one["sure"] in ("stated", "measured", "thought")
        assert one["why"] and one["source"] and one["of"] and one["asked"]


@pytest.mark.parametrize("known", [one for one in datasets().values() if one.kind == "closed"], ids=lambda one: one.id)
def test_a_title_speaks_of_its_own_set(known):
    """The report's words are read back to refuse what is contaminated."""
    assert known.id in mentioned(known.title)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("imagenet-1k train", "imagenet-1k train"),
        ("ImageNet-1k val", "imagenet-1k val"),
        ("ILSVRC2012 val", "imagenet-1k val"),
        ("imagenet1k", "imagenet-1k"),
        ("imagenet train", "imagenet-1k train"),  # a word for several, but the others have no such split
        ("imagenet", "imagenet"),
        ("COCO train2017", "coco train2017"),
        ("laion2B", "laion-2b"),
        ("cc12m", "cc-12m"),
        ("YFCC 15M", "yfcc-15m"),
        ("Flickr30k test", "flickr30k test"),
        ("imagenet-1k training", None),
        ("our crawl of 2024", None),
        ("", None),
    ],
)
def test_what_people_type(typed, meant):
    assert find(typed) == (None if meant is None else part(meant))


def test_near_misses():
    assert near("imagnet-1k train") == ["imagenet-1k train", "imagenet-1k val"]
    assert near("coco train17")[0] == "coco train2017"
    assert near("our crawl of 2024") == []


@pytest.mark.parametrize(
    ("trained", "asked", "holds"),
    [
        # ImageNet and the larger ImageNets.
        ("imagenet-1k train", "imagenet-1k train", "holds"),
        ("imagenet-1k train", "imagenet-1k val", "lacks"),
        ("imagenet-1k train", "imagenet-1k", "some"),  # which split is not said
        ("imagenet-1k train", "imagenet", "some"),
        ("imagenet-21k", "imagenet-1k train", "holds"),
        ("imagenet-22k", "imagenet-1k val", "lacks"),
        ("imagenet-12k", "imagenet-1k train", "holds"),
        ("imagenet-1k train", "imagenet-22k", "some"),  # the smaller holds some of the larger
        ("lvd-142m", "imagenet-1k train", "holds"),
        ("lvd-142m", "imagenet-1k val", "lacks"),
        ("lvd-142m", "imagenet", "some"),
        ("lvd-1689m", "imagenet-1k val", "unknown"),
        # Other collections are other pictures; the web may hold anything.
        ("imagenet-1k train", "coco val2017", "lacks"),
        ("sat-493m", "imagenet-1k train", "lacks"),
        ("laion-2b", "imagenet-1k train", "unknown"),
        ("wit-400m", "imagenet-1k train", "unknown"),
        ("datacomp-1b", "imagenet-1k train", "unknown"),
        ("datacomp-1b", "imagenet-1k val", "lacks"),  # near-duplicates of it were taken out
        ("dfn-5b", "imagenet-1k val", "unknown"),
        ("undisclosed", "imagenet-1k train", "unknown"),
        # COCO: 118,287 = 82,783 + 35,504, and 40,504 = 35,504 + 5,000.
        ("coco train2017", "coco train2014", "holds"),
        ("coco train2014", "coco train2017", "some"),
        ("coco train2017", "coco val2014", "some"),
        ("coco train2014", "coco val2017", "lacks"),
        ("coco", "coco val2017", "some"),
        ("visual-genome", "coco train2017", "some"),
        ("refcoco", "coco val2017", "lacks"),
        ("laion-coco", "coco train2017", "unknown"),  # no pictures of COCO's, in spite of its name
        # LAION and its parts.
        ("laion-5b", "laion-2b", "holds"),
        ("laion-2b", "laion-5b", "some"),
        ("laion-2b", "laion-400m", "some"),
        ("laion-2b", "laion", "some"),
        ("laion", "laion-2b", "some"),
        ("yfcc-100m", "yfcc-15m", "holds"),
        ("yfcc-15m", "yfcc-100m", "some"),
        # What a program drew is nowhere else.
        ("laion-2b", "scenes", "lacks"),
        ("scenes", "imagenet-1k train", "lacks"),
    ],
)
def test_relations(trained, asked, holds):
    found = relation(part(trained), part(asked))
    assert found.holds == holds and found.why and found.source


def test_no_set_is_known_to_hold_what_it_lacks():
    """Whatever holds ImageNet-1k's training pictures lacks its validation pictures, or says nothing of them."""
    for known in datasets():
        if relation(Part(known), part("imagenet-1k train")).holds == "holds":
            assert relation(Part(known), part("imagenet-1k val")).holds in ("lacks", "unknown"), known
