"""What one transaction did: its calls, storage, balances and events, each by name.

Nothing here depends on when it is looked at: no clock, no block number, no hash of a block, no
price of gas. Two runs of the same transaction on the same state give the same `Effects`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from web3 import Web3

from scripts._governance.calldata import DecodedEvent, Interfaces
from scripts._governance.layouts import Type
from scripts._governance.names import Names
from scripts._governance.node import Node, NodeError, number
from scripts._governance.showing import Shower, Value
from scripts._governance.slots import KECCAK_INPUTS, Place, Preimages, Slots
from scripts._governance.trace import CallNode, CallTree
from scripts._governance.words import Part, parts, show, show_as
from scripts._lib.chain import ZERO

TOKEN = "LivepeerToken"
TRANSFER = "Transfer"
ETH, LPT = "ETH", "LPT"
EMPTY = "0x" + "00" * 32


class ObservationError(RuntimeError):
    """One line: what the node does not show, or what does not add up."""


@dataclass(frozen=True)
class SlotChange:
    """`variable` is None where no variable of a known layout leads to the slot.

    `ours` says that the contract is one of this project. `shown_*` are the words with type and
    unit; `parts` the members that changed in a word that holds several.
    """

    contract: str
    address: str
    slot: str
    variable: str | None
    type: str
    before: str
    after: str
    shown_before: str
    shown_after: str
    parts: tuple[Part, ...]
    ours: bool

    @property
    def name(self) -> str:
        return f"{self.contract}.{self.variable or f'slot {self.slot}'}"


@dataclass(frozen=True)
class BalanceChange:
    """In wei. ETH is without the fee of the transaction."""

    account: str
    token: str
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Event:
    """`unknown` says why an event is shown as raw words, all in `event`."""

    contract: str
    event: str
    arguments: tuple[Value, ...]
    unknown: str = ""


@dataclass(frozen=True)
class Effects:
    """`error` is why the transaction reverted; then only the calls and the gas are of interest."""

    call_tree: CallNode
    storage: tuple[SlotChange, ...]
    balances: tuple[BalanceChange, ...]
    events: tuple[Event, ...]
    gas_used: int
    calldata_bytes: int
    error: str = ""

    @property
    def ours(self) -> tuple[SlotChange, ...]:
        """Changes in the storage of this project's contracts."""
        return tuple(change for change in self.storage if change.ours)

    @property
    def unnamed(self) -> tuple[SlotChange, ...]:
        """Those of them that have no name: a report must not hide one."""
        return tuple(change for change in self.ours if change.variable is None)


def observe(
    web3: Web3, tx_hash: str, names: Names, interfaces: Interfaces, *, fold: bool = True
) -> Effects:
    """Effects of a mined transaction, from a node that traces. Raises ObservationError.

    `names` are those from before the transaction: what is called Minter is the contract that was
    the Minter. `fold` leaves proxy hops and look-ups out of the call tree.
    """
    try:
        return _Observer(Node.of(web3), tx_hash, names, interfaces).effects(fold=fold)
    except NodeError as error:
        raise ObservationError(f"transaction {tx_hash}: {error}") from None


