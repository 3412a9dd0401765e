"""BondingVotes alone, with a clock, pools and a total that the test sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest

from tests.support.contracts import GIT_COMMIT, ZERO, contract_id, deploy

ROUND = 1000
ONE = 10**27


@dataclass
class Books:
    """The contract under test and the mock that writes to it."""

    votes: Any
    mock: Any

    def checkpoint(
        self,
        account: str,
        *,
        bonded: int = 0,
        delegate: str = ZERO,
        delegated: int = 0,
        claimed: int = 0,
        rewarded: int = 0,
        start: int | None = None,
    ) -> None:
        """A checkpoint for the next round unless `start` says otherwise."""
        start = self.mock.currentRound() + 1 if start is None else start
        self.mock.checkpoint(
            self.votes.address, account, start, bonded, delegate, delegated, claimed, rewarded
        )

    def checkpoint_total(self, total: int, round_: int | None = None) -> None:
        round_ = self.mock.currentRound() if round_ is None else round_
        self.mock.checkpointTotal(self.votes.address, total, round_)

    def set_round(self, round_: int) -> None:
        self.mock.setRound(round_)

    def events(self) -> list[tuple[Any, ...]]:
        """What BondingVotes logged in the last write: name, then arguments in order."""
        return [(type(event).__name__, *event[1:]) for event in self.mock.get_logs()]


@pytest.fixture
def books() -> Books:
    owner = boa.env.generate_address("owner")
    controller = deploy("Controller", sender=owner)
    mock = deploy("BondingBooksMock")
    votes = deploy("BondingVotes", controller.address)
    for name, address in (
        ("BondingManager", mock.address),
        ("RoundsManager", mock.address),
        ("BondingVotes", votes.address),
    ):
        controller.setContractInfo(contract_id(name), address, GIT_COMMIT, sender=owner)
    mock.setRound(ROUND)
    return Books(votes, mock)


@pytest.fixture
def transcoder() -> str:
    return boa.env.generate_address("transcoder")


@pytest.fixture
def delegator() -> str:
    return boa.env.generate_address("delegator")


@pytest.fixture
def stranger() -> str:
    return boa.env.generate_address("stranger")
