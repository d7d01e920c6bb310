"""Runs a page: its blocks in their order, in a folder of its own, as far as can be done in seconds.

How far a command goes:

- *run*: as it is typed, with the exit code that the page states. All that needs only built-in data, the sample
  checkpoints or finished runs; and audits of open_clip's ViT-B-32 with weights from a file, where a tiny architecture
  of that name and small data stand in. `DEJAVU_AUDIT_…` makes the samples small. Plots and
  reports are left out, but for those of the demo and of `dejavu-audit report`.
- *refused*: as it is typed, and ends with the sentence of the model hub, which tests must not reach.
- *read*: through the real parser, flags and values, and as far as a configuration. What would take minutes, or needs
  weights of 100 MB.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
import yaml
from typer.testing import CliRunner

from dejavu_audit import plugins
from dejavu_audit.cli import main
from dejavu_audit.errors import AuditError
from tests.docs import stand_ins
from tests.docs.blocks import ROOT, Block, Line, shell_lines
from tests.run_folders import write_run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHOWN = ("text",)
"""Kinds that are looked at only."""
FAMILIES = set(plugins.names(plugins.ENCODERS))
PLACEHOLDERS = {"RUN", "RUN_A", "RUN_B", "OLD", "NEW"}
SLOW = {
    "bench": "thousands of audits",
    "prune": "it would empty the cache that these tests share",
}
VERDICTS = (0, 1, 3)
HUB = "not cached on this machine"
SMALL = {f"DEJAVU_AUDIT_{name.upper()}": str(size) for name, size in stand_ins.SIZES.items()}
"""For audits of the built-in scenes."""
TINY = {"DEJAVU_AUDIT_K": "5", "DEJAVU_AUDIT_BASELINE_OPTION": "epochs=1"}
"""For audits of the stand-ins."""
PLACES = re.compile(r"/path/to/|(?<![\w.])/data/")
"""Folders of the user's; the stand-ins lie here."""
REWRITTEN = (
    (PLACES, ""),
    (
        re.compile(r'audit\(\s*"openclip:ViT-B-32",\s*'),
        'audit("openclip:ViT-B-32", pretrained="mine.pt", k=5, workers=0, ',
    ),
    (re.compile(r'model="ViT-B-32",\s*'), 'model="ViT-B-32", pretrained="mine.pt", k=5, workers=0, '),
    (re.compile(r'data="scenes",\s*image_size'), f'data="scenes", {stand_ins.AS_KEYWORDS}, image_size'),
    (re.compile(r'sweep\("sweep.toml"'), 'sweep("small-sweep.toml"'),
    (re.compile(r"Wishes\("), "Wishes(seconds=0, "),
    (re.compile(r"runs/…/"), "runs/demo-memorizer/"),
)
"""Of Python blocks: where the data are, and weights that need no hub."""


@dataclass
class Workshop:
    """What all pages share."""

    stand_ins: Path
    runs: Path
    folder: Path
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    """Of processor time, by block."""

    def link(self, place: Path) -> None:
        """The stand-ins, at the names that pages use."""
        shutil.copytree(self.stand_ins, place, copy_function=os.link, dirs_exist_ok=True)

    def page(self, name: str) -> Path:
        """A folder for one page: the stand-ins linked in, and runs of its own."""
        place = self.folder / re.sub(r"\W+", "-", name)
        place.mkdir()
        self.link(place)
        for name in ("ci", "examples"):
            if (ROOT / name).is_dir():
                (place / name).symlink_to(ROOT / name)
        ensemble = write_run(place / "runs" / "clip-ensemble", references=("image-classifier", "naive-bayes"))
        os.utime(ensemble / "audit.json", (0, 0))  # never the latest
        for demo, names in stand_ins.RUNS.items():
            for name in (demo, *names):
                where = place / "runs" / name if name not in PLACEHOLDERS else place / name
                shutil.copytree(self.runs / demo, where, copy_function=os.link)
        subprocess.run(["git", "init", "--quiet"], cwd=place, check=True)
        return place


