"""Bad input through the command line: one sentence, exit code 2, nothing written over; a bad picture is set aside."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from typer.testing import CliRunner

from dejavu_audit.cli.main import app
from tests.pictures import write_devkit_tree

SMALL = [
    "--k", 3, "--targets", 6, "--fit", 24, "--public", 9, "--control", 3, "--min-side", 60, "--replicates", 100,
    "--workers", 0, "--device", "cpu", "--baseline-option", "epochs=1",
]  # fmt: skip
RANDOM = ["timm", "test_resnet", "--pretrained", "random"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_devkit_tree(tmp_path_factory.mktemp("devkit"), classes=3, per_class=24).root


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory):
    """One cache for the module, no hub, and a wide screen."""
    with mock.patch.dict(
        os.environ, HF_HUB_OFFLINE="1", COLUMNS="400", XDG_CACHE_HOME=str(tmp_path_factory.mktemp("cache"))
    ):
        yield


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def data(tree):
    return ["--data", "imagenet", "--root", tree]


def run(*args: object):
    """The command, in this process: same exit code, same standard error."""
    return CliRunner().invoke(app, [str(arg) for arg in args])


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def refusal(*args: object) -> str:
    """The sentence of a run that must be refused and leave the working folder exactly as it is."""
    before = everything(Path.cwd())
    done = run(*args)
    assert everything(Path.cwd()) == before, "something was written"
    return sentence(done.exit_code, done.stderr, done.stdout)


def sentence(code: int, stderr: str, stdout: str = "") -> str:
    assert code == 2, stderr
    assert stdout == ""
    assert "Traceback" not in stderr
    assert stderr.count("Error: ") == 1
    said = stderr.rpartition("Error: ")[2]
    assert said.endswith("\n")
    assert said.count("\n") == 1, "more than one line"
    return said.strip()


def set_aside(folder: str, of: str = "target") -> dict[str, int]:
    return json.loads((Path(folder) / "audit.json").read_text("utf-8"))["data"]["set_aside"][of]


# --- the encoder ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoder", "says"),
    [
        (["timm", "test_resnett"], "unknown timm model 'test_resnett': did you mean test_resnet"),
        (["timm", "resnet50.a1_in1kk"], "unknown tag of timm model resnet50 'a1_in1kk': did you mean a1_in1k"),
        (["openclip", "ViT-B-33"], "unknown openclip architecture 'ViT-B-33': did you mean ViT-B-32"),
        (["openclip", "ViT-B-32", "--pretrained", "laion2b"], "'laion2b': did you mean laion2b_e16"),
        (["timm", "resnet50.a1_in1k"], "not cached on this machine.*--pretrained FILE"),
        (["openclip", "ViT-B-32"], "weights laion2b_s34b_b79k of openclip ViT-B-32: not cached.*--pretrained FILE"),
        (["openclip", "hf-hub:no/such"], "hf-hub:no/such: not cached"),
        (["timm", "test_resnet", "--pretrained", "nowhere.pt"], "nowhere.pt does not exist: pass an existing file"),
    ],
)
def test_an_encoder_that_cannot_be_had(data, encoder, says):
    assert re.search(says, refusal(*encoder, *data, *SMALL))


def test_an_unknown_family_is_a_usage_error_with_the_near_match(data):
    done = run("tim", "test_resnet", *data)
    assert done.exit_code == 2
    assert "No such command 'tim'. Did you mean 'timm'?" in done.stderr


class Code:
    """Unpickled, it would leave a file."""

    def __reduce__(self):
        return os.mkdir, ("it-ran",)


def test_weights_that_must_not_be_loaded(data):
    import timm
    import torch
    from safetensors.torch import save_file

    other = timm.create_model("test_vit").state_dict()
    save_file(other, "vit.safetensors")
    torch.save(other, "vit.pt")
    for name in ("vit.safetensors", "vit.pt"):
        whole = Path(name).read_bytes()
        Path(f"cut-{name}").write_bytes(whole[: len(whole) // 2])
    torch.save({"weight": Code()}, "code.pt")
    for file, says in {
        "vit.safetensors": "do not fill timm test_resnet: missing conv1.* unexpected .*looks like test_vit",
        "vit.pt": "do not fill timm test_resnet: missing conv1.* unexpected .*looks like test_vit",
        "cut-vit.safetensors": "cut-vit.safetensors is truncated or damaged.*copy or download it again",
        "cut-vit.pt": "cut-vit.pt is truncated or damaged.*copy or download it again",
        "code.pt": "code.pt needs code to be unpickled.*is refused: save the state dict with safetensors",
    }.items():
        assert re.search(says, refusal("timm", "test_resnet", "--pretrained", file, *data, *SMALL))
    assert not Path("it-ran").exists()


# --- every flag ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--k", "0", "--k: must be greater than or equal to 1"),
        ("--k", "500", "only 9 public pictures; choose a smaller --k"),
        ("--folds", "3", "--folds: must be 1 or 2"),
        ("--batch-size", "x", "--batch-size takes a number or 'auto', not 'x'"),
        ("--batch-size", "0", "--batch-size: must be greater"),
        ("--batch-size", "10000000", "--batch-size: must be less"),
        ("--mean", "1,2", "--mean takes three numbers, as in --mean 0.485,0.456,0.406"),
        ("--mean", "nan", "--mean: must be a finite number"),
        ("--std", "0", "--std: every standard deviation must be above 0"),
        ("--std", "nan,1,1", "--std: must be a finite number"),
        ("--data-option", "x", "--data-option takes KEY=VALUE"),
        ("--data-option", "bogus=1", "imagenet has no option 'bogus'"),
        ("--baseline", "image-clasifier", "unknown baseline 'image-clasifier': did you mean image-classifier"),
        ("--baseline-option", "x", "--baseline-option takes KEY=VALUE"),
        ("--baseline-option", "epoch=1", "'epoch': did you mean epochs|'epoch': choose from"),
        ("--baseline-option", "epochs=x", "epochs=x: must be a whole number"),
        ("--baseline-model", "bogus", "'bogus'.*--baseline-model"),
        ("--workers", "-1", "--workers: must be greater"),
        ("--device", "tpu", "--device: must be 'auto', 'cpu', 'cuda' or 'mps'"),
        ("--precision", "fp8", "--precision: must be 'fp32', 'bf16' or 'fp16'"),
        ("--test", "captions", "--test: must be 'label' or 'objects'"),
        ("--layer", "x", "unknown layer 'x' of timm|unknown layer 'x'"),
        ("--image-size", "1", "--image-size: must be greater than or equal to 8"),
        ("--max-set-aside", "nan", "--max-set-aside: must be"),
        ("--max-set-aside", "2", "--max-set-aside: must be less"),
        ("--crop", "x", "--crop: must be 'largest'"),
        ("--corner", "x", "--corner: must be 'top-left'"),
        ("--corner-fraction", "nan", "--corner-fraction: must be"),
        ("--level", "1", "--level: must be less than 1"),
        ("--level", "nan", "--level: must be"),
        ("--replicates", "1", "--replicates: must be greater"),
        ("--seed", "-1", "--seed: must be greater"),
        ("--seed", str(2**70), "--seed: must be less"),
        ("--preset", "x", "--preset: must be 'quick'"),
        ("--targets", "0", "--targets: must be greater"),
        ("--public", "0", "--public: must be greater"),
        ("--control", "-1", "--control: must be greater"),
        ("--fit", "0", "--fit: must be greater"),
        ("--min-side", "-1", "--min-side: must be greater"),
    ],
)
def test_a_bad_value_of_a_flag(data, flag, value, says):
    assert re.search(says, refusal(*RANDOM, *data, *SMALL, flag, value))


def test_a_device_that_is_not_here(data):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    assert "use --device auto" in refusal(*RANDOM, *data, *SMALL, "--device", "cuda")


@pytest.mark.parametrize("flag", ["--k", "--replicates", "--max-set-aside", "--seed", "--targets"])
def test_what_is_not_even_a_number_is_a_usage_error(data, flag):
    done = run(*RANDOM, *data, flag, "many")
    assert done.exit_code == 2
    assert flag in done.stderr
    assert "Traceback" not in done.stderr


# --- the data ------------------------------------------------------------------------------------------------------


def test_a_root_that_holds_nothing_of_use(tree):
    Path("empty").mkdir()
    Path("other/a").mkdir(parents=True)
    Path("file").write_text("")
    for name, root, says in [
        ("imagenet", [], "needs --root FOLDER"),
        ("imagenet", ["--root", "nowhere"], "there is no folder .*nowhere: give the folder"),
        ("imagenet", ["--root", "empty"], "empty has no ILSVRC layout.*it holds nothing.*--root FOLDER"),
        ("imagenet", ["--root", "other"], "other has no ILSVRC layout.*it holds 'a'"),
        ("imagenet", ["--root", "file"], "file is not a folder"),
        ("imagenet", ["--root", tree / "train"], "holds class folders itself: give the folder above"),
        ("imagnet", ["--root", tree], "unknown data set 'imagnet': did you mean imagenet"),
        ("other", [], "neither a built-in name nor a description"),
        ("mine.toml", [], "there is no dataset description mine.toml"),
    ]:
        assert re.search(says, refusal(*RANDOM, "--data", name, *root, *SMALL)), root


def test_faults_of_annotations_set_their_pictures_aside(tmp_path):
    root = write_devkit_tree(tmp_path / "tree", classes=3, per_class=40).root
    files = iter(sorted((root / "Annotation").glob("n*/*.xml")))

    def spoil(**fields: str) -> None:
        file = next(files)
        text = file.read_text()
        for field, value in fields.items():
            text = re.sub(f"<{field}>.*?</{field}>", f"<{field}>{value}</{field}>", text)
        file.write_text(text)

    next(files).write_text("<annotation><filename>half")
    next(files).write_text('<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><annotation>&b;</annotation>')
    next(files).write_text("")
    spoil(xmin="5000", xmax="6000")  # all boxes outside
    spoil(xmin="200", xmax="100")
    spoil(xmin="nan")
    spoil(xmin="1e400")
    spoil(width="10", height="10")  # as of another picture
    spoil(xmin="-50", xmax="50")  # partly outside: clipped and used
    done = run(*RANDOM, "--data", "imagenet", "--root", root, *SMALL, "--targets", 84, "--folds", 2, "--out", "run")
    assert done.exit_code == 0, done.stderr
    assert set_aside("run") == {
        "annotation is malformed": 2,
        "annotation has forbidden XML": 1,
        "box is empty after clipping": 1,
        "box is reversed": 1,
        "box is not a number": 2,
        "annotation is of another picture": 1,
    }


def hollow_png(width: int, height: int) -> bytes:
    """A few bytes that claim to be a large picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


