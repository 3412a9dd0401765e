"""Builds with a fix taken out, for tests that show what the fix is good for.

A variant is the contract as it is here, compiled in process from a copy of the sources in which
stated pieces of text are replaced (scripts/_governance/builds.py).
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import boa

from scripts._governance.builds import Patch, apply
from tests.support.contracts import CONTRACTS, source_of

__all__ = ["Patch", "variant_of"]


@cache
def variant_of(name: str, patches: tuple[Patch, ...]) -> Any:
    """Deployer of `name` compiled from patched sources."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "contracts"
        shutil.copytree(CONTRACTS, copy)
        apply(patches, copy)
        variant = boa.load_partial(str(copy / source_of(name).relative_to(CONTRACTS)))
        _ = variant.compiler_data.bytecode  # compile while the copy exists
    return variant
