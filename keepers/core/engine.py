"""One account's way from wishes to transactions: at most one that counts for each wish.

    settle(head)                  what became of what is under way        settling.py
    pursue(wishes, kinds, head)   new: simulate, price, budget, nonce     fresh.py
                                  under way: wait, send again, replace    under_way.py, steps.py
                                  sign, write down, broadcast             outbox.py

An intent has transactions at one nonce only, until that nonce is used up. Without a signer nothing
is signed: the lines say what would be done. Source: keepers spec (e1), R2, R3, R6, R9, R19, R20.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from keepers.core.budget import Budget
from keepers.core.chain import Chain
from keepers.core.clock import Clock
from keepers.core.context import Context, Settings, line_of
from keepers.core.crash import reach as crash_point
from keepers.core.fees import FeePolicy
from keepers.core.fresh import Fresh
from keepers.core.journal import Journal
from keepers.core.lease import Lease
from keepers.core.model import Head, Intent, IntentState, Wish
from keepers.core.outbox import Outbox
from keepers.core.plan import PlanLine
from keepers.core.reverts import Class
from keepers.core.settling import MAX_REVERTS, Settler
from keepers.core.signing import Signer
from keepers.core.steps import Market
from keepers.core.under_way import UnderWay

PASSED_ON = "another process holds the lease of this account"


class Engine:
    """Raises Unavailable when the chain cannot be read, JournalError when nothing can be kept."""

    def __init__(
        self,
        chain: Chain,
        account: str,
        signer: Signer | None,
        journal: Journal,
        *,
        fees: FeePolicy,
        budget: Budget,
        settings: Settings | None = None,
        lease: Lease | None = None,
        clock: Clock | None = None,
        tell: Callable[[str, str], None] = lambda _key, _text: None,
        reach: Callable[[str], None] = crash_point,
    ) -> None:
        """`tell(key, text)` gets one line for the operator whenever something ends."""
        settings, clock = settings or Settings(), clock or Clock()
        outbox = Outbox(chain, signer, journal, clock=clock, reach=reach) if signer else None
        self.context = Context(
            *(chain, account, journal, outbox, fees, budget, settings, clock, tell)
        )
        self._lease, self._reach = lease, reach
        self._settler = Settler(
            chain,
            journal,
            account,
            confirmations=settings.confirmations,
            tell=tell,
            reach=reach,
        )
        self._fresh, self._under_way = Fresh(self.context), UnderWay(self.context)

    @property
    def account(self) -> str:
        return self.context.account

    def low_balance(self, head: Head) -> str | None:
        """What to tell the operator if the account holds less than it should."""
        context = self.context
        balance = context.chain.balance(context.account, head.number)
        return context.budget.low_balance(context.account, balance, context.clock.wall())

    def settle(self, head: Head) -> None:
        """Follow the chain. First thing in a tick, before any keeper decides."""
        context = self.context
        context.lane = self._settler.settle(head)
        context.forget_all_but(
            {one.hash for group in context.lane.waiting for one in group.attempts}
        )

    def pursue(self, wishes: Sequence[Wish], kinds: Collection[str], head: Head) -> list[PlanLine]:
        """Act on what is wanted now. Intents of `kinds` that are not in `wishes` are given up.

        Kinds of a keeper that could not read the chain are left out, so nothing of it is cancelled.
        """
        market = Market(head.base_fee, self.context.chain.suggested_tip())
        if self.context.outbox is None:
            return self._fresh.launch(wishes, None, head, market)
        holding = self._lease.beat() if self._lease else None
        if self._lease and holding is None:
            return [line_of(wish, "wait", PASSED_ON) for wish in wishes]
        wanted = {wish.key: wish for wish in wishes}
        intents = [self._write_down(wish) for wish in wishes]
        lines = self._under_way.advance(wanted, kinds, holding, market)
        self._give_up(wanted, kinds)
        free = [
            wish
            for wish, intent in zip(wishes, intents, strict=True)
            if intent.state is IntentState.OPEN and self.context.lane.of(wish.key) is None
        ]
        return lines + self._fresh.launch(free, holding, head, market)

    def _write_down(self, wish: Wish) -> Intent:
        context = self.context
        known = context.journal.intent(wish.key)
        if known is not None and known.state is IntentState.REFUSED:
            tried = context.journal.attempts_of(wish.key)
            if sum(one.ok is False for one in tried) >= MAX_REVERTS:
                return known  # the simulation says yes and the chain no: not again
        intent = context.journal.want(wish, context.account, context.clock.wall())
        if known is None:
            self._reach("intent written")
        if intent.state is IntentState.FINAL and not context.landed(intent.key):
            # Due once more, so what was final is in the chain no longer.
            return context.journal.reopen(intent.key, "a deep reorganisation undid it")
        return intent

    def _give_up(self, wanted: dict[str, Wish], kinds: Collection[str]) -> None:
        """Close what is not due any more and has nothing under way."""
        context = self.context
        for intent in context.journal.open_intents(context.account):
            over = intent.key not in wanted and intent.kind in kinds
            if not over or intent.state is not IntentState.OPEN:
                continue
            if context.lane.of(intent.key) is None and not context.landed(intent.key):
                done = self._fresh.simulated.pop(intent.key, None) is Class.DONE
                state = IntentState.BY_OTHER if done else IntentState.WITHDRAWN
                context.journal.close_intent(intent.key, state, "not due any more")
                context.tell(
                    intent.key, "done by another" if done else "not due any more, not sent"
                )
