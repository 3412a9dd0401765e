"""Contracts as they are here, but for stated pieces of text: what an upgrade starts from or wants.

A build is made from a copy of the sources in which each piece occurs exactly once and is replaced.
Nothing of it ships: there are no switches in the contracts.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
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


def patched_artifacts(
    names: Iterable[str], patches: Sequence[Patch], *, folder: Path = BUILDS
) -> Artifacts:
    """The contracts of these names, compiled from patched sources.

    The copy stays, so that what was deployed from it can be verified; it is made anew whenever a
    source or a patch is another. Raises LookupError or ArtifactError.
    """
    root = folder / sha256(repr(tuple(patches)).encode()).hexdigest()[:16]
    shutil.rmtree(root / "contracts", ignore_errors=True)
    shutil.copytree(CONTRACTS, root / "contracts")
    apply(patches, root / "contracts")
    return Artifacts.load(names, root=root, cache=root / "artifacts")
