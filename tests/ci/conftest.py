"""One cache of embeddings for all of these tests: a picture is embedded once."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def embeddings(tmp_path_factory):
    """A runner's folder for temporary files, with the cache in dejavu-audit/."""
    return tmp_path_factory.mktemp("runner")
