from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.data.tar_members import members
from dejavu_audit.errors import AuditError

LONG = "/".join(["a folder with quite a long name"] * 9) + "/picture.jpg"  # 299 characters: no header holds it whole


def write(path, files, form=tarfile.PAX_FORMAT, **more):
    with tarfile.open(path, "w", format=form) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in more.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))
    return path


def read(path):
    found = {}
    for member, file in members(path):
        file.seek(member.offset)
        found[member.name] = file.read(member.size)
    return found


def fault(path):
    with pytest.raises(AuditError) as raised:
        read(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_every_format_reads_as_tarfile_reads_it(tmp_path, form):
    files = {"a.jpg": b"x" * 1_000, "sub/ü.txt": b"", "b.json": b"{}" * 256}  # 512 bytes: no padding
    files |= {} if form == tarfile.USTAR_FORMAT else {LONG: b"long", "日本語.txt": b"utf-8"}
    path = write(tmp_path / "x.tar", files, form)
    assert read(path) == files
    with tarfile.open(path) as tar:
        assert [(one.name, one.offset_data, one.size) for one in tar] == [tuple(member) for member, _ in members(path)]


def test_a_name_of_ustar_that_is_split_in_two(tmp_path):
    name = "p" * 100 + "/" + "n" * 90  # 191 characters: the folder goes into the prefix
    assert read(write(tmp_path / "x.tar", {name: b"1"}, tarfile.USTAR_FORMAT)) == {name: b"1"}


def test_folders_and_times_are_passed_over(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        tar.add(tmp_path, "folder", recursive=False)
        info = tarfile.TarInfo("folder/a.txt")
        info.mtime = 1234.5678  # webdataset writes such times, each in a header of its own
        info.size = 3
        tar.addfile(info, io.BytesIO(b"abc"))
    assert read(tmp_path / "x.tar") == {"folder/a.txt": b"abc"}


def test_names_that_are_not_utf8_keep_their_bytes(tmp_path):
    path = write(tmp_path / "x.tar", {"\udcff.txt": b"1"}, tarfile.GNU_FORMAT)
    assert list(read(path)) == ["\udcff.txt"]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_tar_cut_anywhere_is_truncated(tmp_path, form):
    whole = write(tmp_path / "x.tar", {"a.jpg": b"x" * 700, LONG: b"y" * 10}, form).read_bytes()
    end = len(whole.rstrip(b"\0"))
    end += -end % 512 + 512  # one block of zeros is a mark
    cut = tmp_path / "cut.tar"
    for length in (*range(0, end, 97), end - 512, end - 1):
        cut.write_bytes(whole[:length])
        assert "cut.tar is truncated" in fault(cut)
    cut.write_bytes(whole[:end])
    assert len(read(cut)) == 2


def test_the_complaint_names_the_last_member_that_was_read(tmp_path):
    whole = write(tmp_path / "x.tar", {"a.jpg": b"x" * 700, "b.jpg": b"y" * 5_000}).read_bytes()
    (tmp_path / "x.tar").write_bytes(whole[:4_000])
    said = "x.tar is truncated (the last member that could be read is 'a.jpg'); fetch or write it anew"
    assert fault(tmp_path / "x.tar").endswith(said)
    (tmp_path / "x.tar").write_bytes(b"")
    assert "is truncated: its end mark is missing (no member could be read)" in fault(tmp_path / "x.tar")


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("/etc/passwd", {}, "'/etc/passwd', which is an absolute path"),
        ("C:\\a.jpg", {}, "which is an absolute path"),
        ("../a.jpg", {}, "'../a.jpg', which is a path that climbs out of its folder"),
        ("a/../../b.jpg", {}, "climbs out"),
        ("a\\..\\..\\b.jpg", {}, "climbs out"),
        ("a.jpg", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "which is a link to '/etc/passwd'"),
        ("a.jpg", {"type": tarfile.LNKTYPE, "linkname": LONG}, f"which is a link to '{LONG}'"),
        ("a.jpg", {"type": tarfile.CHRTYPE}, "which is no ordinary file"),
        ("a.jpg", {"type": tarfile.FIFOTYPE}, "which is no ordinary file"),
    ],
)
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_members_that_nobody_needs_end_the_run(tmp_path, name, more, says, form):
    said = fault(write(tmp_path / "x.tar", {name: b""}, form, **more))
    assert says in said and "x.tar has the member" in said