COLUMNS = ["path", "label", "boxes", "id"]
MINE = [*RANDOM, "--data", "mine.toml"]


def describe(rows: list[list[str]], columns: list[str] = COLUMNS) -> None:
    """A description of the pictures in `rows`, in the working folder."""
    Path("mine.toml").write_text('name = "mine"\nmanifest = "mine.csv"\n')
    with Path("mine.csv").open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def copied(tree: Path) -> list[list[str]]:
    """Rows for a manifest, of all pictures of a tree, copied to the working folder."""
    shutil.copytree(tree / "train", "train")
    return [[str(f), f.parent.name, "[[10, 10, 90, 90]]", f.stem] for f in sorted(Path("train").rglob("*.JPEG"))]


@pytest.mark.parametrize("workers", [0, 2])
def test_faults_of_pictures_set_them_aside(tree, workers):
    rows = copied(tree)
    files = [Path(row[0]) for row in rows]
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:2_000])
    files[2].write_bytes(hollow_png(30_000, 30_000))
    files[3].write_bytes(b"no picture at all")
    files[4].write_bytes(b"")
    files[5].unlink()
    files[5].symlink_to("/etc/hostname")  # a path that leaves the root by a link
    for row, boxes in enumerate(["[[5000,0,6000,9]]", "[[90,10,10,90]]", "[[NaN,1,2,3]]", "x", "[[1,2]]", "[]"], 20):
        rows[row][2] = boxes
    describe(rows)
    asked = [
        *MINE,
        *SMALL,
        "--targets",
        100,
        "--control",
        0,
        "--folds",
        2,
        "--workers",
        workers,
        "--cache-dir",
        "cache",
    ]
    done = run(*asked, "--out", "run")
    assert done.exit_code == 0, done.stderr
    lost = {
        "picture is missing": 1,
        "picture is truncated": 1,
        "decompression bomb": 1,
        "not a picture": 2,
        "path leaves the root": 1,
        "box is empty after clipping": 1,
        "box is reversed": 1,
        "box is not a number": 1,
        "annotation is malformed": 2,
        "no boxes": 1,
    }
    found = set_aside("run")
    # Some of the rows have made the public set, where boxes do not matter: never one counted that is not at fault.
    found_public = set_aside("run", "public")
    assert found.items() <= lost.items() or all(found[reason] <= lost[reason] for reason in found)
    pictures = list(lost)[:5]
    assert {r: found.get(r, 0) + found_public.get(r, 0) for r in pictures} == {r: lost[r] for r in pictures}
    # With too little left, it ends, and says what was lost most.
    said = sentence_of(run(*asked, "--max-set-aside", 0.01, "--out", "run2"))
    assert re.search(r"\d+ of \d+ target pictures had to be set aside \(.*more than --max-set-aside 0.01 allows", said)
    assert not Path("run2").exists()