class _Observer:
    def __init__(self, node: Node, tx: str, names: Names, interfaces: Interfaces) -> None:
        self._node, self._tx, self._names, self._interfaces = node, tx, names, interfaces
        self._transaction = node.transaction(tx)
        receipt = node.request("eth_getTransactionReceipt", tx)
        if receipt is None:
            raise ObservationError(f"transaction {tx} is not mined")
        self._receipt: Mapping[str, Any] = receipt
        self._states = self._before_and_after()

    def effects(self, *, fold: bool) -> Effects:
        tree = CallTree(self._names, self._interfaces, fold=fold)
        calls = tree.read(self._trace({"tracer": "callTracer"}))
        return Effects(
            call_tree=calls,
            storage=tuple(self._storage()),
            balances=(*self._ether(), *self._tokens()),
            events=tuple(self._event(log) for log in self._receipt["logs"]),
            gas_used=number(self._receipt["gasUsed"]),
            calldata_bytes=len(_bytes(self._transaction["input"])),
            error="" if number(self._receipt["status"]) else calls.error or "reverted",
        )

    def _trace(self, options: Mapping[str, Any]) -> Any:
        return self._node.request("debug_traceTransaction", self._tx, options)

    # -- storage

    def _storage(self) -> Iterable[SlotChange]:
        """By contract, then in the order the variables are declared; what has no name is last."""
        preimages = Preimages(map(_bytes, self._trace({"tracer": KECCAK_INPUTS})))
        found = []
        for address in sorted(self._states):
            contract, layout = self._names.label(address), self._names.layout(address)
            slots = None if layout is None else Slots(layout, preimages, self._key_label)
            before, after = self._states[address]
            words = before.get("storage") or {}, after.get("storage") or {}
            for slot in sorted({*words[0], *words[1]}):
                old, new = (word.get(slot, EMPTY) for word in words)
                place = slots.place(int(slot, 16)) if slots else None
                order = slots.order(place) if slots and place else len(layout or ())
                change = self._change(address, slot, place, old, new, ours=layout is not None)
                if old != new:
                    found.append((contract, address, order, change.variable or slot, change))
        return [change for *_, change in sorted(found, key=lambda item: item[:-1])]

    def _change(
        self, address: str, slot: str, place: Place | None, before: str, after: str, *, ours: bool
    ) -> SlotChange:
        label = self._names.label
        old, new = _bytes(before), _bytes(after)
        kind, pattern = (str(place.type), place.pattern) if place else ("", "")
        return SlotChange(
            contract=label(address),
            address=address,
            slot=slot,
            variable=place.name if place else None,
            type=kind,
            before=before,
            after=after,
            shown_before=show(pattern, kind, old, label),
            shown_after=show(pattern, kind, new, label),
            parts=parts(pattern, old, new, label),
            ours=ours,
        )

    def _key_label(self, kind: Type, word: bytes) -> str:
        known = self._names.word_label(word) if str(kind) == "bytes32" else None
        if str(kind).startswith("uint"):
            return str(int.from_bytes(word, "big"))  # a key is an index: no thousands separators
        return known or show_as(str(kind), word, self._names.label)

    def _before_and_after(self) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """State of each account that changed. A node leaves out what is zero on one side."""
        diff = self._trace({"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}})
        return {
            str(to_checksum_address(address)): (
                diff["pre"].get(address, {}),
                diff["post"].get(address, {}),
            )
            for address in {*diff["pre"], *diff["post"]}
        }

    # -- balances

    def _ether(self) -> Iterable[BalanceChange]:
        """Who paid for gas and who got what was paid for it are set right first."""
        gas, price = number(self._receipt["gasUsed"]), number(self._receipt["effectiveGasPrice"])
        block = self._node.block(number(self._receipt["blockNumber"]))
        fees = {str(to_checksum_address(self._transaction["from"])): gas * price}
        tip = price - number(block.get("baseFeePerGas"))
        miner = str(to_checksum_address(block["miner"]))
        fees[miner] = fees.get(miner, 0) - gas * tip
        found = []
        for address, (before, after) in self._states.items():
            old = number(before.get("balance"))
            new = number(after.get("balance", before.get("balance"))) + fees.get(address, 0)
            if old != new:
                found.append(BalanceChange(self._names.label(address), ETH, old, new))
        return sorted(found, key=lambda change: change.account)

    def _tokens(self) -> Iterable[BalanceChange]:
        """Read back, and compared with what the Transfer events add up to."""
        moved: dict[tuple[str, str], int] = {}
        for log in self._receipt["logs"]:
            if self._names.contract(log["address"]) != TOKEN:
                continue
            event = self._decoded(log)
            if isinstance(event, DecodedEvent) and event.event == TRANSFER:
                token = str(to_checksum_address(log["address"]))
                sender, receiver, amount = event.values
                moved[token, sender] = moved.get((token, sender), 0) - amount
                moved[token, receiver] = moved.get((token, receiver), 0) + amount
        changes = (
            self._token_change(token, account, amount)
            for (token, account), amount in moved.items()
            if account != ZERO and amount
        )
        return sorted(changes, key=lambda change: change.account)

    def _token_change(self, token: str, account: str, moved: int) -> BalanceChange:
        height = number(self._receipt["blockNumber"])
        old, new = (self._token_balance(token, account, at) for at in (height - 1, height))
        if new - old != moved:
            raise ObservationError(
                f"transaction {self._tx}: the LPT of {account} changed by {new - old} wei in its "
                f"block, its events say {moved}; mine it in a block of its own"
            )
        return BalanceChange(self._names.label(account), LPT, old, new)

    def _token_balance(self, token: str, account: str, height: int) -> int:
        read = self._node.call(token, "balanceOf(address)", [account], ["uint256"], height)
        return int(read[0]) if read else 0

    # -- events

    def _event(self, log: Mapping[str, Any]) -> Event:
        contract, event = self._names.label(log["address"]), self._decoded(log)
        if isinstance(event, DecodedEvent):
            values = Shower(self._names, self._interfaces).of_event(event.event, event.arguments)
            return Event(contract, event.event, values)
        return Event(contract, event.data, (), event.why)

    def _decoded(self, log: Mapping[str, Any]) -> Any:
        topics = [_bytes(topic) for topic in log["topics"]]
        contract = self._names.contract(log["address"])
        return self._interfaces.decode_event(contract, topics, _bytes(log["data"]))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
