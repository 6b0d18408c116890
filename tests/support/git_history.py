"""What git says of files that are written once: asked of a checkout, which may be shallow or none at all."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest


def git(root: Path, *arguments: str) -> str | None:
    """What git prints; `None` where it cannot say, as outside a checkout."""
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def whole_history(root: Path) -> None:
    """Skip the test, and say why, where the history is not at hand: in a shallow clone every file looks newly added."""
    if git(root, "rev-parse", "HEAD") is None:
        pytest.skip("not a git checkout: there is no history at hand")
    if git(root, "rev-parse", "--is-shallow-repository") != "false\n":
        pytest.skip("a shallow clone: `git fetch --unshallow` brings the history that this test reads")


def taken_back_before(root: Path, paths: Sequence[str]) -> list[str]:
    """Files among `paths` that some commit edited, removed or renamed, each as `commit path`."""
    # A rename is a removal and an addition. Merges are compared with each parent: one may edit what neither did.
    told = git(root, "log", "-m", "--no-renames", "--diff-filter=a", "--format=%x00%h", "--name-only", "--", *paths)
    assert told is not None, f"git could not read the history of {root}"
    commits = (one.split() for one in told.split("\0"))
    return [f"{commit[0]} {path}" for commit in commits if commit for path in commit[1:]]


def taken_back_now(root: Path, paths: Sequence[str]) -> list[str]:
    """Files among `paths` that the newest commit has, and the working tree has otherwise or not at all."""
    told = git(root, "diff", "HEAD", "--no-renames", "--diff-filter=a", "--name-only", "--", *paths)
    if told is None:
        pytest.skip("not a git checkout: there is no commit to compare with")
    return told.splitlines()
