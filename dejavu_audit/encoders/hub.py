"""The model hub: asked only for what the user named, tried once, and its failures told in one sentence."""

from __future__ import annotations

import contextlib
import functools
import logging
import ssl
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from typing import Any

from huggingface_hub import constants

from dejavu_audit.errors import AuditError

PROBE_SECONDS = 5.0


BY_FILE = "pass the file by --pretrained FILE"


@contextlib.contextmanager
def hub(
    what: str,
    *,
    instead: str = BY_FILE,
    endpoint: str | None = None,
    cache: str = "Hugging Face cache here and set HF_HOME to it",
) -> Iterator[None]:
    """Run hub calls of open_clip, timm, transformers or torchvision so that they fail fast and quietly.

    Without a network the hub client tries for three quarters of a minute; here one probe decides whether it looks in
    its local cache only. Any failure becomes an AuditError that names `what` was wanted and how to go on: by `instead`,
    once fetched elsewhere, or with a copy of the `cache`. `endpoint` is another address than the Hugging Face hub's.
    """
    asked_offline = constants.HF_HUB_OFFLINE
    address = endpoint or constants.ENDPOINT
    reachable = not asked_offline and _answers(address)
    with quiet(), _offline(not reachable):
        try:
            yield
        except AuditError:
            raise
        except Exception as error:  # the libraries wrap what the hub client raises in kinds of their own
            how = f"download it on a machine with a network and {instead}, or copy that machine's {cache}"
            if reachable:
                reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
                raise AuditError(f"cannot load {what} ({reason}): try again, or {how}") from error
            why = "HF_HUB_OFFLINE is set" if asked_offline else f"{address} cannot be reached"
            raise AuditError(f"cannot load {what}: not cached on this machine, and {why}; {how}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the libraries' log lines and warnings; what matters of them is told in errors and notes."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        root.handlers[:] = handlers  # logging.error() of a library installs one where there was none


@contextlib.contextmanager
def without_bars() -> Iterator[None]:
    """Keep transformers from drawing progress bars over the run's own while it loads weights."""
    from transformers.utils import logging as bars_of

    bars: Any = bars_of
    drawn = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            bars.enable_progress_bar()


@contextlib.contextmanager
def _offline(on: bool) -> Iterator[None]:
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or on
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@functools.lru_cache
def _answers(endpoint: str) -> bool:
    """Whether anything answers at the hub's address, asked once a process, proxies honoured."""
    if not endpoint.startswith(("https://", "http://")):
        return False
    try:
        urllib.request.urlopen(urllib.request.Request(endpoint, method="HEAD"), timeout=PROBE_SECONDS).close()  # noqa: S310
    except urllib.error.HTTPError:
        return True  # it answered
    except urllib.error.URLError as error:
        return isinstance(error.reason, ssl.SSLError)  # a certificate the hub client may know how to check
    except OSError:
        return False
    return True
