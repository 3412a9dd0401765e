"""Builds with a fix taken out, for tests that show what the fix is good for.

A variant is the contract as it is here, compiled from a copy of the sources in which stated pieces
of text are replaced. Nothing of it ships: there are no switches in the contracts.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import boa

from tests.support.contracts import CONTRACTS, source_of


class Patch(NamedTuple):
    """One piece of a source, which must occur exactly once, and what stands in its place."""

    source: str  # below contracts/
    old: str
    new: str


@cache
def variant_of(name: str, patches: tuple[Patch, ...]) -> Any:
    """Deployer of `name` compiled from patched sources."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "contracts"
        shutil.copytree(CONTRACTS, copy)
        for patch in patches:
            _apply(copy / patch.source, patch)
        variant = boa.load_partial(str(copy / source_of(name).relative_to(CONTRACTS)))
        _ = variant.compiler_data.bytecode  # compile while the copy exists
    return variant


def _apply(path: Path, patch: Patch) -> None:
    source = path.read_text()
    if source.count(patch.old) != 1:
        found = source.count(patch.old)
        raise LookupError(f"{patch.source}: expected once, found {found} times: {patch.old!r}")
    path.write_text(source.replace(patch.old, patch.new))
