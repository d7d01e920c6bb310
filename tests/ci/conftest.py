"""One cache of embeddings for all of these tests, and each model audited once by the action."""

from __future__ import annotations

import functools

import pytest

from tests.ci import releases
from tests.ci.jobs import Job


@pytest.fixture(scope="session")
def embeddings(tmp_path_factory):
    """A runner's folder for temporary files, with the cache in dejavu-audit/."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture(scope="session")
def jobs(tmp_path_factory, embeddings):
    """By the model's name: the action's job in a fresh repository, and the ends of its first two shell steps."""

    @functools.cache
    def run(model: str):
        folder = tmp_path_factory.mktemp(model)
        job = Job(folder / "job", releases.repository(folder / "release", model), embeddings)
        return job, job.run("Install dejavu-audit"), job.run("Audit and judge")

    return run
