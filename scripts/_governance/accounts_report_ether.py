"""Finds the ETH of the treasury that moved: which blocks, which transactions, which calls in them.

Nothing logs plain ETH. Blocks are found by balance, transactions by their value, and what a
contract sent in the middle of a call by the trace of its transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from scripts._governance.accounts_report import (
    ZERO,
    Action,
    EtherBlock,
    EtherFlow,
    Kind,
    changed_blocks,
)
from scripts._governance.node import Node, address_of, number

MOVES_ETHER = ("CALL", "CREATE", "CREATE2", "SELFDESTRUCT")


@dataclass(frozen=True)
class EtherReading:
    """`actions` are all executed calls of the blocks that will be asked for."""

    node: Node
    treasury: str
    governor: str | None
    actions: Sequence[Action]

    def balance(self, block: int) -> int:
        if block not in self._balances:
            self._balances[block] = 0 if block < 0 else self.node.balance(self.treasury, block)
        return self._balances[block]

    @cached_property
    def _balances(self) -> dict[int, int]:
        return {}

    def blocks(self, first: int, last: int) -> Iterator[EtherBlock]:
        """Every block in which the treasury's ETH moved."""
        known = {action.block for action in self.actions}
        changed = changed_blocks(self.balance, first - 1, last, known)
        for block in changed:
            one = EtherBlock(
                block,
                self.balance(block) - self.balance(block - 1),
                tuple(self._plain_flows(self.node.block(block)["transactions"])),
            )
            if one.change != sum(flow.amount for flow in one.flows):
                one = self._traced(one)
            yield one

    def _plain_flows(self, transactions: Iterable[Mapping[str, Any]]) -> Iterator[EtherFlow]:
        """By the value of transactions, and by what executed calls were given."""
        for raw in transactions:
            tx, position = str(raw.get("hash")), number(raw.get("transactionIndex"))
            called, value = address_of(raw.get("to")), number(raw.get("value"))
            actions = [action for action in self.actions if action.tx == tx]
            if value and self._forwards(called, actions) and self.node.succeeded(tx):
                kind = Kind.SENT_ALONG if actions else Kind.DONATION
                signer = address_of(raw.get("from")) or ZERO
                yield EtherFlow(tx, position, value, signer, kind)
            for action in actions:
                if action.value and action.target != self.treasury:
                    yield EtherFlow(
                        tx, position, -action.value, action.target, Kind.PROPOSAL, action
                    )

    def _forwards(self, called: str | None, actions: list[Action]) -> bool:
        """Whether the value of a call to this ends in the treasury."""
        return called == self.treasury or bool(actions and called == self.governor)

    def _traced(self, block: EtherBlock) -> EtherBlock:
        """The same block with the flows its traces show, if the node traces.

        A transaction whose trace shows none keeps what its value says: a deposit of Arbitrum runs
        no code.
        """
        flows: list[EtherFlow] = []
        for raw in self.node.block(block.block)["transactions"]:
            tx = str(raw.get("hash"))
            tree = self.node.trace(tx)
            if tree is None:
                return replace(block, traced=False)
            traced = list(self._frame_flows(tx, number(raw.get("transactionIndex")), tree))
            flows += traced or [flow for flow in block.flows if flow.tx == tx]
        return replace(block, flows=tuple(flows))

    def _frame_flows(self, tx: str, position: int, tree: Mapping[str, Any]) -> Iterator[EtherFlow]:
        waiting = [action for action in self.actions if action.tx == tx]
        current: Action | None = None
        for frame, inside in frames(tree, self.treasury):
            payer, payee = address_of(frame.get("from")), address_of(frame.get("to")) or ZERO
            value = number(frame.get("value"))
            if frame.get("type") not in MOVES_ETHER or payer == payee:
                continue
            if payer == self.treasury:
                call = payee, value
                current = next((it for it in waiting if (it.target, it.value) == call), None)
                if current:
                    waiting.remove(current)
                if value:
                    kind = Kind.PROPOSAL if current else Kind.UNEXPLAINED
                    yield EtherFlow(tx, position, -value, payee, kind, current)
            elif payee == self.treasury and value:
                cause = current if inside else None
                along = payer == self.governor and not inside
                kind = Kind.PROPOSAL if cause else Kind.SENT_ALONG if along else Kind.DONATION
                giver = address_of(tree.get("from")) if along else payer
                yield EtherFlow(tx, position, value, giver or ZERO, kind, cause)


def frames(
    tree: Mapping[str, Any], treasury: str, *, inside: bool = False
) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Every call that was not undone, and whether the treasury had made it or one around it."""
    if tree.get("error"):
        return
    yield tree, inside
    inner = inside or address_of(tree.get("from")) == treasury
    for call in tree.get("calls") or ():
        yield from frames(call, treasury, inside=inner)