def sentence_of(done) -> str:
    return sentence(done.exit_code, done.stderr)


def test_no_target_left_names_the_flag_to_turn_and_gives_the_folder_back(data):
    asked = [*RANDOM, *data, *SMALL, "--out", "run"]
    said = refusal(*asked, "--min-side", 1_000, "--max-set-aside", 1)
    assert "target" in said
    assert re.search("under --min-side 1000[:;] choose a smaller one", said)
    # The mended command can have the folder that the failed one had claimed.
    assert not Path("run").exists()
    assert run(*asked).exit_code == 0


def test_a_class_with_one_picture_is_no_fault_of_the_run(tree):
    shutil.copytree(tree, "tree")
    lonely = sorted(Path("tree/train").iterdir())[0]
    for file in sorted(lonely.iterdir())[1:]:
        file.unlink()
    done = run(*RANDOM, "--data", "imagenet", "--root", "tree", *SMALL, "--out", "run")
    assert done.exit_code == 0, done.stderr
    # That picture is lent to the public set, so that the class can be named, and its control be judged.
    assert set_aside("run", "control") == {}


@pytest.mark.parametrize(
    ("columns", "row", "says"),
    [
        (["file", "label", "boxes", "id"], None, "mine.csv has no column 'path'.*found: file, label, boxes, id"),
        (["path", "kind", "boxes", "id"], None, "mine.csv has no column 'label'; found: path, kind, boxes, id"),
        (COLUMNS, ["../x.jpg", "a", "[]", "1"], "paths that leave the root, the first is '../x.jpg'"),
        (COLUMNS, ["/etc/passwd", "a", "[]", "1"], "paths that leave the root, the first is '/etc/passwd'"),
        (COLUMNS, ["a/../../x", "a", "[]", "1"], "paths that leave the root, the first is 'a/../../x'"),
        (COLUMNS, ["x.jpg", "", "[]", "1"], "'label' of mine.csv has 1 empty places"),
        (COLUMNS, ["x.jpg", "a", "[]", "n01440764_0"], "two pictures .* have the id 'n01440764_0'"),
    ],
)
def test_a_manifest_at_fault(tree, columns, row, says):
    rows = copied(tree)
    describe([*rows, row] if row else rows, columns)
    assert re.search(says, refusal(*MINE, *SMALL))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('{"path": "a.jpg", "label": "cat"}\n{"path": "b.jpg", "label": 3}\n', "'label' of mine.jsonl mixes types"),
        ('{"path": "a.jpg", "label": "cat"}\n{"path": "b.jpg",\n', "line 2 of mine.jsonl is not JSON"),
        ('{"path": "a.jpg", "label": 1.5}\n', "'label' of mine.jsonl is of type double"),
    ],
)
def test_a_manifest_of_mixed_types(lines, says):
    Path("mine.toml").write_text('name = "mine"\nmanifest = "mine.jsonl"\n')
    Path("mine.jsonl").write_text(lines)
    assert says in refusal(*MINE, *SMALL)


