"""Initialises rounds: as soon as it may be, once, and not in a crowd.

Anyone may do it, and only the first one counts: the others pay for a transaction that reverts. So
keepers that know of each other take turns (keepers/turns.py). Each tick reads again whether it is
still due, and the engine simulates it on the pending block right before it signs.
Source: keepers spec (b2) and (e1), R1, R11, R18.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from keepers.core.chain import Chain
from keepers.core.config import RoundInitializerConfig, TurnConfig
from keepers.core.contracts import Book
from keepers.core.keeper import Decision, Note
from keepers.core.model import Head, Wish
from keepers.core.questions import ask
from keepers.rounds import ROUND_QUESTIONS, Round
from keepers.turns import Waited, place

KIND = "initialize round"


@dataclass(frozen=True)
class RoundState:
    """`manager` is the RoundsManager's address. `waited`: seconds since the round was due."""

    round: Round
    manager: str
    data: bytes
    waited: float


class RoundInitializer:
    name = "round_initializer"
    kinds = frozenset({KIND})

    def __init__(
        self,
        book: Book,
        account: str,
        config: RoundInitializerConfig,
        turn: TurnConfig,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book, self._account, self._config, self._turn = book, account, config, turn
        self._waited = Waited(monotonic)

    def read(self, chain: Chain, head: Head) -> RoundState:
        found = Round.of(ask(chain, self._book, ROUND_QUESTIONS, head.number))
        call = self._book.call("RoundsManager", "initializeRound", block=head.number)
        if found.is_initialized:
            self._waited.over()
            return RoundState(found, call.to, call.data, 0.0)
        return RoundState(found, call.to, call.data, self._waited.since(found.number))

    def decide(self, state: RoundState) -> Decision:
        number, subject = state.round.number, f"round {state.round.number}"
        if state.round.is_initialized:
            return Decision(notes=(Note(KIND, subject, "done", "is initialized"),))
        left = self.slot(number) * self._config.slot_seconds - state.waited
        if left > 0:
            text = f"another keeper has its turn; ours is in {left:.1f} s"
            return Decision(notes=(Note(KIND, subject, "wait", text),))
        return Decision(
            (
                Wish(
                    key=f"{KIND}/{number}/{self._account}",
                    kind=KIND,
                    subject=subject,
                    to=state.manager,
                    data=state.data,
                    why=f"began at L1 block {state.round.start}, it is {state.round.block} now",
                    urgency=state.round.gone,
                    round=number,
                ),
            )
        )

    def slot(self, number: int) -> int:
        """How many slots this keeper waits. First comes one host of each account, then others."""
        before = place(self._account, self._config.peers, number)
        accounts = len({self._account, *self._config.peers})
        host = (self._turn.index + number) % self._turn.of
        return host * accounts + before
