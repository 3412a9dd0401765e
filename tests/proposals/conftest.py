"""The protocol as its Governor owns it, in the world each proposal finds."""

from __future__ import annotations

import pytest

from scripts._governance.calldata import Interfaces
from scripts._governance.layouts import Layouts
from tests.support.governed import Governed
from tests.support.protocol import Protocol


@pytest.fixture(scope="session")
def interfaces() -> Interfaces:
    return Interfaces.load()


@pytest.fixture(scope="session")
def layouts() -> Layouts:
    """Compiled once: half a second each."""
    return Layouts()


@pytest.fixture
def governed(protocol: Protocol, interfaces: Interfaces, layouts: Layouts) -> Governed:
    """Not handed over yet: a test first makes the world its proposal finds."""
    return Governed(protocol, interfaces, layouts)
