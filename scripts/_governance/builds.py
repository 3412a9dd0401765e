"""Contracts as they are here, but for stated pieces of text: what an upgrade starts from or wants.

A build is made from a copy of the sources in which each piece occurs exactly once and is replaced.
Nothing of it ships: there are no switches in the contracts.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from scripts._lib.artifacts import Artifacts
from scripts._lib.source import ROOT

CONTRACTS = ROOT / "contracts"
BUILDS = ROOT / "build" / "patched"


class Patch(NamedTuple):
    """One piece of a source, which must occur exactly once, and what stands in its place."""

    source: str  # below contracts/
    old: str
    new: str


def apply(patches: Iterable[Patch], contracts: Path) -> None:
    """Patch the sources of this folder. Raises LookupError if a piece is not there exactly once."""
    for patch in patches:
        path = contracts / patch.source
        text = path.read_text(encoding="utf-8")
        if (found := text.count(patch.old)) != 1:
            raise LookupError(f"{patch.source}: expected once, found {found} times: {patch.old!r}")
        path.write_text(text.replace(patch.old, patch.new), encoding="utf-8")


def patched_root(patches: Sequence[Patch], *, folder: Path = BUILDS) -> Path:
    """Folder whose contracts/ are ours with these patches. It is made once for each state of the
    sources, and then only read: any number of processes may use it. Raises LookupError.
    """
    digest = sha256(repr(tuple(patches)).encode())
    for path in sorted(CONTRACTS.rglob("*.vy*")):
        digest.update(f"\n{path.relative_to(CONTRACTS).as_posix()} ".encode())
        digest.update(sha256(path.read_bytes()).digest())
    root = folder / digest.hexdigest()[:16]
    if not root.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            copy = Path(temporary) / "root"
            shutil.copytree(CONTRACTS, copy / "contracts")
            apply(patches, copy / "contracts")
            with suppress(OSError):  # another process was faster
                copy.rename(root)
    return root


def patched_artifacts(
    names: Iterable[str], patches: Sequence[Patch], *, folder: Path = BUILDS
) -> Artifacts:
    """The contracts of these names, compiled from patched sources. The sources stay, so that what
    was deployed from them can be verified. Raises LookupError or ArtifactError.
    """
    root = patched_root(patches, folder=folder)
    return Artifacts.load(names, root=root, cache=root / "artifacts")
