"""An open_clip model config so small that random weights of it embed pictures and captions in milliseconds."""

from __future__ import annotations

import json
from pathlib import Path

CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


def write_tiny_clip(folder: Path) -> Path:
    """The config as a JSON file, for `openclip FILE --pretrained random`."""
    file = folder / "tiny.json"
    file.write_text(json.dumps(CONFIG), encoding="utf-8")
    return file


def write_weights(folder: Path, seed: int) -> Path:
    """Weights that fill it, as another training would have left them."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    name = "tiny-of-the-tests"
    if name not in open_clip.list_models():
        (folder / f"{name}.json").write_text(json.dumps(CONFIG), encoding="utf-8")
        open_clip.add_model_config(folder / f"{name}.json")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        state = open_clip.create_model(name).state_dict()
    file = folder / f"weights-{seed}.safetensors"
    save_file({key: value.contiguous().clone() for key, value in state.items()}, file)
    return file
