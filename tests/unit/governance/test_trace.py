"""Call trees from small recorded traces, and what is read from a node beside them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from scripts._governance.calldata import Interfaces
from scripts._governance.layouts import Layout, Variable, Word, parse_type
from scripts._governance.names import Names
from scripts._governance.observe import BalanceChange, ObservationError, observe
from scripts._governance.showing import Shower
from scripts._governance.slots import KECCAK_INPUTS
from scripts._governance.trace import CallNode, CallTree
from scripts._lib.protocol import contract_id

CONTROLLER, PROXY, TARGET, TOKEN, STRANGER, MINER, MANAGER = (
    "0x" + f"{number:02x}" * 20 for number in range(0xC1, 0xC8)
)
KNOWN = {
    "Controller": CONTROLLER,
    "RoundsManager": PROXY,
    "RoundsManagerTarget": TARGET,
    "LivepeerToken": TOKEN,
    "miner": MINER,
    "BondingManager": MANAGER,
}
LAYOUTS: dict[str, Layout] = {
    "Controller": (),
    "BondingManager": (),
    "RoundsManager": (Variable(2, "rounds._schedule", Word("uint256")),),
    "LivepeerToken": (Variable(2, "balanceOf", parse_type("HashMap[address, uint256]")),),
}
ERROR = bytes.fromhex("08c379a0")
TX = "0x" + "ab" * 32


@pytest.fixture(scope="module")
def interfaces() -> Interfaces:
    return Interfaces.load()


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(KNOWN, layouts=LAYOUTS)


def raw_call(
    kind: str, sender: str, to: str, data: bytes, *calls: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """As callTracer writes it."""
    call = {"type": kind, "from": sender, "to": to, "input": "0x" + data.hex()}
    return {**call, "value": "0x0", "gasUsed": "0x64", "calls": list(calls), **more}


def proxied_call(interfaces: Interfaces, *inner: Mapping[str, Any]) -> dict[str, Any]:
    data = interfaces.encode("RoundsManager", "setRoundLength", [6_377])
    look_up = interfaces.encode("Controller", "getContract", [contract_id("RoundsManagerTarget")])
    return raw_call(
        "CALL",
        STRANGER,
        PROXY,
        data,
        raw_call("STATICCALL", PROXY, CONTROLLER, look_up),
        raw_call("DELEGATECALL", PROXY, TARGET, data, *inner),
    )


# -- the tree


def test_read__proxied_call__hides_the_hop_and_counts_the_lookups(
    names: Names, interfaces: Interfaces
) -> None:
    owner = raw_call("STATICCALL", PROXY, CONTROLLER, interfaces.encode("Controller", "owner", []))

    tree = CallTree(names, interfaces).read(proxied_call(interfaces, owner))

    assert tree.line == "RoundsManager.setRoundLength(_roundLength: 6,377 blocks)"
    assert (tree.via, tree.lookups, tree.calls) == ("RoundsManagerTarget", 2, ())


def test_read__unfolded__keeps_every_call(names: Names, interfaces: Interfaces) -> None:
    tree = CallTree(names, interfaces, fold=False).read(proxied_call(interfaces))

    assert [(call.kind, call.to) for call in tree.walk()] == [
        ("CALL", "RoundsManager"),
        ("STATICCALL", "Controller"),
        ("DELEGATECALL", "RoundsManagerTarget"),
    ]
    assert (tree.via, tree.lookups) == ("", 0)


def test_read__delegatecall_of_other_calldata__is_no_hop(
    names: Names, interfaces: Interfaces
) -> None:
    data = interfaces.encode("RoundsManager", "setRoundLength", [6_377])
    other = interfaces.encode("RoundsManager", "setRoundLength", [1])

    tree = CallTree(names, interfaces).read(
        raw_call("CALL", STRANGER, PROXY, data, raw_call("DELEGATECALL", PROXY, TARGET, other))
    )

    assert (tree.via, len(tree.calls)) == ("", 1)


def test_read__call_that_changes_the_controller__is_no_lookup(
    names: Names, interfaces: Interfaces
) -> None:
    pause = raw_call("CALL", PROXY, CONTROLLER, interfaces.encode("Controller", "pause", []))

    tree = CallTree(names, interfaces).read(proxied_call(interfaces, pause))

    assert [call.line for call in tree.calls] == ["Controller.pause()"]


def test_read__reverted__has_the_reason_of_the_innermost_error(
    names: Names, interfaces: Interfaces
) -> None:
    inner = ERROR + encode(["string"], ["caller must be Controller owner"])
    wrapped = ERROR + encode(["bytes"], [inner])
    call = raw_call("CALL", STRANGER, PROXY, b"", error="execution reverted")

    trees = [
        CallTree(names, interfaces).read({**call, "output": "0x" + output.hex()})
        for output in (inner, wrapped, b"")
    ]

    assert [tree.error for tree in trees] == [
        "caller must be Controller owner",
        "caller must be Controller owner",
        "execution reverted",
    ]


def test_read__calldata_not_understood__stays_whole_and_says_why(
    names: Names, interfaces: Interfaces
) -> None:
    tree = CallTree(names, interfaces).read(
        raw_call("CALL", STRANGER, PROXY, bytes.fromhex("deadbeef01"))
    )

    assert tree.function == "0xdeadbeef01"
    assert "unknown selector 0xdeadbeef" in tree.unknown


def test_read__creation__has_no_receiver(names: Names, interfaces: Interfaces) -> None:
    raw = raw_call("CREATE", STRANGER, "", b"\x60\x00")
    del raw["to"]

    assert CallTree(names, interfaces).read(raw).line == "(new contract).create()"


def test_of_call__batch__spells_out_the_calls_inside(names: Names, interfaces: Interfaces) -> None:
    inner = interfaces.encode("RoundsManager", "setRoundLength", [6_377])
    update = ((PROXY, STRANGER), (0, 0), (inner, b"\x01\x02"), 3)
    call = interfaces.decode("Governor", interfaces.encode("Governor", "execute", [update]))

    (value,) = Shower(names, interfaces).of_call("Governor", "execute", call.arguments)  # type: ignore[union-attr]

    assert "RoundsManager.setRoundLength(_roundLength: 6,377 blocks), 0x0102]" in value.shown
    assert inner.hex() in value.value


# -- a transaction


class FakeNode:
    """A web3 whose node knows one transaction: a transfer of 5 LPT and 7 wei at a price of 3."""

    def __init__(self, *, moved: int = 5) -> None:
        key = bytes(12) + bytes.fromhex(MANAGER[2:])
        preimage = (2).to_bytes(32, "big") + key
        self.slot = "0x" + keccak(preimage).hex()
        topics = [keccak(text="Transfer(address,address,uint256)"), topic(STRANGER), topic(MANAGER)]
        self.receipt: dict[str, Any] | None = {
            "status": "0x1",
            "gasUsed": hex(100),
            "effectiveGasPrice": "0x3",
            "blockNumber": "0x9",
            "logs": [
                {
                    "address": TOKEN,
                    "topics": ["0x" + item.hex() for item in topics],
                    "data": "0x" + encode(["uint256"], [5]).hex(),
                }
            ],
        }
        self.balances = {STRANGER: (10, 10 - moved), MANAGER: (0, moved)}
        self.diff: dict[str, Any] = {
            "pre": {
                STRANGER: {"balance": hex(1_000)},
                PROXY: {"balance": "0x0", "storage": {slot(2): slot(50)}},
                TOKEN: {"balance": "0x0"},
                MINER: {"balance": hex(0)},
            },
            "post": {
                STRANGER: {"balance": hex(1_000 - 7 - 300)},
                PROXY: {"balance": hex(7), "storage": {slot(2): slot(60), slot(3): slot(1)}},
                TOKEN: {"storage": {self.slot: slot(5)}},
                MINER: {"balance": hex(100)},
            },
        }
        self.inputs = ["0x" + preimage.hex()]
        self.provider = SimpleNamespace(make_request=self.ask)

    def ask(self, method: str, params: list[Any]) -> dict[str, Any]:
        return {"result": getattr(self, method)(*params)}

    def eth_getTransactionByHash(self, _tx: str) -> dict[str, Any]:  # noqa: N802
        return {"from": STRANGER, "input": "0x0102"}

    def eth_getTransactionReceipt(self, _tx: str) -> dict[str, Any] | None:  # noqa: N802
        return self.receipt

    def eth_getBlockByNumber(self, _height: str, _whole: bool) -> dict[str, Any]:  # noqa: N802
        return {"number": "0x9", "miner": MINER, "baseFeePerGas": "0x2"}

    def eth_call(self, call: dict[str, str], height: str) -> str:
        account = "0x" + call["data"][-40:]
        return slot(self.balances[account][int(height, 16) - 8])

    def debug_traceTransaction(self, _tx: str, options: dict[str, Any]) -> Any:  # noqa: N802
        if options["tracer"] == KECCAK_INPUTS:
            return self.inputs
        if options["tracer"] == "prestateTracer":
            return self.diff
        return raw_call("CALL", STRANGER, PROXY, b"", value="0x7")


def slot(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


def topic(account: str) -> bytes:
    return bytes(12) + bytes.fromhex(account[2:])


def test_observe__transaction__names_slots_and_balances_without_its_fee(
    names: Names, interfaces: Interfaces
) -> None:
    node: Any = FakeNode()

    effects = observe(node, TX, names, interfaces)

    stranger = names.label(STRANGER)
    assert [change.name for change in effects.storage] == [
        "LivepeerToken.balanceOf[BondingManager]",
        "RoundsManager.rounds._schedule",
        f"RoundsManager.slot {slot(3)}",
    ]
    assert effects.balances == (
        BalanceChange(stranger, "ETH", 1_000, 993),
        BalanceChange("RoundsManager", "ETH", 0, 7),
        BalanceChange(stranger, "LPT", 10, 5),
        BalanceChange("BondingManager", "LPT", 0, 5),
    )
    assert [event.event for event in effects.events] == ["Transfer"]
    assert (effects.gas_used, effects.calldata_bytes, effects.error) == (100, 2, "")


def test_observe__slot_outside_the_layout__is_listed_as_unnamed(
    names: Names, interfaces: Interfaces
) -> None:
    node: Any = FakeNode()

    effects = observe(node, TX, names, interfaces)

    assert [change.slot for change in effects.unnamed] == [slot(3)]
    assert len(effects.ours) == 3


def test_observe__balance_moved_by_another_transaction__is_refused(
    names: Names, interfaces: Interfaces
) -> None:
    node: Any = FakeNode(moved=6)

    with pytest.raises(ObservationError, match="its events say -5; mine it in a block of its own"):
        observe(node, TX, names, interfaces)


def test_observe__not_mined__is_refused(names: Names, interfaces: Interfaces) -> None:
    node: Any = FakeNode()
    node.receipt = None

    with pytest.raises(ObservationError, match=f"transaction {TX} is not mined"):
        observe(node, TX, names, interfaces)


def test_observe__node_does_not_trace__says_so(names: Names, interfaces: Interfaces) -> None:
    node: Any = FakeNode()
    node.provider.make_request = lambda method, params: (
        {"error": {"message": "method not found"}}
        if method.startswith("debug_")
        else node.ask(method, params)
    )

    with pytest.raises(ObservationError, match="refuses debug_traceTransaction: method not found"):
        observe(node, TX, names, interfaces)


# -- names


def test_names__aliases_candidates_and_nobody__are_told_apart() -> None:
    candidate = "0x" + "d1" * 20
    names = Names(
        {"JobsManager": MANAGER, "TicketBroker": MANAGER, "Minter (candidate)": candidate},
        layouts={"TicketBroker": (), "Minter": ()},
    )

    assert names.label(MANAGER) == "TicketBroker"
    assert (names.label(candidate), names.contract(candidate)) == ("Minter (candidate)", "Minter")
    assert names.label("0x" + "00" * 20) == "nobody"
    assert names.contract(STRANGER) is None


def test_names__another_implementation__has_its_own_layout() -> None:
    extended = (Variable(6, "num", Word("uint256")),)
    names = Names(
        {"RoundsManager": PROXY, "RoundsManagerTarget": TARGET},
        contracts={"RoundsManager": "AdjustableRoundsManager"},
        layouts={"RoundsManager": (), "AdjustableRoundsManager": extended},
    )

    assert names.layout(PROXY) == names.layout(TARGET) == extended
    assert names.contract(PROXY) == "AdjustableRoundsManager"


def test_word_label__ids_roles_and_addresses__are_named() -> None:
    names = Names(KNOWN, layouts=LAYOUTS)

    assert names.word_label(contract_id("BondingManagerTarget")) == "BondingManagerTarget"
    assert names.word_label(bytes(keccak(text="MINTER_ROLE"))) == "MINTER_ROLE"
    assert names.word_label(topic(TOKEN)) == "LivepeerToken"
    assert names.word_label(bytes(32)) is None


def test_walk__tree__visits_callers_before_what_they_call() -> None:
    leaf = CallNode("CALL", "a", "c", "", "", (), 0, 1)
    tree = CallNode("CALL", "x", "a", "", "", (), 0, 1, calls=(leaf, leaf))

    assert [call.to for call in tree.walk()] == ["a", "c", "c"]
