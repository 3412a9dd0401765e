"""The modelled system as one object, and calls on it that either happen or leave it as it was."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.models.arithmetic import Reverted, require
from tests.models.bonding import BondingModel
from tests.models.economy import Minter, Registry, Rounds, Token, block_hash
from tests.models.records import Event


class Outcome(NamedTuple):
    """What a transaction did: its events, or why it reverted (None if it did not)."""

    reverted: str | None
    events: list[Event]


@dataclass
class ProtocolModel:
    events: list[Event]
    registry: Registry
    rounds: Rounds
    token: Token
    minter: Minter
    bonding: BondingModel

    def initialize_round(self) -> None:
        """RoundsManager.initializeRound: anybody may call it, once a round."""
        self.bonding.require_unpaused()
        require(self.rounds.last_initialized < self.rounds.current, "round already initialized")
        self.rounds.last_initialized = self.rounds.current
        self.bonding.turn_round()
        self.minter.set_current_reward_tokens(self.bonding.current_total_stake)
        new_round = (self.rounds.current, block_hash(self.rounds.block - 1))
        self.events.append(Event("RoundsManager", "NewRound", new_round))

    def deposit_fees(self, amount: int) -> None:
        """Minter.depositETH by the TicketBroker: the ETH behind fees that are credited."""
        self.minter.eth += amount


def new_protocol(
    *,
    names: dict[str, str],
    owner: str,
    round_length: int,
    round_lock_amount: int,
    block: int,
    inflation: int,
    inflation_change: int,
    target_bonding_rate: int,
) -> ProtocolModel:
    """A protocol just deployed: unpaused, no parameters set, no tokens."""
    events: list[Event] = []
    registry = Registry(owner, names)
    rounds = Rounds(round_length, round_lock_amount, block)
    token = Token(events)
    minter = Minter(
        events, token, names["Minter"], inflation, inflation_change, target_bonding_rate
    )
    bonding = BondingModel(events, registry, rounds, token, minter)
    return ProtocolModel(events, registry, rounds, token, minter, bonding)


def attempt(
    model: ProtocolModel, call: Callable[[ProtocolModel], object]
) -> tuple[ProtocolModel, Outcome]:
    """Run a transaction; returns the model after it: the one before it if the call reverts."""
    model.events.clear()
    before = pickle.dumps(model, pickle.HIGHEST_PROTOCOL)
    try:
        call(model)
    except Reverted as failure:
        return pickle.loads(before), Outcome(failure.reason, [])
    return model, Outcome(None, list(model.events))
