"""One chain with the contracts of a slashing; each test finds it as it was deployed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keepers.slashing_system import Court, Desk, as_deployed, new_court
from tests.support.anvil import find_anvil, run_anvil


@pytest.fixture(scope="package")
def deployed() -> Iterator[Court]:
    if find_anvil() is None:
        pytest.skip("no anvil: run `make install`")
    with run_anvil() as anvil:
        yield new_court(anvil)


@pytest.fixture
def court(deployed: Court) -> Iterator[Court]:
    with as_deployed(deployed) as court:
        yield court


@pytest.fixture
def desk(court: Court, tmp_path: Path) -> Desk:
    return Desk(court, tmp_path)
