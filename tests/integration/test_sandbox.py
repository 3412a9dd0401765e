"""A chain on which nothing counts: blocks that pass at once, anybody's transactions, no traces."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from web3 import Web3

from scripts._governance import sandbox as module
from scripts._governance.calldata import Interfaces
from scripts._governance.chain_system import ChainSystem
from scripts._governance.model import ProposalError
from scripts._governance.sandbox import Sandbox, SandboxError, borrowed, forked, is_sandbox
from tests.support.anvil import Anvil, find_anvil, run_anvil

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
CLOCK = Web3.to_checksum_address("0x" + "c1" * 20)
# Returns block.number and the hash of the block before it; with calldata, stores the number.
CLOCK_CODE = "0x3615600957436000555b43600052600143034060205260406000f3"
SENDER = Web3.to_checksum_address("0x" + "5e" * 20)


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with run_anvil() as running:
        running.rpc("anvil_setCode", CLOCK, CLOCK_CODE)
        running.rpc("anvil_mine", "0x5")
        yield running


def clock(sandbox: Sandbox) -> tuple[int, bytes]:
    answer = bytes(sandbox.web3.eth.call({"to": CLOCK}))
    return int.from_bytes(answer[:32], "big"), answer[32:]


def stored(web3: Web3) -> int:
    return int.from_bytes(web3.eth.get_storage_at(CLOCK, 0), "big")


def test_advance__many_blocks__contracts_see_the_later_number_and_a_hash(anvil: Anvil) -> None:
    with borrowed(anvil.web3) as sandbox:
        start = sandbox.height
        for blocks in (0, 1, 256, 257, 51_840):
            before = sandbox.height
            sandbox.advance(blocks)
            assert sandbox.height == before + blocks
        number, previous = clock(sandbox)
        assert number == sandbox.height == start + 1 + 256 + 257 + 51_840
        assert previous != bytes(32)
        tx = sandbox.send(SENDER, CLOCK, b"\x01")
        assert sandbox.succeeded(tx)
        assert stored(sandbox.web3) == number + 1


def test_borrowed__whatever_was_done__is_undone(anvil: Anvil) -> None:
    height, balance = anvil.web3.eth.block_number, anvil.web3.eth.get_balance(SENDER)
    with contextlib.suppress(ZeroDivisionError), borrowed(anvil.web3) as sandbox:
        sandbox.send(SENDER, CLOCK, b"\x01", value=1)
        assert stored(anvil.web3)
        sandbox.advance(1_000)
        raise ZeroDivisionError
    assert anvil.web3.eth.block_number == height
    assert anvil.web3.eth.get_balance(SENDER) == balance
    assert stored(anvil.web3) == 0


def test_borrowed__blocks__are_a_second_apart_whatever_the_clock_says(anvil: Anvil) -> None:
    with borrowed(anvil.web3) as sandbox:
        times = []
        for _ in range(3):
            sandbox.send(SENDER, CLOCK, b"")
            times.append(int(sandbox.web3.eth.get_block("latest")["timestamp"]))
        sandbox.wait(3_600)
        times.append(int(sandbox.web3.eth.get_block("latest")["timestamp"]))
    assert [time - times[0] for time in times] == [0, 1, 2, 3_602]


def test_forked__transactions_and_blocks__stay_in_the_fork(anvil: Anvil) -> None:
    height = anvil.web3.eth.block_number
    with forked(anvil.url) as sandbox:
        assert sandbox.height == height
        sandbox.advance(10_000)
        assert sandbox.succeeded(sandbox.send(SENDER, CLOCK, b"\x01"))
        assert stored(sandbox.web3) == height + 10_001
    assert anvil.web3.eth.block_number == height
    assert stored(anvil.web3) == 0


def test_forked__no_node_there__is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 1)
    with pytest.raises(SandboxError, match="^anvil cannot fork"), forked("http://127.0.0.1:1"):
        pass


def test_rpc__refused__says_what_the_node_says(anvil: Anvil) -> None:
    assert is_sandbox(anvil.web3)
    with pytest.raises(SandboxError, match="^evm_revert: "):
        Sandbox(anvil.web3).rpc("evm_revert", "no number")


def test_chain_system__no_controller_at_the_address__is_one_line(anvil: Anvil) -> None:
    interfaces = Interfaces.load()
    with pytest.raises(ProposalError, match="no Controller here; is this the right --network"):
        ChainSystem(anvil.web3, SENDER, interfaces)
    system = ChainSystem(anvil.web3, CLOCK, interfaces)  # something else is there
    with pytest.raises(ProposalError, match=r"^Controller\.getContract: 64 bytes returned"):
        system.address("Minter")
    with pytest.raises(ProposalError, match="--candidate Minter=ADDRESS:COMMIT"):
        system.candidate("Minter")
