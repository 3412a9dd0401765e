"""Prints what the replay of the traces added up to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.traces.replay import new_tally, summary

TALLY = pytest.StashKey[Any]()


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Any:
    """Counts of the whole session."""
    request.config.stash[TALLY] = new_tally()
    return request.config.stash[TALLY]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if TALLY in config.stash:
        terminalreporter.write_line(f"recorded traces: {summary(config.stash[TALLY])}")
