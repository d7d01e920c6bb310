"""The hooks: git itself pushes, or refuses to."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.ci import releases

HOOK = releases.ROOT / "ci" / "pre-push"


@pytest.fixture
def pushed(tmp_path, embeddings, jobs):
    """Push from a repository with the hook; the end of `git push`, and the branches of the other side."""

    def push(model: str, *arguments: str, gate: str | None = None):
        repository = releases.repository(tmp_path / "release", model)
        releases.git(tmp_path, "init", "--quiet", "--bare", "other.git")
        shutil.copy(HOOK, repository / ".git" / "hooks" / "pre-push")
        path, _ = releases.stubs(tmp_path / "stubs")
        if gate is None:
            shutil.copytree(jobs(model)[0].repository / "runs", repository / "runs")  # audited before: judged as it is
        else:
            releases._script(path / "dejavu-audit", gate)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DEJAVU_")},
            "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
            "DEJAVU_AUDIT_CACHE_DIR": str(embeddings / "dejavu-audit"),
        }
        command = ["git", "push", *arguments, str(tmp_path / "other.git"), "HEAD:main"]
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
        return done, releases.git(tmp_path / "other.git", "for-each-ref", "--format=%(refname:short)").split()

    return push


def test_a_memorizer_is_not_pushed(pushed):
    done, branches = pushed("memorizer")
    assert done.returncode == 1 and branches == []
    assert "exceeds a limit of dejavu.toml, so nothing was pushed" in done.stderr


@pytest.mark.parametrize(
    ("code", "said"), [(3, "the gate is undecided"), (2, "no verdict (exit code 2)"), (70, "no verdict (exit code 70)")]
)
def test_nor_is_what_has_no_verdict(pushed, code, said):
    done, branches = pushed("twin", gate=f"exit {code}")
    assert done.returncode == 1 and branches == [] and said in done.stderr


def test_what_passes_is_pushed(pushed):
    done, branches = pushed("twin", gate='[ "$1 $2" = "gate --quiet" ]')
    assert done.returncode == 0 and branches == ["main"]


def test_no_verify_goes_past_it(pushed):
    done, branches = pushed("twin", "--no-verify", gate="exit 1")
    assert done.returncode == 0 and branches == ["main"]


def test_a_deleted_branch_needs_no_audit(tmp_path):
    repository = releases.repository(tmp_path / "release", "twin")
    path, _ = releases.stubs(tmp_path / "stubs")
    releases._script(path / "dejavu-audit", "exit 1")
    lines = f"(delete) {'0' * 40} refs/heads/gone {'1' * 40}"
    assert releases.shell(f"echo '{lines}' | bash {HOOK}", repository, path).returncode == 0
    lines = f"refs/heads/main {'1' * 40} refs/heads/main {'0' * 40}"
    assert releases.shell(f"echo '{lines}' | bash {HOOK}", repository, path).returncode == 1
    (repository / "dejavu.toml").unlink()
    assert releases.shell(f"echo '{lines}' | bash {HOOK}", repository, path).returncode == 0


def test_the_hook_of_pre_commit_runs_the_same():
    (hook,) = releases.parsed(".pre-commit-hooks.yaml")
    assert hook["entry"] == "dejavu-audit gate --quiet" and f"{hook['entry']} >&2" in HOOK.read_text()
    assert hook["pass_filenames"] is False and hook["stages"] == ["pre-push"] and hook["language"] == "python"
    assert {"id", "name"} <= set(hook)
