"""The hub: probed once, quiet, and put back as it was."""

from __future__ import annotations

import http.server
import logging
import threading
import time

import pytest
from huggingface_hub import constants, hf_hub_download

from dejavu_audit.encoders import hub as module
from dejavu_audit.encoders.hub import hub, quiet
from dejavu_audit.errors import AuditError


@pytest.fixture
def online(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    module._answers.cache_clear()


def test_no_network_fails_fast_and_says_how_to_go_on(online, monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the discard port: nothing answers
    start = time.monotonic()
    message = r"^cannot load it: not cached .*127\.0\.0\.1:9 cannot be reached; download"
    with pytest.raises(AuditError, match=message), hub("it"):
        hf_hub_download("some/model", "model.safetensors", cache_dir=tmp_path)
    assert time.monotonic() - start < module.PROBE_SECONDS + 3
    assert constants.HF_HUB_OFFLINE is False
    assert capfd.readouterr() == ("", "")


def test_a_server_that_answers_with_an_error_is_a_network(online, monkeypatch):
    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_error(403)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(AuditError, match=r"^cannot load it \(404 gone\): try again, or download"), hub("it"):
            raise RuntimeError("404 gone.\nmore")
    finally:
        server.shutdown()
        server.server_close()


def test_errors_of_ours_pass_unchanged():
    with pytest.raises(AuditError, match=r"^as it was$"), hub("it"):
        raise AuditError("as it was")


def test_logging_is_put_back():
    handlers = list(logging.getLogger().handlers)
    with quiet():
        logging.getLogger().addHandler(logging.NullHandler())
    assert logging.getLogger().handlers == handlers and logging.root.manager.disable == 0
