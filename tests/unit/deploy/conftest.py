"""A system to deploy in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts._lib.artifacts import Artifact
from scripts._lib.params import Parameters, load_parameters
from tests.unit.deploy.fake_chain import FakeChain, fake_artifacts


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed keeps what it wrote; only a power cut needs fsync."""
    monkeypatch.setattr("os.fsync", lambda _handle: None)


@pytest.fixture
def parameters() -> Parameters:
    return load_parameters("local")


@pytest.fixture
def artifacts(parameters: Parameters) -> dict[str, Artifact]:
    return fake_artifacts(parameters)


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "local.json"
