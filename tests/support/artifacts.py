"""Creation code of every deployable as JSON files, for tools that take a build from a directory."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.contracts import CONTRACTS, ROOT, deployer_of

BUILD = ROOT / "build" / "artifacts"


def deployables() -> list[str]:
    """Names of everything that is deployed: not modules, not interfaces, not mocks."""
    apart = ("modules", "mocks", "interfaces")
    return sorted(p.stem for p in CONTRACTS.rglob("*.vy") if p.parent.name not in apart)


def write_artifacts(directory: Path = BUILD) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name in deployables():
        bytecode = "0x" + deployer_of(name).compiler_data.bytecode.hex()
        (directory / f"{name}.json").write_text(json.dumps({"bytecode": bytecode}))
    return directory
