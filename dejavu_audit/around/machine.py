"""Whether this machine is fit for an audit: versions, devices, room, caches, extras, data roots."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dejavu_audit import plugins
from dejavu_audit.errors import AuditError

Standing: TypeAlias = Literal["ok", "note", "bad"]
PACKAGES = (
    "dejavu-audit", "torch", "torchvision", "timm", "open_clip_torch", "transformers", "sentence-transformers",
    "faiss-cpu", "numpy", "scipy", "scikit-learn", "pyarrow", "pillow", "typer",
)  # fmt: skip
LITTLE_DISK, LITTLE_MEMORY = 2e9, 2e9
"""Bytes under which room is called little: an audit of 10,000 targets wants about as much."""


@dataclass(frozen=True)
class Check:
    """Something that was looked at."""

    group: str
    name: str
    standing: Standing
    """ok; note: an audit may still run; bad: it cannot, or not rightly."""
    says: str
    advice: str = ""
    """What to type, or to mend."""

    def as_json(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)


def checks(cache_dir: str | None, audit: Mapping[str, Any]) -> Iterator[Check]:
    """All that can be looked at without an audit; `audit` is what dejavu.toml sets."""
    yield from versions()
    yield from devices()
    yield from extras()
    yield from plug_ins()
    yield from room(cache_dir)
    yield from caches(cache_dir)
    yield from data_roots(audit)


def versions() -> Iterator[Check]:
    """Of Python and of what computes the number."""
    right = sys.version_info >= (3, 10)
    told = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Check("versions", "python", "ok" if right else "bad", told, "" if right else "install Python 3.10 or newer")
    for name in PACKAGES:
        found = installed(name)
        if found is not None or name == "transformers":  # an extra
            if found is not None:
                yield Check("versions", name, "ok", found)
        elif name == "faiss-cpu" and installed("faiss-gpu") is not None:
            yield Check("versions", "faiss-gpu", "ok", str(installed("faiss-gpu")))
        else:
            yield Check("versions", name, "bad", "not installed", f"type pip install {name}")


def installed(package: str) -> str | None:
    """The version of an installed package; None where there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def devices() -> Iterator[Check]:
    """What models can run on."""
    try:
        import torch
    except Exception as error:  # a build that does not fit this machine fails in many ways
        yield Check("devices", "torch", "bad", f"cannot be imported: {error}", "install torch anew, see pytorch.org")
        return
    yield Check("devices", "cpu", "ok", f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads")
    for number in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(number)
        yield Check("devices", f"cuda:{number}", "ok", f"{card.name}, {card.total_memory / 1e9:.0f} GB")
    if torch.backends.mps.is_available():
        yield Check("devices", "mps", "ok", "Apple's graphics processor")
    from dejavu_audit.encoders.torch_encoder import choose_device

    yield Check("devices", "--device auto", "ok", f"is {choose_device('auto')}")


def extras() -> Iterator[Check]:
    """Optional parts of this package, and what they lack."""
    try:
        told = metadata("dejavu-audit")
    except PackageNotFoundError:
        return
    needs: dict[str, list[str]] = {}
    for requirement in told.get_all("Requires-Dist") or []:
        extra = re.search(r"extra\s*==\s*['\"]([\w.-]+)['\"]", requirement)
        if extra:
            needs.setdefault(extra[1], []).append(re.split(r"[\s;<>=!~(\[]", requirement)[0])
    for name in told.get_all("Provides-Extra") or []:
        if name == "dev":
            continue
        lacking = [package for package in needs.get(name, []) if installed(package) is None]
        advice = f"type pip install 'dejavu-audit[{name}]'" if lacking else ""
        says = f"lacks {', '.join(lacking)}" if lacking else "installed"
        yield Check("extras", name, "note" if lacking else "ok", says, advice)


def plug_ins() -> Iterator[Check]:
    """What is offered by entry point and broken, and what others offer."""
    from dejavu_audit.around.offers import offers

    kinds = {"encoders": plugins.ENCODERS, "datasets": plugins.DATASETS}
    kinds |= {"baselines": plugins.BASELINES, "taggers": plugins.TAGGERS}
    for kind, group in kinds.items():
        found = offers(group)
        broken = [offer for offer in found if offer.problem]
        others = [f"{offer.name} ({offer.package} {offer.version})" for offer in found if not offer.ours]
        told = f"{len(found) - len(broken)} usable" + (f", of others: {', '.join(others)}" if others else "")
        yield Check("plug-ins", kind, "ok", told)
        for offer in broken:
            told = f"{offer.problem} ({offer.package} {offer.version})"
            advice = f"mend or remove the package {offer.package}" if not offer.ours else "install dejavu-audit anew"
            yield Check("plug-ins", f"{kind} {offer.name}", "bad" if offer.ours else "note", told, advice)


def room(cache_dir: str | None) -> Iterator[Check]:
    """Disk and memory, and whether runs and cache can be written."""
    from dejavu_audit.embeddings.store import cache_root
    from dejavu_audit.planning import disk, memory
    from dejavu_audit.planning.room import size

    for name, folder, flag in (("run folders", Path("runs"), "--out"), ("cache", cache_root(cache_dir), "--cache-dir")):
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            yield Check("room", name, "bad", f"{there} cannot be written to", f"choose another {flag}")
            continue
        free = disk.free(folder)
        few = free < LITTLE_DISK
        advice = f"make room, or choose another {flag}" if few else ""
        yield Check("room", name, "note" if few else "ok", f"{folder.absolute()}: {size(free)} free", advice)
    available = memory.available()
    if available is not None:
        few = available < LITTLE_MEMORY
        advice = "choose --preset quick, or fewer --workers" if few else ""
        yield Check("room", "memory", "note" if few else "ok", f"{size(available)} available", advice)


def caches(cache_dir: str | None) -> Iterator[Check]:
    """What is kept on this machine, and how large it is."""
    from dejavu_audit.embeddings.cache import info
    from dejavu_audit.embeddings.store import cache_root
    from dejavu_audit.planning.room import size

    entries = info(cache_dir)
    damaged = sum(entry.damaged for entry in entries)
    told = f"{cache_root(cache_dir)}: {size(sum(entry.size for entry in entries))} in {len(entries)} entries"
    advice = "type dejavu-audit cache prune" if damaged else ""
    told += f", {damaged} damaged files" if damaged else ""
    yield Check("caches", "dejavu-audit", "note" if damaged else "ok", told, advice)
    for name, folder in (("model hub", _hub()), ("torch hub", _torch_hub())):
        if folder is not None:
            yield Check("caches", name, "ok", f"{folder}: {size(_size(folder)) if folder.is_dir() else 'empty'}")


def _hub() -> Path | None:
    try:
        from huggingface_hub import constants
    except ImportError:
        return None
    return Path(constants.HF_HUB_CACHE)


def _torch_hub() -> Path | None:
    try:
        import torch
    except Exception:  # told under devices
        return None
    return Path(torch.hub.get_dir())


def _size(folder: Path) -> int:
    """Bytes below a folder; links count once, as what they are."""
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - called for every file
            except OSError:  # gone meanwhile
                continue
    return total


def data_roots(audit: Mapping[str, Any]) -> Iterator[Check]:
    """The data whose place the environment or dejavu.toml tells: whether they are read there."""
    from dejavu_audit.data.loading import root_variable

    for name in plugins.names(plugins.DATASETS):
        root = os.environ.get(root_variable(name))
        if root:
            yield _read({"data": name, "root": root}, f"set in {root_variable(name)}")
    if "data" in audit:
        wanted = {key: audit[key] for key in ("data", "root", "data_options") if key in audit}
        yield _read(wanted, "set in dejavu.toml")


def _read(wanted: Mapping[str, Any], where: str) -> Check:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.data.loading import load_dataset

    name = str(wanted["data"])
    try:
        found = load_dataset(AuditConfig.resolve(family="-", model="-", **wanted))
    except AuditError as error:
        return Check("data", name, "bad", f"{error} ({where})", "mend it there")
    told = f"{len(found.table):,} pictures"
    told += f", {len(found.classes):,} classes" if len(found.classes) else ""
    return Check("data", name, "ok", f"{told}{', in ' + found.root if found.root else ''} ({where})")
