"""The token with one account that may mint and one that may burn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest

from tests.support.contracts import deploy
from tests.support.protocol import BURNER_ROLE, MINTER_ROLE


@dataclass(frozen=True)
class Token:
    lpt: Any
    admin: str
    minter: str
    burner: str


@pytest.fixture(scope="module")
def token() -> Token:
    admin, minter, burner = map(boa.env.generate_address, ("admin", "minter", "burner"))
    lpt = deploy("LivepeerToken", sender=admin)
    lpt.grantRole(MINTER_ROLE, minter, sender=admin)
    lpt.grantRole(BURNER_ROLE, burner, sender=admin)
    return Token(lpt, admin, minter, burner)


@pytest.fixture
def holder(token: Token) -> str:
    """An account with 1,000 units."""
    account = str(boa.env.generate_address("holder"))
    token.lpt.mint(account, 1_000, sender=token.minter)
    return account


@pytest.fixture
def spender() -> str:
    return str(boa.env.generate_address("spender"))
