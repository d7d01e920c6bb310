import math

import pytest

from dejavu_audit.data.voc_xml import parse_annotation, read_annotation
from dejavu_audit.errors import SetAside
from dejavu_audit.types import Annotation

SIZE = "<size><width>500</width><height>375</height><depth>3</depth></size>"


def item(x0=1, y0=2, x1=30, y1=40, name="n01440764"):
    box = f"<bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox>"
    return f"<object><name>{name}</name>{box}</object>"


def parse(inside):
    return parse_annotation(f"<annotation>{inside}</annotation>".encode())


def reason(content):
    with pytest.raises(SetAside) as caught:
        parse_annotation(content)
    return caught.value.reason


def test_all_boxes_of_all_classes_and_the_size():
    assert parse(SIZE + item() + item(5.5, 6, 70, 80, "n99999999")) == Annotation(
        ((1, 2, 30, 40), (5.5, 6, 70, 80)), (500, 375)
    )


def test_boxes_are_handed_on_unchecked():
    assert parse(item(30, 2, 1, 999) + item(-5, 0, 0, 0)).boxes == ((30, 2, 1, 999), (-5, 0, 0, 0))


@pytest.mark.parametrize("text", ["", "wide", "nan", " "])
def test_what_is_no_number_becomes_nan(text):
    assert math.isnan(parse(item(x1=text)).boxes[0][2])


@pytest.mark.parametrize("size", ["", "<size/>", SIZE.replace("500", "0"), SIZE.replace("375", "tall")])
def test_a_size_that_is_none_claims_nothing(size):
    assert parse(size + item()).size is None


def test_no_objects():
    assert parse(SIZE) == Annotation((), (500, 375))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<annotation>",
        b"\xff\xfe<",
        b"not xml",
        b'<?xml version="1.0" encoding="nope"?><annotation/>',
        b"<html/>",
        b"<annotation><object><name>n01440764</name></object></annotation>",
        b"<annotation><object><bndbox><xmin>1</xmin></bndbox></object></annotation>",
    ],
)
def test_malformed(content):
    assert reason(content) == "annotation is malformed"


BOMB = (
    b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    b"<annotation><object><name>&c;</name></object></annotation>"
)


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>',
        b'<!DOCTYPE annotation SYSTEM "http://127.0.0.1/x.dtd"><annotation/>',
    ],
)
def test_entities_and_document_types_are_forbidden(content):
    assert reason(content) == "annotation has forbidden XML"


def test_files(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(f"<annotation>{item()}</annotation>")
    assert read_annotation(path).boxes == ((1, 2, 30, 40),)
    with pytest.raises(SetAside, match="annotation is missing"):
        read_annotation(tmp_path / "b.xml")
    with pytest.raises(SetAside, match="annotation is malformed"):
        read_annotation(tmp_path)
    path.write_bytes(b" " * (9 << 20))
    with pytest.raises(SetAside, match="annotation is malformed"):
        read_annotation(path)
