"""Figures that tests collect, brought together when pytest-xdist spreads them over processes.

A collector is a plain object of the process that runs the tests. Each worker sends what its
collectors hold when it is done; the process that started the workers adds it to its own, and only
that one reports. Without workers nothing is sent and everything is where it is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

KEY = "collected"


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs a part of the tests for another."""
    return hasattr(config, "workerinput")


class Collectors:
    """Plugin: `give` returns what was collected in plain types, `take` adds what others gave."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {}

    def add(self, name: str, give: Callable[[], Any], take: Callable[[Any], None]) -> None:
        self._known[name] = give, take

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if is_worker(session.config):
            given = {name: give() for name, (give, _) in self._known.items()}
            session.config.workeroutput[KEY] = given

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Called for each worker, before the session of the process that reports is finished."""
        for name, given in getattr(node, "workeroutput", {}).get(KEY, {}).items():
            self._known[name][1](given)
