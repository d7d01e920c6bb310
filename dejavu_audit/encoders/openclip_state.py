"""State dicts of open_clip's savers, old and new, in the names of the model they are to fill."""

from __future__ import annotations

import contextlib
from typing import Any

from open_clip import convert
from open_clip.model import convert_to_custom_text_state_dict, resize_pos_embed

from dejavu_audit.encoders.weights import State

NOT_COUNTED = ("logit_scale", "logit_bias")
"""Names that shape no embedding."""

# Buffers that open_clip once saved and now computes; OpenAI's archives carry the three sizes.
_COMPUTED = (
    "attn_mask", "text.attn_mask", "text.transformer.embeddings.position_ids",
    "input_resolution", "context_length", "vocab_size",
)  # fmt: skip


def may_differ(name: str) -> bool:
    """The tensors that a file may lack or have too much: logit scale and bias, and buffers that are computed."""
    return name in NOT_COUNTED or name in _COMPUTED


def as_open_clip(state: State, model: Any, *, resize: bool) -> State:
    """The state as open_clip's own loader prepares it; position embeddings are resized only where `resize` asks."""
    if all(name.startswith("model.") for name in state):
        state = {name.removeprefix("model."): tensor for name, tensor in state.items()}
    state = dict(state)
    foreign = getattr(convert, "convert_state_dict", None)
    if foreign is not None and not any(name.startswith("visual.") for name in state):
        with contextlib.suppress(Exception):  # in no layout that open_clip converts: refused with its own names
            state = foreign(model, dict(state))
    if "positional_embedding" in state and not hasattr(model, "positional_embedding"):
        state = convert_to_custom_text_state_dict(state)
    if resize and "visual.positional_embedding" in state:
        resize_pos_embed(state, model)
    return state
