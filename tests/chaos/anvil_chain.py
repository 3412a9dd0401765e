"""The bonding part of the protocol on anvil: real blocks, a real mempool, state at every block.

`AnvilChain` is driven as `tests.support.pyrevm_chain.Chain` is, so that both deploy the same way.
Setting up needs no keys: anvil takes transactions of anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from tests.models.records import Event
from tests.stateful.system import LPT, OWNER, UNLIMITED, account, deploy_bonding
from tests.support.anvil import Anvil, run_anvil
from tests.support.pyrevm_chain import Contract, encode_values, interface_of

GAS = 10_000_000
GWEI = 10**9
ETHER = 10**18
STAKE = 1_000 * LPT
OPTIONS = (
    "--auto-impersonate", "--gas-limit", "60000000", "--code-size-limit", "50000",
    "--base-fee", str(GWEI // 10), "--slots-in-an-epoch", "1", "--order", "fees",
)  # fmt: skip


class AnvilChain:
    """Mines each transaction at once, until `hold` is called."""

    def __init__(self, anvil: Anvil) -> None:
        self.anvil, self.url = anvil, anvil.url
        self.contracts: dict[str, Contract] = {}
        self._holds = False
        self.fund(OWNER, 1_000 * ETHER)

    # -- as a pyrevm chain

    def fund(self, who: str, amount: int) -> None:
        self.rpc("anvil_setBalance", who, hex(amount))

    def deploy(self, name: str, *args: Any, sender: str, interface: str | None = None) -> Contract:
        compiled = interface_of(name)
        code = compiled.bytecode + encode_values(compiled.constructor, args)
        receipt = self._send({"from": sender, "data": "0x" + code.hex(), "gas": hex(GAS)})
        contract = Contract(self, interface or name, str(receipt["contractAddress"]).lower())  # type: ignore[arg-type]
        self.contracts[contract.address] = contract
        return contract

    def run(self, sender: str, to: str, data: bytes, value: int = 0) -> tuple[bool, bytes]:
        tx = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
        receipt = self._send(tx | {"gas": hex(GAS)})
        return int(receipt["status"], 16) == 1, b""

    def look(self, to: str, data: bytes) -> tuple[bool, bytes]:
        call = {"from": OWNER, "to": to, "data": "0x" + data.hex()}
        return True, bytes.fromhex(self.rpc("eth_call", call, "latest")[2:])

    def events(self) -> list[Event]:
        return []

    # -- as anvil

    def rpc(self, method: str, *params: Any) -> Any:
        return self.anvil.rpc(method, *params)

    def mine(self, blocks: int = 1) -> None:
        self.rpc("anvil_mine", hex(blocks))

    def hold(self) -> None:
        """From now on a transaction waits for `mine`, but for those that are sent here."""
        self._holds = True
        self.rpc("evm_setAutomine", False)

    @property
    def head(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def pending(self, account: str) -> int:
        """Transactions of an account, those that wait included."""
        return int(self.rpc("eth_getTransactionCount", account, "pending"), 16)

    def set_base_fee(self, wei: int) -> None:
        """Of the next block."""
        self.rpc("anvil_setNextBlockBaseFeePerGas", hex(wei))

    def _send(self, tx: dict[str, str]) -> dict[str, Any]:
        found = self.rpc("eth_sendTransaction", tx)
        if self._holds:
            self.mine()
        receipt: dict[str, Any] | None = None
        while receipt is None:  # anvil answers a moment before the block is there
            receipt = self.rpc("eth_getTransactionReceipt", found)
        return receipt


@dataclass(frozen=True)
class BondingWorld:
    """Orchestrators in the pool, with `caller` as the reward caller of each."""

    chain: AnvilChain
    contracts: dict[str, Contract]
    orchestrators: tuple[str, ...]
    round_length: int

    @property
    def controller(self) -> str:
        return str(to_checksum_address(self.contracts["Controller"].address))

    @property
    def checksummed(self) -> list[str]:
        """The orchestrators, as a configuration wants them."""
        return [str(to_checksum_address(one)) for one in self.orchestrators]

    @property
    def current_round(self) -> int:
        return int(self.contracts["RoundsManager"].view("currentRound"))

    @property
    def is_initialized(self) -> bool:
        return bool(self.contracts["RoundsManager"].view("currentRoundInitialized"))

    def blocks_left(self) -> int:
        """Blocks to mine until the next round can be initialised."""
        start = int(self.contracts["RoundsManager"].view("currentRoundStartBlock"))
        return start + self.round_length - self.chain.head

    def initialize(self) -> None:
        """Somebody else initialises the round."""
        rounds = self.contracts["RoundsManager"]
        data = "0x" + rounds.data("initializeRound").hex()
        tx = {"from": OWNER, "to": rounds.address, "data": data, "gas": hex(GAS)}
        self.chain.rpc("eth_sendTransaction", tx)
        self.chain.mine()


@contextmanager
def bonding_world(
    *, orchestrators: int, round_length: int, callers: Sequence[str]
) -> Iterator[BondingWorld]:
    """An initialised round, all orchestrators active; the n-th has the n-th caller, in turns."""
    with run_anvil(*OPTIONS) as anvil:
        chain = AnvilChain(anvil)
        contracts = deploy_bonding(chain)  # type: ignore[arg-type]
        names = tuple(account(f"orchestrator {at}") for at in range(orchestrators))
        world = BondingWorld(chain, contracts, names, round_length)
        _set_up(world, callers)
        yield world


def _set_up(world: BondingWorld, callers: Sequence[str]) -> None:
    chain, contracts = world.chain, world.contracts
    manager, token, rounds = (
        contracts[name] for name in ("BondingManager", "LivepeerToken", "RoundsManager")
    )
    manager.must("setUnbondingPeriod", 7, sender=OWNER)
    manager.must("setNumActiveTranscoders", len(world.orchestrators), sender=OWNER)
    rounds.must("setRoundLength", world.round_length, sender=OWNER)
    _turn(world)
    for at, orchestrator in enumerate(world.orchestrators):
        chain.fund(orchestrator, ETHER)
        token.must("mint", orchestrator, STAKE + at, sender=OWNER)
        token.must("approve", manager.address, UNLIMITED, sender=orchestrator)
        manager.must("bond", STAKE + at, orchestrator, sender=orchestrator)
        manager.must("transcoder", 0, 0, sender=orchestrator)
        if callers:
            manager.must("setRewardCaller", callers[at % len(callers)], sender=orchestrator)
        if world.blocks_left() < world.round_length // 5 + 8:  # the last fifth is locked
            _turn(world)
    _turn(world)
    chain.hold()


def _turn(world: BondingWorld) -> None:
    world.chain.mine(world.blocks_left())
    world.contracts["RoundsManager"].must("initializeRound", sender=OWNER)
