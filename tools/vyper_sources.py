"""The Vyper sources of the repository by role, and how tools compile one."""

from __future__ import annotations

import warnings
from pathlib import Path

from vyper.compiler import CompilerData
from vyper.compiler.input_bundle import FilesystemInputBundle

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "contracts"


def all_sources() -> list[Path]:
    """Deployables, modules and mocks; interfaces hold no code."""
    return sorted(CONTRACTS.rglob("*.vy"))


def deployables() -> list[Path]:
    """What goes on chain: neither modules nor mocks."""
    return [
        path
        for path in all_sources()
        if path.parent.name != "modules" and path.relative_to(CONTRACTS).parts[0] != "mocks"
    ]


def name_of(path: Path) -> str:
    """Path from the root of the repository, as reports and settings write it."""
    return path.relative_to(ROOT).as_posix()


def analysed(source: Path) -> CompilerData:
    """A source or interface, compiled as far as is asked of the result."""
    bundle = FilesystemInputBundle([ROOT])
    return CompilerData(bundle.load_file(source), bundle)


def compiled(source: Path) -> CompilerData:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = analysed(source)
        assert data.bytecode_runtime is not None  # computed here, under the filter
    return data
