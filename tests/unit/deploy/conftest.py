"""A system to deploy in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts._lib.artifacts import Artifact
from scripts._lib.params import Parameters, load_parameters
from tests.unit.deploy.fake_chain import SAFE, FakeChain, fake_artifacts


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed keeps what it wrote; only a power cut needs fsync."""
    monkeypatch.setattr("os.fsync", lambda _handle: None)


@pytest.fixture
def parameters() -> Parameters:
    return load_parameters("local")


@pytest.fixture
def handed_over(parameters: Parameters) -> Parameters:
    """As on a live network: the Controller to the Governor, and that to the Safe."""
    return replace(
        parameters,
        access=replace(parameters.access, owner="Governor"),
        governor=replace(parameters.governor, owner=SAFE),
        slashing=replace(parameters.slashing, guardian=SAFE),
    )


@pytest.fixture
def artifacts(parameters: Parameters) -> dict[str, Artifact]:
    return fake_artifacts(parameters)


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "local.json"
