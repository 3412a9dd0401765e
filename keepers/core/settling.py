"""What became of the transactions of one account: the journal follows the chain, also backwards.

    signed, sent --receipt--> included --deep enough--> final
                     ^            |
                     +--vanished--+   (its block was reorganised away)

A nonce that somebody else used frees its intent for another try. Source: keepers spec (e1), R2, R6,
R9, R10, R14.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from keepers.core.chain import Chain
from keepers.core.journal import Journal
from keepers.core.model import Attempt, Call, Head, IntentState, KeeperError, Receipt, Reverted
from keepers.core.nonces import Group, group_by_nonce
from keepers.core.reverts import Class, classify

# Looks at a nonce that is used by none of ours before ours are given up: a receipt may lag behind.
LOOKS = 2
MAX_REVERTS = 3  # of one intent in its lifetime; then it is not tried again


@dataclass(frozen=True)
class Lane:
    """The account at one head: `mined` is its next nonce, `waiting` what is in no block yet.

    `taken`: nonces of all that is not final, also of what only a block after the head has.
    """

    mined: int
    waiting: tuple[Group, ...]
    taken: frozenset[int] = frozenset()

    def of(self, key: str) -> Group | None:
        return next((group for group in self.waiting if group.intent == key), None)

    def without(self, group: Group) -> Lane:
        kept = tuple(one for one in self.waiting if one is not group)
        return Lane(self.mined, kept, self.taken - {group.nonce})


class Settler:
    """`tell(key, text)` gets a line for the operator whenever something ends."""

    def __init__(
        self,
        chain: Chain,
        journal: Journal,
        account: str,
        *,
        confirmations: int,
        tell: Callable[[str, str], None],
        reach: Callable[[str], None],
    ) -> None:
        self._chain, self._journal, self._account = chain, journal, account
        self._confirmations, self._tell, self._reach = confirmations, tell, reach
        self._missing: dict[int, int] = {}

    def settle(self, head: Head) -> Lane:
        """Raises Unavailable."""
        groups = group_by_nonce(self._journal.attempts(self._account))
        mined = self._chain.nonce(self._account, head.number)
        hashes = [one.hash for group in groups for one in group.attempts]
        receipts = self._chain.receipts(hashes) if hashes else {}
        safe = self._safe_block(head, receipts)
        waiting = [group for group in groups if not self._follow(group, receipts, mined, safe)]
        self._mark(groups, receipts)
        self._missing = {nonce: n for nonce, n in self._missing.items() if nonce < mined}
        return Lane(mined, tuple(waiting), frozenset(group.nonce for group in groups))

    def _mark(self, groups: Sequence[Group], receipts: Mapping[str, Receipt]) -> None:
        """Open or included, by what the chain has now; so a crash leaves nothing wrong for long."""
        landed = {
            one.intent
            for group in groups
            for one in group.attempts
            if one.hash in receipts and receipts[one.hash].ok and not one.cancels
        }
        for intent in self._journal.open_intents(self._account):
            state = IntentState.INCLUDED if intent.key in landed else IntentState.OPEN
            if intent.state is not state:
                self._journal.set_state(intent.key, state)

    def _safe_block(self, head: Head, receipts: dict[str, Receipt]) -> int:
        """The highest block that is final: deep enough, or said to be by the chain itself."""
        deep = head.number - self._confirmations
        if not receipts or all(receipt.block_number <= deep for receipt in receipts.values()):
            return deep
        return max(deep, self._chain.finalized() or 0)

    def _follow(self, group: Group, receipts: dict[str, Receipt], mined: int, safe: int) -> bool:
        """Whether nothing more is to be done about it in this tick."""
        mine = next((one for one in group.attempts if one.hash in receipts), None)
        if mine is not None:
            self._landed(group, mine, receipts[mine.hash], safe)
            return True
        if gone := group.included:
            self._journal.vanished(gone.hash)
            self._tell(group.intent, f"its block was reorganised away: {gone.hash}")
        if group.nonce >= mined:
            return False
        return self._overtaken(group)

    def _landed(self, group: Group, mine: Attempt, receipt: Receipt, safe: int) -> None:
        """The intent first, then the attempt: after a crash between the two both are done again."""
        if group.included != mine or mine.block_hash != receipt.block_hash:
            self._judge(group, mine, receipt)
            self._journal.included(receipt)
            self._reach("included seen")
        if receipt.block_number <= safe:
            intent = self._journal.intent(group.intent)
            happened = receipt.ok and not mine.cancels
            if happened and intent is not None and not intent.state.is_closed:
                self._journal.close_intent(intent.key, IntentState.FINAL, f"final: {mine.hash}")
            self._journal.final(mine.hash)
            self._reach("final marked")

    def _judge(self, group: Group, mine: Attempt, receipt: Receipt) -> None:
        intent = self._journal.intent(group.intent)
        if intent is None:
            return
        if mine.cancels:
            if intent.state is IntentState.OPEN:
                self._journal.close_intent(intent.key, IntentState.WITHDRAWN, "cancelled")
            self._tell(intent.key, f"cancelled: {mine.hash}")
        elif receipt.ok:
            self._tell(intent.key, f"in block {receipt.block_number}: {mine.hash}")
        else:
            kind, text = self._why(intent.to, intent.data, mine, receipt)
            self._tell(intent.key, f"reverted, {text}: {mine.hash}")
            if kind is Class.DONE:
                self._journal.close_intent(intent.key, IntentState.BY_OTHER, text)
            elif kind is Class.NEVER or len(self._reverts(mine)) >= MAX_REVERTS:
                self._journal.close_intent(intent.key, IntentState.REFUSED, text)

    def _why(self, to: str, data: bytes, mine: Attempt, receipt: Receipt) -> tuple[Class, str]:
        """Ask the chain again, at the block where it failed and at the one before."""
        exhausted = receipt.gas_used >= mine.gas - mine.gas // 64
        call = Call(to, data, sender=self._account)
        for block in (receipt.block_number, receipt.block_number - 1):
            try:
                self._chain.call(call, block)
            except Reverted as reverted:
                return classify(reverted.data, gas_exhausted=exhausted)
            except KeeperError:
                break  # the block is too old for this node
        return classify(b"", gas_exhausted=exhausted)

    def _reverts(self, mine: Attempt) -> set[str]:
        """Reverted transactions of its intent, itself included."""
        tried = self._journal.attempts_of(mine.intent)
        return {mine.hash, *(one.hash for one in tried if one.ok is False)}

    def _overtaken(self, group: Group) -> bool:
        """A block has another transaction with this nonce; ours cannot follow any more."""
        seen = self._missing[group.nonce] = self._missing.get(group.nonce, 0) + 1
        if seen < LOOKS or any(self._chain.is_known(one.hash) for one in group.attempts):
            return True  # its receipt may only be late
        self._journal.lost(self._account, group.nonce)
        self._tell(group.intent, f"another transaction of this account took nonce {group.nonce}")
        return True
