"""Calls the rewards of orchestrators: each once a round, or says why it cannot.

An orchestrator calls with its own key, or names a reward caller (LIP-118), which can do nothing
else for it and may serve many; that may be a RewardBatcher. What is due follows from the chain
alone, so it makes no difference when this was started and what it has seen.
Source: keepers spec (b1) and (e1), R1, R3, R8, R20.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keepers.core.amounts import ETHER, show_short
from keepers.core.chain import Chain
from keepers.core.config import RewardCallerConfig, TurnConfig
from keepers.core.contracts import ZERO, Book
from keepers.core.costs import Costs, Profit, ProfitGate
from keepers.core.keeper import Decision, Note
from keepers.core.model import MILLION, Head, Reverted, Wish
from keepers.reward_batches import BATCH, Ready, batches
from keepers.reward_view import Orchestrator, Prospect, RewardView
from keepers.rounds import Round

KIND = "reward"
LPT: int = 10**ETHER  # base units
SLOT = 20_000  # parts per million of a round that each host waits for the one before it


@dataclass(frozen=True)
class RewardState:
    """`prospects` has those that can be rewarded now; `price` is wei per gas, 0 if not asked."""

    round: Round
    orchestrators: tuple[Orchestrator, ...]
    prospects: tuple[Prospect, ...] = ()
    price: int = 0


class RewardCaller:
    name = "reward_caller"
    kinds = frozenset({KIND, BATCH})

    def __init__(
        self,
        book: Book,
        account: str,
        orchestrators: tuple[str, ...],
        *,
        delegated: bool,
        config: RewardCallerConfig,
        turn: TurnConfig | None = None,
        costs: Costs | None = None,
    ) -> None:
        """`costs` knows what gas rewards have used; without it a node's estimate has to do."""
        self._account, self._orchestrators, self._delegated = account, orchestrators, delegated
        self._turn, self._costs = turn or TurnConfig(0, 1), costs
        self._batcher = config.batcher if delegated else None
        self._caller = self._batcher or account
        self._view = RewardView(book, self._caller, delegated=delegated)
        self._gate = ProfitGate(config.profitability, config.margin_percent * MILLION // 100)
        self._lpt_price = config.lpt_price

    # -- read

    def read(self, chain: Chain, head: Head) -> RewardState:
        round, orchestrators = self._view.standings(chain, head, self._orchestrators)
        state = RewardState(round, orchestrators)
        due = [one for one in orchestrators if self._obstacle(round, one) is None]
        if not due:
            return state
        prospects = self._view.prospects(chain, head, round.number, due)
        if self._gate.mode == "off":
            return replace(state, prospects=prospects)
        price = head.base_fee + chain.suggested_tip()
        return replace(state, prospects=self._with_gas(chain, head, prospects), price=price)

    def _with_gas(
        self, chain: Chain, head: Head, prospects: Sequence[Prospect]
    ) -> tuple[Prospect, ...]:
        calls = [one.call for one in prospects]
        found = chain.estimate_many(calls, head.number)
        if self._costs:
            l1 = self._costs.l1_gas(calls, head.number)
            found = [
                gas if isinstance(gas, Reverted) else self._costs.expected_gas(KIND, gas, part)
                for gas, part in zip(found, l1, strict=True)
            ]
        return tuple(replace(one, gas=gas) for one, gas in zip(prospects, found, strict=True))

    # -- decide

    def decide(self, state: RewardState) -> Decision:
        ready, notes = [], []
        prospects = {one.orchestrator: one for one in state.prospects}
        for one in state.orchestrators:
            if note := self._obstacle(state.round, one):
                notes.append(note)
                continue
            prospect = prospects[one.address]
            profit = self._profit(prospect, state.price)
            if profit.goes:
                wish = self._wish(state.round, prospect, profit.text)
                ready.append(Ready(prospect, wish, profit.text))
            else:
                notes.append(Note(KIND, one.address, "skip", profit.text))
        wishes = [one.wish for one in ready]
        if self._batcher:
            wishes = batches(self._orchestrators, ready, self._account, self._batcher)
        return Decision(tuple(wishes), tuple(notes))

    def _obstacle(self, round: Round, one: Orchestrator) -> Note | None:
        """Why the reward of this one is not called now; None if it is due."""
        number = round.number
        if not self._delegated and one.address != self._account:
            reason = f"{self._account} is another account, and reward() is for its caller"
            return Note(KIND, one.address, "skip", reason)
        if self._delegated and one.caller != self._caller:
            now = "none" if one.caller == ZERO else one.caller
            reason = f"its reward caller is {now}: let it call setRewardCaller({self._caller})"
            return Note(KIND, one.address, "skip", reason)
        if one.activation == 0:
            reason = "is not in the pool: not registered, or its stake is too small"
            return Note(KIND, one.address, "skip", reason)
        if one.activation > number:
            return Note(KIND, one.address, "wait", f"becomes active in round {one.activation}")
        if one.deactivation <= number:
            reason = f"is not active since round {one.deactivation}"
            return Note(KIND, one.address, "skip", reason)
        if not round.is_initialized:
            return Note(KIND, one.address, "wait", f"round {number} is not initialized yet")
        if one.last_reward >= number:
            return Note(KIND, one.address, "done", f"reward of round {number} was called")
        starts = (self._turn.index + number) % self._turn.of * SLOT
        if round.gone < starts:
            reason = f"another host has its turn; ours is at {starts // 10_000} % of the round"
            return Note(KIND, one.address, "wait", reason)
        return None

    def _profit(self, prospect: Prospect, price: int) -> Profit:
        """What a node could not estimate is left to the engine, which says why it would revert."""
        if prospect.gas is None or isinstance(prospect.gas, Reverted):
            return Profit(True)
        return self._gate.judge(self._worth(prospect), prospect.gas * price)

    def _worth(self, prospect: Prospect) -> int | None:
        """Wei that it brings to the orchestrator and its delegators together."""
        price = self._lpt_price
        return None if price is None else prospect.reward * price // LPT

    def _wish(self, round: Round, prospect: Prospect, warning: str) -> Wish:
        why = f"{show_short(prospect.reward, ETHER)} LPT of round {round.number}"
        return Wish(
            key=f"{KIND}/{round.number}/{prospect.orchestrator}/{self._account}",
            kind=KIND,
            subject=prospect.orchestrator,
            to=prospect.call.to,
            data=prospect.call.data,
            why=f"{why}; {warning}" if warning else why,
            urgency=round.gone,
            worth=self._worth(prospect),
            round=round.number,
        )