class PageRun:
    """One page while it is run."""

    def __init__(self, workshop: Workshop, name: str) -> None:
        self.workshop, self.name = workshop, name
        self.folder = workshop.page(name)
        self.names: dict[str, Any] = {"__name__": "page"}
        self.faults: list[str] = []

    def run(self, block: Block) -> None:
        """One block; faults are collected, so that one run of the tests tells all of a page."""
        began = time.process_time()
        self._run(block)
        self.workshop.seconds[str(block)] = time.process_time() - began

    def _run(self, block: Block) -> None:
        os.chdir(self.folder)
        if block.not_run:
            self.workshop.counts["blocks that say why they are not run"] += 1
            self.workshop.notes.append(f"{block}: not run: {block.not_run}")
            return
        kind = block.kind or "(none)"
        do = getattr(self, f"do_{kind}", None)
        if kind in SHOWN:
            self.workshop.counts["blocks of output, shown"] += 1
        elif do is None:
            self.faults.append(f"{block}: a block of the kind {kind}: say what it is, as in ```bash or ```text")
        else:
            try:
                do(block)
            except Exception as error:
                self.faults.append(f"{block}: {type(error).__name__}: {error}")

    def write(self, block: Block) -> None:
        """A block with a title is the text of that file."""
        if block.title:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # it may be a link to a stand-in
            path.write_text(PLACES.sub("", block.text), "utf-8")

    # -- commands

    def do_bash(self, block: Block) -> None:
        for line in shell_lines(block):
            try:
                self.command(line)
            except Exception as error:
                self.faults.append(f"{line}\n    {type(error).__name__}: {error}")

    do_console = do_bash

    def command(self, line: Line) -> None:
        words = line.words
        if words[0] == "dejavu-audit":
            self.ours(line)
        elif words[0] == "pip":
            self.workshop.counts["pip: what it installs is known"] += 1
            assert words[1] == "install", "only pip install"
            for what in words[2:]:
                own = re.fullmatch(r"dejavu-audit(\[(\w+)\])?", what)
                if own and own[2]:
                    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
                    assert own[2] in extras["optional-dependencies"], what
                elif what == "./my-arrays":
                    install(self.folder, "my_arrays.py", "arrays = my_arrays:load", plugins.DATASETS)
                elif what == "./examples/own-baseline":
                    example = (ROOT / "examples" / "own-baseline" / "colour_histogram.py").read_text("utf-8")
                    (self.folder / "colour_histogram.py").write_text(example, "utf-8")
                    install(
                        self.folder,
                        "colour_histogram.py",
                        "colour-histogram = colour_histogram:load",
                        plugins.BASELINES,
                    )
                else:
                    assert own, f"what is {what}?"
        elif words[0] == "make":
            self.workshop.counts["make: the target is there"] += 1
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
            assert words[1] in targets, f"the Makefile has no target {words[1]}"
        elif words[:2] == (".", ".venv/bin/activate"):
            self.workshop.counts["shell: activates the environment that runs this"] += 1
        elif words[0] == "cd":
            self.folder = self.folder / words[1]
            self.workshop.link(self.folder)
            os.chdir(self.folder)
        else:
            self.workshop.counts["shell commands, run"] += 1
            who = {
                f"GIT_{one}_{what}": "docs@example.org" for one in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
            }
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            done = subprocess.run(
                ["bash", "-ec", line.text], cwd=self.folder, env={**os.environ, **who, "PATH": path},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == line.exit_code, done.stderr

    def ours(self, line: Line) -> None:
        words = tuple(PLACES.sub("", word) for word in line.words[1:])
        leaf, _ = parsed(redirected(words)[0])
        why = self.only_read(words, leaf)
        if why:
            self.workshop.counts[f"commands read: {why}"] += 1
            return
        if leaf == "demo":
            self.workshop.counts["commands run once, for all pages: the demo"] += 1
            return
        words, file = redirected(words)
        environment = self.environment(words)
        done = CliRunner().invoke(main.app, [*words, *shortened(words)], env=environment)
        said = " ".join(done.output.split())
        if done.exit_code == 2 and HUB in said:
            self.workshop.counts["commands refused without the hub"] += 1
            if "--update" in words:  # what it would have left is named by the next line
                (self.folder / "dejavu-baseline.parquet").touch()
            return
        if file:
            (self.folder / file).write_text(done.stdout, "utf-8")
        self.workshop.counts["commands run"] += 1
        if leaf == "gate" and not line.exit_code and "DEJAVU_AUDIT_FIT" not in environment:
            assert done.exit_code in VERDICTS, said[-700:]  # of stand-ins no page can say which
            return
        assert done.exit_code == line.exit_code, (
            f"ended with {done.exit_code}, not {line.exit_code}: {said[-700:]} {done.exception!r}"
        )

    def only_read(self, words: tuple[str, ...], leaf: str) -> str | None:
        """Why a command is not run; None: it is."""
        if leaf in SLOW:
            return SLOW[leaf]
        if leaf in FAMILIES:
            if "…" in words:
                return "it names no data"
            model = words[words.index(leaf) + 1]
            tiny = leaf == "openclip" or "test_resnet" in model or "hub" in model or leaf == "python"
            if not tiny and "--pretrained" in words:
                return "weights of 100 MB"
            if leaf in ("checkpoint", "torchscript"):
                return "weights of 100 MB"
        if leaf == "sweep" and not self.swept(words):
            return "weights of 100 MB"
        return None

    def swept(self, words: tuple[str, ...]) -> bool:
        """Whether a sweep's checkpoints are small ones."""
        spec = self.folder / words[words.index("sweep") + 1]
        return spec.is_file() and "test_resnet" in spec.read_text("utf-8")

    def environment(self, words: tuple[str, ...]) -> dict[str, str | None]:
        """What makes an audit small."""
        settings = self.folder / "dejavu.toml"
        told = "" if "--data" in words or not settings.is_file() else settings.read_text("utf-8")
        scenes = "scenes" in words or "scenes" in told
        chosen = SMALL if scenes else TINY
        small = {
            name: value for name, value in chosen.items() if f"--{name[13:].lower().replace('_', '-')}" not in words
        }
        if {"captions", "coco", "--reference", "--baseline"} & set(words):
            small.pop("DEJAVU_AUDIT_BASELINE_OPTION", None)  # they have no epochs
        return {"DEJAVU_AUDIT_WORKERS": "0", "DEJAVU_AUDIT_IMAGENET_ROOT": "imagenet", **small}

    # -- files

    def do_toml(self, block: Block) -> None:
        self.write(block)
        keys = tomllib.loads(block.text)
        path = self.folder / (block.title or "fragment.toml")
        if not block.title:
            path.write_text(PLACES.sub("", block.text), "utf-8")
        if "project" in keys:
            for group in keys["project"].get("entry-points", {}):
                assert group in (plugins.ENCODERS, plugins.DATASETS, plugins.BASELINES, plugins.TAGGERS), group
        elif set(keys) <= {"audit", "gate", "limit"}:
            from dejavu_audit.gate.limits import rules_of
            from dejavu_audit.settings.file import read_settings

            rules_of(read_settings(path))
        elif {"row", "glob"} & set(keys):
            from dejavu_audit.sweep.spec import read_spec

            for glob in keys.get("glob", []):
                place = self.folder / glob["files"].replace("*", "1")
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
            assert read_spec(path).rows
            # Utility has a page that measures it; here it would take half of the time.
            small = block.text.replace('data = "scenes"\n', f'data = "scenes"\n{stand_ins.AS_TOML}')
            path.write_text(small.replace("utility = true\n", ""), "utf-8")
        elif "name" in keys and {"manifest", "folder"} & set(keys):
            from dejavu_audit.data.description import read_description

            assert read_description(path).name == keys["name"]
        else:
            raise ValueError("a TOML file of which nothing here says what it is")
        self.workshop.counts["TOML files read by what they are for"] += 1

    def do_json(self, block: Block) -> None:
        self.write(block)
        for line in block.text.splitlines():
            assert isinstance(json.loads(line), dict)
        self.workshop.counts["JSON lines read"] += 1

    def do_csv(self, block: Block) -> None:
        self.write(block)
        rows = list(csv.reader(io.StringIO(block.text)))
        assert len({len(row) for row in rows}) == 1, "rows of different lengths"
        if block.title == "birds.csv":
            with (self.folder / block.title).open("a", encoding="utf-8") as file:
                file.write(stand_ins.MORE_BIRDS)
        self.workshop.counts["CSV files read"] += 1

    def do_yaml(self, block: Block) -> None:
        self.write(block)
        yaml.safe_load(block.text)
        self.mentioned(block)
        self.workshop.counts["YAML files read, their commands parsed"] += 1

    def do_groovy(self, block: Block) -> None:
        self.mentioned(block)
        self.workshop.counts["pipelines whose commands are parsed"] += 1

    def mentioned(self, block: Block) -> None:
        """Commands within other languages: our own are parsed."""
        for found in re.finditer(r"(?:run: |'|^\s*)(dejavu-audit [^'\n]*)", block.text, re.M):
            parsed(tuple(found[1].split()[1:]))

    # -- Python

    def do_python(self, block: Block) -> None:
        self.write(block)
        code = block.text
        for pattern, instead in REWRITTEN:
            code = pattern.sub(instead, code)
        compiled = compile(code, f"<{block}>", "exec")
        if block.title:
            exec(compiled, {"__name__": Path(block.title).stem})
            self.workshop.counts["Python files imported"] += 1
            return
        exec(compiled, self.names)
        self.workshop.counts["Python blocks run"] += 1


def parsed(words: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """The last command that the words name, and its parameters, by the real parser; flags it does not know raise."""
    command, name, rest = typer.main.get_command(main.app), "dejavu-audit", list(words)
    context = None
    while hasattr(command, "commands"):
        assert rest and rest[0] in command.commands, f"{name} has no command {rest[:1]}"
        name = rest.pop(0)
        command = command.commands[name]
    context = command.make_context(name, rest)
    if name in FAMILIES and words[0] == name:
        from dejavu_audit.cli.flags import OTHERS, configuration

        given = {key: value for key, value in context.params.items() if key not in OTHERS}
        configuration(name, given)
    return name, context.params


def shortened(words: tuple[str, ...]) -> list[str]:
    """Flags that leave a command as it is, and only save its time."""
    if words[0] == "plan" and "--seconds" not in words:
        return ["--seconds", "0"]
    if words[0] == "doctor" and "--no-self-test" not in words:
        return ["--no-self-test"]
    return []


def redirected(words: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """The words before `> FILE`, and the file."""
    return (words[:-2], words[-1]) if len(words) > 2 and words[-2] == ">" else (words, None)


def install(folder: Path, module: str, entry: str, group: str) -> None:
    """What pip would leave in site-packages for a page's package, in a folder that the tests add to the path."""
    assert (folder / module).is_file(), f"the page shows no {module}"
    name = Path(module).stem
    info = folder / f"{name}-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry}\n", "utf-8")
    sys.path.insert(0, str(folder))


__all__ = ["AuditError", "PageRun", "Workshop"]
