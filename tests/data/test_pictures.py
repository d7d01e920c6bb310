import contextlib
import io
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dejavu_audit.data.pictures import file_identity, open_picture, picture_size
from dejavu_audit.errors import SetAside


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width, height, mode="RGB"):
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def reason(source, **options):
    with pytest.raises(SetAside) as caught:
        open_picture(source, **options)
    return caught.value.reason


def test_rgb_comes_back_unchanged(tmp_path):
    image = noise(31, 20)
    path = tmp_path / "a.png"
    image.save(path)
    assert np.array_equal(open_picture(path), image)
    assert np.array_equal(open_picture(path.read_bytes()), image)


def test_the_result_outlives_the_file_and_travels_to_other_processes(tmp_path):
    path = tmp_path / "a.jpg"
    noise(31, 20).save(path)
    image = open_picture(path)
    path.unlink()
    assert np.array_equal(pickle.loads(pickle.dumps(image)), np.asarray(image))


def test_transparency_is_composited_on_white():
    # half-transparent black on white: 255 * (1 - 128/255) = 127; hidden colours under alpha 0 do not show
    pixels = np.array([[[0, 0, 0, 128], [255, 0, 0, 0], [10, 20, 30, 255]]], dtype=np.uint8)
    got = np.asarray(open_picture(encoded(Image.fromarray(pixels))))
    assert got.tolist() == [[[127, 127, 127], [255, 255, 255], [10, 20, 30]]]


def test_transparency_of_a_palette_and_of_a_key_colour():
    palette = Image.new("P", (2, 1))
    palette.putpalette([9, 8, 7, 1, 2, 3])
    palette.putdata([0, 1])
    assert np.asarray(open_picture(encoded(palette, transparency=0))).tolist() == [[[255] * 3, [1, 2, 3]]]
    key = Image.fromarray(np.array([[[9, 8, 7], [1, 2, 3]]], dtype=np.uint8))
    assert np.asarray(open_picture(encoded(key, transparency=(9, 8, 7)))).tolist() == [[[255] * 3, [1, 2, 3]]]
    grey = Image.fromarray(np.array([[0, 200]], dtype=np.uint8)).convert("LA")
    assert np.asarray(open_picture(encoded(grey))).tolist() == [[[0] * 3, [200] * 3]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_upper_bits(kind):
    values = np.array([[0, 255, 256, 0x8000, 0xFFFF]], dtype=np.uint16)
    got = np.asarray(open_picture(encoded(Image.fromarray(values), kind)))
    assert got[0, :, 0].tolist() == [0, 0, 1, 0x80, 0xFF]
    assert got.shape == (1, 5, 3)


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "PNG"), ("1", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("L", "JPEG"), ("CMYK", "TIFF")]
)
def test_every_common_mode_becomes_rgb(mode, kind):
    image = open_picture(encoded(noise(20, 10, mode), kind))
    assert (image.mode, image.size) == ("RGB", (20, 10))


def test_cmyk_keeps_its_colours():
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # no cyan, all magenta and yellow: red
    assert np.asarray(open_picture(encoded(image, "TIFF")))[0, 0].tolist() == [255, 0, 0]


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.asarray(open_picture(data))[0, 0].tolist() == [255, 0, 0]


def test_exif_orientation_is_left_alone():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees: boxes refer to the pixels as stored
    assert open_picture(encoded(noise(30, 20), "JPEG", exif=exif)).size == (30, 20)


# Shorter side 240: 1/2 is 120, 1/4 is 60, 1/8 is 30. Sides are rounded up, so 241 halves to 121.
@pytest.mark.parametrize(
    ("size", "draft", "expected"),
    [
        ((300, 240), 121, (300, 240)),
        ((300, 240), 120, (150, 120)),
        ((300, 240), 61, (150, 120)),
        ((300, 240), 60, (75, 60)),
        ((300, 240), 1, (38, 30)),
        ((300, 241), 120, (150, 121)),
        ((300, 240), 999, (300, 240)),
        ((300, 240), 0, (300, 240)),
        ((300, 240), None, (300, 240)),
    ],
)
def test_draft_never_falls_under_the_asked_side(size, draft, expected):
    assert open_picture(encoded(noise(*size), "JPEG"), draft).size == expected


def test_draft_leaves_other_formats_alone():
    assert open_picture(encoded(noise(300, 240)), 30).size == (300, 240)