def test_a_split_file_at_fault(data, tmp_path_factory):
    made = tmp_path_factory.mktemp("split") / "run"
    assert run(*RANDOM, *data, *SMALL, "--out", made).exit_code == 0
    split = pd.read_parquet(made / "split.parquet")
    first = split.id[0]
    for table, says in [
        (split.assign(id=["nobody", *split.id[1:]]), "names 1 ids that imagenet does not have, the first is 'nobody'"),
        (pd.concat([split, split[:1].assign(set="public")]), f"has '{first}' in {split.set[0]} and in public"),
        (pd.concat([split, split[:1]]), f"has '{first}' twice"),
        (split.assign(set=["targets", *split.set[1:]]), "unknown set 'targets': did you mean target"),
        (split[["id"]], "no column 'set'"),
        (split[split.set != "public"], "only 0 public pictures"),
    ]:
        table.to_parquet("split.parquet")
        assert says in refusal(*RANDOM, *data, *SMALL, "--split", "split.parquet")
    assert "there is no file nowhere.parquet" in refusal(*RANDOM, *data, *SMALL, "--split", "nowhere.parquet")


# --- where it writes -----------------------------------------------------------------------------------------------


def test_nothing_is_written_over(data):
    assert run(*RANDOM, *data, *SMALL, "--out", "run").exit_code == 0
    Path("thesis").mkdir()
    Path("thesis/chapter.tex").write_text("years of work")
    Path("file").write_text("mine")
    for out, says in [
        ("run", "the folder run holds another run"),
        ("thesis", "thesis holds files that are not an audit's; choose another --out"),
        ("file", "--out file is a file; name a folder"),
        ("file/run", "lies under .*file, which is a file; choose another --out"),
        ("x" * 300, "cannot be used .*choose another --out"),
    ]:
        assert re.search(says, refusal(*RANDOM, *data, *SMALL, "--seed", 1, "--out", out)), out
    if Path("/proc/self").exists():  # a folder where not even root can make one
        said = refusal(*RANDOM, *data, *SMALL, "--out", "/proc/run")
        assert "/proc/run" in said
        assert "choose another --out" in said


