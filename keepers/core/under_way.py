"""Transactions that are in no block yet: waited for, sent again, replaced, cancelled.

What to do is said by keepers/core/steps.py; this asks the nodes and acts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from keepers.core.context import Context
from keepers.core.lease import Holding
from keepers.core.model import Call, Intent, Reverted, Unsigned, Wish
from keepers.core.nonces import Group
from keepers.core.plan import PlanLine
from keepers.core.reverts import classify
from keepers.core.signing import SigningError
from keepers.core.steps import Do, Market, Step, Waiting, next_step

CANCEL_GAS = 21_000  # if a node cannot say; Arbitrum adds its L1 part


class UnderWay:
    def __init__(self, context: Context) -> None:
        self._context = context

    def advance(
        self,
        wanted: Mapping[str, Wish],
        kinds: Collection[str],
        holding: Holding | None,
        market: Market,
    ) -> list[PlanLine]:
        """One line for each nonce, lowest first. Cancels what `kinds` no longer want."""
        waiting = self._context.lane.waiting
        last = max((group.nonce for group in waiting), default=0)
        lines = []
        for group in waiting:
            intent = self._context.journal.intent(group.intent)
            wish = wanted.get(group.intent)
            step = self._step(group, intent, wish, kinds, market, last)
            lines.append(self._act(step, group, intent, wish, holding))
        return lines

    def _step(
        self,
        group: Group,
        intent: Intent | None,
        wish: Wish | None,
        kinds: Collection[str],
        market: Market,
        last: int,
    ) -> Step:
        context = self._context
        kept = wish is not None or (intent is not None and intent.kind not in kinds)
        front = group.nonce == context.lane.mined
        first_look = group.newest.hash not in context.since
        age = context.age(group.newest.hash)
        known = None
        if front or first_look or not kept or age >= context.settings.ask_after:
            known = any(context.chain.is_known(one.hash) for one in reversed(group.attempts))
        waiting = Waiting(
            group,
            wanted=kept,
            urgency=wish.urgency if wish else 0,
            front=front,
            blocks_others=group.nonce < last,
            age=age,
            known=known,
            outbid=group.newest.hash in context.outbid,
        )
        return next_step(
            waiting, market, context.fees, replace_after=context.settings.replace_after
        )

    def _act(
        self,
        step: Step,
        group: Group,
        intent: Intent | None,
        wish: Wish | None,
        holding: Holding | None,
    ) -> PlanLine:
        context = self._context
        assert context.outbox
        line = _line(step, group, intent, wish)
        if step.do is Do.FORGET:
            context.journal.lost(context.account, group.nonce)
            context.lane = context.lane.without(group)
            return replace(line, verdict="done")
        if step.do is Do.SEND_AGAIN:
            sent = context.outbox.again(group.newest)
            context.note(group.newest.hash, sent.outcome)
            return replace(line, reason=f"sent again, nonce {group.nonce}: {sent.outcome}")
        if step.fee is None:
            return line
        return self._replace(step, group, intent, wish, holding, line)

    def _replace(
        self,
        step: Step,
        group: Group,
        intent: Intent | None,
        wish: Wish | None,
        holding: Holding | None,
        line: PlanLine,
    ) -> PlanLine:
        context = self._context
        assert context.outbox
        assert step.fee
        fee, gas, why = step.fee, group.newest.gas, step.why
        call = self._content(step, intent, wish)
        found = context.chain.estimate_many([call], "latest")[0] if call else 0
        if isinstance(found, Reverted):  # it would pay for nothing, and hold up what comes after
            call, why = None, f"would revert: {classify(found.data)[1]}"
        elif call:
            gas = max(gas, context.settings.with_margin(found))
        if call is None:
            if context.chain.receipts([one.hash for one in group.attempts]):
                return replace(line, reason="in a block just now")
            call = Call(context.account, b"", sender=context.account)
            gas = gas if group.newest.cancels else self._cancel_gas(call)
        cancels = not call.data
        extra = max(0, gas * fee.max_fee - group.most)
        if wish and (refusal := context.budget.refusal(wish, extra, context.clock.wall())):
            return replace(line, reason=f"not replaced: {refusal}")
        chain = context.chain.chain_id
        tx = Unsigned(chain, group.nonce, call.to, call.data, gas, fee.max_fee, fee.tip)
        try:
            sent = context.outbox.send(
                group.intent, tx, holding=holding, cancels=cancels, replaces=not cancels
            )
        except SigningError as error:
            return replace(line, reason=str(error))
        context.note(sent.attempt.hash, sent.outcome)
        return replace(
            line,
            verdict="cancel" if cancels else "replace",
            reason=f"{why}, nonce {group.nonce}: {sent.outcome}",
            gas=gas,
            max_fee=fee.max_fee,
            cost=gas * fee.max_fee,
            tx=sent.attempt.hash,
        )

    def _content(self, step: Step, intent: Intent | None, wish: Wish | None) -> Call | None:
        """What its transaction does now, after what has changed since; None: nothing more."""
        if step.do is Do.CANCEL or intent is None:
            return None
        source = wish or intent
        return Call(source.to, source.data, sender=self._context.account)

    def _cancel_gas(self, call: Call) -> int:
        context = self._context
        found = context.chain.estimate_many([call], "latest")[0]
        return CANCEL_GAS if isinstance(found, Reverted) else context.settings.with_margin(found)


def _line(step: Step, group: Group, intent: Intent | None, wish: Wish | None) -> PlanLine:
    newest = group.newest
    return PlanLine(
        keeper="",
        kind=intent.kind if intent else "",
        subject=intent.subject if intent else "",
        why=wish.why if wish else "",
        verdict="wait",
        reason=f"{step.why}, nonce {group.nonce}",
        gas=newest.gas,
        max_fee=newest.max_fee,
        cost=newest.most,
        worth=wish.worth if wish else None,
        tx=newest.hash,
    )
