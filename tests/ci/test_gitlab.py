"""ci/gitlab.yml: its script runs in a fresh repository, and its reports are where it says."""

from __future__ import annotations

import shutil

from tests.ci import releases

TEMPLATE = releases.parsed("ci/gitlab.yml")
JOB = TEMPLATE["dejavu-audit"]


def test_from_install_to_verdict(tmp_path, embeddings, jobs):
    repository = releases.repository(tmp_path / "release", "memorizer")
    path, pip = releases.stubs(tmp_path / "job")
    (repository / ".dejavu-audit").symlink_to(embeddings / "dejavu-audit")  # as the job before left it
    shutil.copytree(jobs("memorizer")[0].repository / "runs", repository / "runs")  # judged as it is
    variables = {key: value.replace("$CI_PROJECT_DIR", str(repository)) for key, value in JOB["variables"].items()}
    # GitLab runs the lines as one script that ends at the first that fails.
    done = releases.shell("\n".join(JOB["script"]), repository, path, **variables)
    assert done.returncode == 1, done.stderr
    assert pip.read_text().splitlines() == ["-m", "pip", "install", "dejavu-audit"]
    after = releases.shell("\n".join(JOB["after_script"]), repository, path, **variables)
    assert after.returncode == 0 and "0 entries" in after.stdout
    (report,) = repository.glob(JOB["artifacts"]["reports"]["junit"])
    assert report.is_relative_to(repository / JOB["artifacts"]["paths"][0])
    assert "<failure" in report.read_text()
    assert (repository / JOB["cache"]["paths"][0]).is_dir()


def test_the_job_is_whole_whatever_the_verdict():
    assert set(TEMPLATE) == {"dejavu-audit"}
    assert JOB["artifacts"]["when"] == JOB["cache"]["when"] == "always"
    assert JOB["variables"]["DEJAVU_AUDIT_CACHE_DIR"] == f"$CI_PROJECT_DIR/{JOB['cache']['paths'][0].rstrip('/')}"
    # A variable of the job must not be taken for a setting of the audit.
    assert [name for name in JOB["variables"] if name.startswith("DEJAVU_AUDIT_")] == ["DEJAVU_AUDIT_CACHE_DIR"]