@pytest.mark.parametrize("place", ["file/cache", "file", "/proc/cache"])
def test_a_cache_folder_that_cannot_be_written_to(data, place):
    Path("file").write_text("mine")
    said = refusal(*RANDOM, *data, *SMALL, "--cache-dir", place)
    assert said.startswith(f"the cache folder {place} cannot be written to")
    assert "choose another with --cache-dir" in said


@contextlib.contextmanager
def tiny_disk(free: int):
    """A disk of 512 KiB with so much free of it; the test is skipped where no disk may be mounted."""
    Path("disk").mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", "disk"]
    try:
        refused = subprocess.run(mount, capture_output=True, check=False).returncode
    except OSError:
        refused = True
    if refused:
        pytest.skip("no disk may be mounted here")
    try:
        Path("disk/fill").write_bytes(bytes(512 * 1024 - free))
        yield
    finally:
        subprocess.run(["umount", "disk"], check=True)


@pytest.mark.parametrize("free", [0, 64 * 1024])
def test_a_full_disk(data, free):
    with tiny_disk(free):
        done = run(*RANDOM, *data, *SMALL, "--cache-dir", "disk/cache")
        said = sentence(done.exit_code, done.stderr)
        assert "the cache folder disk/cache has no room left" in said
        assert "--cache-dir" in said
        assert not Path("runs").exists() or not list(Path("runs").iterdir())
        if free == 0:
            done = run(*RANDOM, *data, *SMALL, "--out", "disk/run")
            said = sentence(done.exit_code, done.stderr)
            assert "No space left on device; make room there or choose another --out" in said
            assert not list(Path("disk").rglob("*.json"))


