from __future__ import annotations

import json


def test_the_demo_finds_what_is_there_and_nothing_where_nothing_is(cli, tmp_path):
    done = cli("demo", "--out", "runs", timeout=900)
    assert done.returncode == 0, done.stderr
    memorizer, twin = (
        json.loads((tmp_path / "runs" / f"demo-{name}" / "audit.json").read_text("utf-8"))["headline"]
        for name in ("memorizer", "twin")
    )
    assert memorizer["calibrated"] and twin["calibrated"]
    assert memorizer["low"] > 0
    assert twin["low"] < 0 < twin["high"]
    assert "memorizer: Memorization:" in done.stdout
    assert "twin: Nothing found:" in done.stdout
    assert "dejavu-audit openclip ViT-B-32 --data imagenet" in done.stdout
