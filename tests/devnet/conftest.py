from __future__ import annotations

from pathlib import Path

import pytest

from devnet.cutting import Segment, cut
from devnet.media import probe
from devnet.orchestrator import Orchestrator
from tests.devnet.clips import make_clip
from tests.devnet.network import FakeChain, make_orchestrator


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def node(tmp_path: Path, chain: FakeChain) -> Orchestrator:
    return make_orchestrator(tmp_path / "node", chain)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> list[Segment]:
    """Two seconds of video in four segments."""
    folder = tmp_path_factory.mktemp("stream")
    return cut(probe(make_clip(folder / "a.mp4", seconds=2)), folder, seconds=0.5)


@pytest.fixture(scope="session")
def body(source: list[Segment]) -> bytes:
    return source[0].path.read_bytes()