# --- as a process --------------------------------------------------------------------------------------------------


def test_as_a_process_it_is_the_same(cli, data):
    done = cli(*RANDOM, *data, *SMALL, "--k", 500, LANG="C", PYTHONIOENCODING="ascii", COLUMNS="40")
    assert "choose a smaller --k" in sentence(done.returncode, done.stderr, done.stdout)


def test_a_reader_that_leaves_and_a_terminal_without_accents(cli, data):
    """`| head` must not end in 1, which is a failed gate; a letter that the terminal lacks is no fault of ours."""
    command = [sys.executable, "-m", "dejavu_audit", *RANDOM, *data, *SMALL, "--out", "run"]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "40"}
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ascii_only
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0, said
    assert "Traceback" not in said
    done = cli(*RANDOM, *data, *SMALL, "--out", "run", cwd=Path.cwd(), PYTHONIOENCODING="ascii", COLUMNS="40")
    assert done.returncode == 0, done.stderr
    assert "deja vu" in " ".join(done.stdout.split())
    assert cli("timm", "--help", PYTHONIOENCODING="ascii").returncode == 0


def test_ctrl_c_while_libraries_are_imported(data):
    """Inside the start of a compiled module a KeyboardInterrupt would abort, and elsewhere show a traceback."""
    code = (
        "import os, signal, sys, threading\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch._C':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "from dejavu_audit.__main__ import run\n"
        "run()\n"
    )
    command = [sys.executable, "-c", code, *RANDOM, *data, *SMALL]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130, done.stderr
    assert "Interrupted" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_inside_generated_code_still_ends_with_130(data):
    """Python dies of SIGINT by itself after a KeyboardInterrupt inside exec(), whatever caught it."""
    code = (
        "import sys\n"
        "import dejavu_audit.audit as audit\n"
        "def pressed(*_):\n"
        "    exec('raise KeyboardInterrupt')\n"
        "sys.modules['dejavu_audit.audit'].prepare = pressed\n"
        "from dejavu_audit.__main__ import run\n"
        "run()\n"
    )
    command = [sys.executable, "-c", code, *RANDOM, *data, *SMALL]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130, (done.returncode, -signal.SIGINT, done.stderr)
    assert "type the same command again to go on" in done.stderr


def test_a_fault_of_ours_ends_with_70_and_gives_the_folder_back(data, monkeypatch):
    def broken(*_):
        raise KeyError("ours")

    monkeypatch.setattr(sys.modules["dejavu_audit.audit"], "look", broken)
    done = run(*RANDOM, *data, *SMALL, "--out", "run")
    assert done.exit_code == 70
    assert "KeyError: 'ours'" in done.stderr
    assert "please report it" in done.stderr
    assert not Path("run").exists()