def test_missing(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    assert reason(tmp_path / "none.jpg") == "picture is missing"
    assert reason(tmp_path / "file" / "below.jpg") == "picture is missing"
    assert reason(Path("a\0b.jpg")) == "picture is missing"
    dangling = tmp_path / "link.jpg"
    dangling.symlink_to(tmp_path / "nowhere")
    assert reason(dangling) == "picture is missing"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_cut_files_are_never_used(kind, share):
    data = encoded(noise(64, 64), kind)
    assert reason(data[: int(len(data) * share)]) in {"picture is truncated", "picture is damaged", "not a picture"}


def test_a_truncated_jpeg_and_png_are_called_so():
    for kind in ("JPEG", "PNG"):
        data = encoded(noise(64, 64), kind)
        assert reason(data[: len(data) // 2]) == "picture is truncated"


def test_damaged_png():
    data = bytearray(encoded(noise(64, 64)))
    data[len(data) // 2] ^= 0xFF
    assert reason(bytes(data)) in {"picture is damaged", "picture is truncated"}


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_not_a_picture(data):
    assert reason(data) == "not a picture"


def test_folders_and_pipes_are_no_pictures(tmp_path):
    assert reason(tmp_path) == "not a picture"
    os.mkfifo(tmp_path / "pipe.jpg")  # would block for ever if it were opened
    assert reason(tmp_path / "pipe.jpg") == "not a picture"


def test_a_postscript_file_starts_no_interpreter():
    eps = encoded(noise(8, 8), "EPS")
    assert reason(eps) == "not a picture"


@pytest.mark.parametrize("pixels", [150, 1000])  # over the limit: Pillow warns; over twice the limit: it raises
def test_bombs(monkeypatch, pixels):
    data = encoded(noise(pixels, 1))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reason(data) == "decompression bomb"
    assert open_picture(encoded(noise(100, 1))).size == (100, 1)


def test_a_bomb_is_found_where_another_thread_took_the_filter_away(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    monkeypatch.setattr(warnings, "filterwarnings", lambda *args, **options: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert reason(encoded(noise(150, 1))) == "decompression bomb"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path):
    path = tmp_path / "a.png"
    noise(4, 4).save(path)
    path.chmod(0)
    assert reason(path) == "picture cannot be read"


def test_a_failing_disk_is_not_called_a_bad_picture(monkeypatch, tmp_path):
    path = tmp_path / "a.png"
    noise(4, 4).save(path)

    def fail(self, *args, **options):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    assert reason(path) == "picture cannot be read"


def test_32_bit_floats_are_set_aside():
    assert reason(encoded(Image.new("F", (4, 4)), "TIFF")) == "unsupported pixel format"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_hostile_bytes_only_ever_set_a_picture_aside():
    rng = np.random.default_rng(1)
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"):
        clean = np.frombuffer(encoded(noise(24, 24), kind), dtype=np.uint8)
        for _ in range(60):
            data = clean.copy()
            at = rng.integers(0, min(len(data), 400), 6)
            data[at] = rng.integers(0, 256, 6)
            with contextlib.suppress(SetAside):
                assert open_picture(data.tobytes()).mode == "RGB"


def test_identity_changes_with_the_file(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"one")
    first = file_identity(path)
    assert first == file_identity(path)
    assert str(path) in first
    monkeypatch.chdir(tmp_path)
    assert file_identity("a.bin") == first
    os.utime(path, ns=(1, 1))
    second = file_identity(path)
    assert second != first
    path.write_bytes(b"four")
    os.utime(path, ns=(1, 1))
    assert file_identity(path) != second


def test_identity_of_nothing(tmp_path):
    with pytest.raises(SetAside, match="picture is missing"):
        file_identity(tmp_path / "none")


def test_importing_leaves_pillow_strict():
    code = (
        "import dejavu_audit.data.pictures, warnings; from PIL import Image, ImageFile;"
        "assert Image.MAX_IMAGE_PIXELS and not ImageFile.LOAD_TRUNCATED_IMAGES"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"])
def test_the_size_is_that_of_the_decoded_picture(tmp_path, kind):
    content = encoded(noise(31, 20), kind)
    (tmp_path / "a").write_bytes(content)
    for source in (content, tmp_path / "a"):
        assert picture_size(source) == open_picture(source).size == (31, 20)


def test_the_size_needs_no_more_than_the_header():
    whole = encoded(noise(310, 200), "JPEG")
    assert picture_size(whole[: len(whole) // 4]) == (310, 200)


@pytest.mark.parametrize("content", [b"no picture", b"", encoded(noise(31, 20), "BMP")[:200]])
def test_what_has_no_size_is_set_aside_as_when_it_is_opened(content):
    with pytest.raises(SetAside) as raised:
        picture_size(content)
    assert raised.value.reason == reason(content)


def test_the_size_of_a_bomb_is_not_believed(monkeypatch, recwarn):
    content = encoded(noise(31, 20))
    for limit in (31 * 20 - 1, 31 * 20 // 2 - 1):  # Pillow warns over its limit, and raises over twice that
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(SetAside, match="decompression bomb"):
            picture_size(content)
    assert not recwarn.list
