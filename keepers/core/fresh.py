"""Wishes that have nothing under way: simulated, priced, held against the budget, sent.

Source: keepers spec (e1), R3, R9, R19, R20.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keepers.core.context import Context, line_of
from keepers.core.fees import Fee
from keepers.core.lease import Holding
from keepers.core.model import Call, Head, Reverted, Unsigned, Wish
from keepers.core.nonces import foreign, free
from keepers.core.outbox import ARRIVED
from keepers.core.plan import PlanLine
from keepers.core.reverts import Class, classify
from keepers.core.signing import SigningError
from keepers.core.steps import Market


@dataclass(frozen=True)
class Priced:
    """What a wish takes: `gas` is the limit, `estimate` what it is expected to use."""

    gas: int
    estimate: int
    fee: Fee


class Fresh:
    """`simulated` has the last refusal of a wish by simulation."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._foreign_since: float | None = None
        self.simulated: dict[str, Class] = {}

    def launch(
        self, wishes: Sequence[Wish], holding: Holding | None, head: Head, market: Market
    ) -> list[PlanLine]:
        """One line for each wish. The most urgent goes first, else in the order given."""
        context = self._context
        if stranger := self._stranger():
            return [line_of(wish, "wait", stranger) for wish in wishes]
        if not wishes:
            return []
        room = max(0, context.settings.max_in_flight - len(context.lane.waiting))
        order = sorted(wishes, key=lambda wish: -wish.urgency)
        lines = [line_of(wish, "wait", "others are first") for wish in order[room:]]
        order = order[:room]
        calls = [Call(wish.to, wish.data, sender=context.account) for wish in order]
        # "pending": somebody else's transaction that does the same may be on its way.
        estimates = context.chain.estimate_many(calls, "pending") if calls else []
        likely = context.chain.foretell(calls, head.number)
        purse = context.chain.balance(context.account, head.number)
        purse -= sum(group.most for group in context.lane.waiting)
        taken = {*context.lane.taken}
        for wish, estimate, used in zip(order, estimates, likely, strict=True):
            found = self._price(wish, estimate, used, purse, market)
            if isinstance(found, PlanLine):
                lines.append(found)
                continue
            nonce = free(context.lane.mined, taken)
            line = self._send(wish, found, nonce, holding)
            lines.append(line)
            if line.verdict == "send":
                taken.add(nonce)
                purse -= found.gas * found.fee.max_fee
        return lines

    def _stranger(self) -> str | None:
        """Why nothing new can be sent: a pending transaction that is not ours to judge."""
        context = self._context
        if context.outbox is None:
            return None
        lane = context.lane
        others = foreign(lane.mined, context.chain.nonce(context.account, "pending"), lane.taken)
        now = context.clock.monotonic()
        if not others:
            self._foreign_since = None
            return None
        self._foreign_since = now if self._foreign_since is None else self._foreign_since
        left = context.settings.foreign_patience - (now - self._foreign_since)
        if left <= 0:
            return None  # ours take their nonces, with higher fees if need be
        return (
            f"{len(others)} pending transactions of {context.account} are not in the journal, the "
            f"first at nonce {others[0]}: waiting {left:.0f} s before they are replaced"
        )

    def _price(
        self, wish: Wish, estimate: int | Reverted, used: int | None, purse: int, market: Market
    ) -> Priced | PlanLine:
        """Or why it cannot be sent now."""
        context = self._context
        if isinstance(estimate, Reverted):
            found, text = classify(estimate.data)
            self.simulated[wish.key] = found
            verdict = "skip" if found is Class.NEVER else "wait"
            return line_of(wish, verdict, f"would revert: {text}")
        self.simulated.pop(wish.key, None)
        gas = context.settings.with_margin(self._stretched(wish.key, estimate))
        likely = estimate if used is None else used
        fee = context.fees.first(market.base, market.tip, wish.urgency)
        if fee is None:
            most = context.fees.tolerated(wish.urgency)
            text = f"gas costs {market.base} wei, {most} is tolerated now: waiting for less"
            return line_of(wish, "wait", text, gas=gas, estimate=likely)
        line = line_of(wish, "wait", "", gas=gas, estimate=likely, fee=fee)
        cost = gas * fee.max_fee
        if refusal := context.budget.refusal(wish, cost, context.clock.wall()):
            return replace(line, reason=refusal)
        if cost > purse:
            text = f"{context.account} lacks {cost - max(0, purse)} wei for gas: send it ETH"
            return replace(line, reason=text)
        return Priced(gas, likely, fee)

    def _stretched(self, key: str, estimate: int) -> int:
        """Half more for each time that an attempt used up its gas."""
        out = sum(
            one.ok is False and one.gas_used is not None and one.gas_used >= one.gas - one.gas // 64
            for one in self._context.journal.attempts_of(key)
        )
        return estimate * (2 + out) // 2

    def _send(self, wish: Wish, priced: Priced, nonce: int, holding: Holding | None) -> PlanLine:
        context = self._context
        gas, fee = priced.gas, priced.fee
        line = line_of(
            wish, "send", "a dry run sends nothing", gas=gas, estimate=priced.estimate, fee=fee
        )
        if context.outbox is None:
            return line
        tx = Unsigned(context.chain.chain_id, nonce, wish.to, wish.data, gas, fee.max_fee, fee.tip)
        try:
            sent = context.outbox.send(wish.key, tx, holding=holding)
        except SigningError as error:
            return replace(line, verdict="wait", reason=str(error))
        context.note(sent.attempt.hash, sent.outcome)
        text = f"nonce {nonce}: {sent.outcome}"
        if sent.outcome not in ARRIVED:
            text += f", again at the next tick: {sent.line}"
        return replace(line, reason=text, tx=sent.attempt.hash)
