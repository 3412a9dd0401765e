from __future__ import annotations

from typing import Any

import pytest

from tests.traces import tally as session
from tests.traces.replay import new_tally


@pytest.fixture(scope="session")
def tally() -> Any:
    """Counts of the whole session."""
    made = new_tally()
    session.own.append(made)
    return made
