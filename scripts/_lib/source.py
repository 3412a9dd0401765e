"""Which source a deployment comes from: the commit, and whether the work tree differs from it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NO_COMMIT = "00" * 20


@dataclass(frozen=True)
class Source:
    """`commit` is 40 hex digits, as bytes20 in the Controller; zeros without git history."""

    commit: str
    dirty: bool


def read_source(root: Path = ROOT) -> Source:
    """Commit and state of the work tree, leaving out deployments/, which deploying changes."""
    head = _git(root, "rev-parse", "HEAD")
    if head is None:
        return Source(commit=NO_COMMIT, dirty=True)
    changes = _git(root, "status", "--porcelain", "--", ".", ":(exclude)deployments")
    return Source(commit=head, dirty=changes != "")


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