def test_compressed_and_foreign_files_are_told_so(tmp_path):
    whole = write(tmp_path / "x.tar", {"a.jpg": b"x"}).read_bytes()
    (tmp_path / "z.tar").write_bytes(gzip.compress(whole))
    assert "z.tar is compressed (gzip)" in fault(tmp_path / "z.tar")
    (tmp_path / "f.tar").write_bytes(b"no tar at all " * 100)
    assert "f.tar is damaged: no header where one should be (no member" in fault(tmp_path / "f.tar")
    assert "there is no shard" in fault(tmp_path / "gone.tar")


def test_tars_joined_into_one_file_are_not_half_read(tmp_path):
    whole = write(tmp_path / "x.tar", {"a.jpg": b"x"}).read_bytes()
    (tmp_path / "j.tar").write_bytes(whole + whole)
    assert "j.tar goes on behind its end mark (the last member that could be read is 'a" in fault(tmp_path / "j.tar")


def header(**fields):
    """A header written by hand, its checksum right."""
    block = bytearray(tarfile.TarInfo(fields.pop("name", "a.jpg")).tobuf(tarfile.GNU_FORMAT)[:512])
    for place, content in fields.values():
        block[place : place + len(content)] = content
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    return bytes(block)


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (header(size=(124, b"\xff" * 12)), "is damaged"),  # -1: in a circle
        (header(size=(124, b"\x80" + b"\0" * 3 + b"\xff" * 8)), "is truncated"),  # 2^64 - 1
        (header(size=(124, b"12345678z9a\0")), "is damaged"),
        (header(size=(124, b"77777777777\0"), kind=(156, b"x")), "is truncated"),
        (header(kind=(156, b"S")), "which is no ordinary file"),
        (header(kind=(156, b"?")), "which is no ordinary file"),
    ],
)
def test_hostile_headers(tmp_path, block, says):
    (tmp_path / "x.tar").write_bytes(block + bytes(10_240))
    assert says in fault(tmp_path / "x.tar")


@pytest.mark.parametrize(
    ("records", "says"),
    [
        (b"99999999 path=a\n", "is damaged"),
        (b"0 path=a\n", "is damaged"),
        (b"-5 path=a\n", "is damaged"),
        (b"path", "is damaged"),
        (b"22 GNU.sparse.major=1\n", "holds a sparse file"),
        (b"11 size=-1\n", "is damaged"),
        (b"19 path=/etc/hosts\n", "an absolute path"),
    ],
)
def test_hostile_extended_headers(tmp_path, records, says):
    size = f"{len(records):011o}\0".encode()
    blocks = header(size=(124, size), kind=(156, b"x")) + records.ljust(512, b"\0") + header() + bytes(1_024)
    (tmp_path / "x.tar").write_bytes(blocks)
    assert says in fault(tmp_path / "x.tar")


def test_an_endless_extended_header_is_not_read(tmp_path):
    with (tmp_path / "x.tar").open("wb") as file:
        file.write(header(size=(124, f"{2 << 20:011o}\0".encode()), kind=(156, b"L")) + bytes((2 << 20) + 1_024))
    assert "a header is longer than any name" in fault(tmp_path / "x.tar")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_bytes_are_changed_there_is_a_sentence_or_files(tmp_path_factory, data):
    here = tmp_path_factory.mktemp("flip")
    whole = bytearray(write(here / "x.tar", {"a.jpg": b"x" * 600, LONG: b"y" * 10}).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, 4_096))] = data.draw(st.integers(0, 255))
    (here / "x.tar").write_bytes(whole)
    try:
        for member, _ in members(here / "x.tar"):
            assert 0 <= member.offset <= member.offset + member.size <= len(whole)
    except AuditError as error:
        assert "\n" not in str(error)
