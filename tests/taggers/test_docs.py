"""The tagger in docs/taggers.md works as printed, found by an entry point."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from dejavu_audit.taggers.loading import load_tagger

DOCS = Path(__file__).parents[2] / "docs" / "taggers.md"


def test_the_example_is_found_and_knows_its_colours(tmp_path, monkeypatch):
    text = DOCS.read_text()
    code, toml = (re.search(rf"```{kind}[^\n]*\n(.*?)```", text, re.S).group(1) for kind in ("python", "toml"))
    (tmp_path / "my_taggers.py").write_text(code)
    info = tmp_path / "my_taggers-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-taggers\nVersion: 1\n")
    group, line = toml.splitlines()
    group, entry = group.split('"')[1], line.replace('"', "")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        tagger = load_tagger("colours:any")
        picture = Image.new("RGB", (40, 40), (200, 10, 10))
        picture.paste((0, 0, 255), (0, 0, 40, 10))  # a quarter of it
        scores = tagger.embed_images(torch.stack([tagger.transform(picture)]))
        assert dict(zip(tagger.vocabulary, scores[0].tolist(), strict=True)) == pytest.approx(
            {"red": 0.75, "green": 0, "blue": 0.25}, abs=0.07
        )
    finally:
        sys.modules.pop("my_taggers", None)
