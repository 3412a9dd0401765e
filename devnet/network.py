"""The local chain and the accounts that use it; every transaction sent here is remembered."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from devnet.processes import ROOT
from scripts._lib.protocol import Protocol

# Ape would ask for all of a block; then anvil leaves out what comes together with a keeper's.
CALL_GAS = 10_000_000


class NetworkError(RuntimeError):
    """A transaction that failed, or a chain that did not start; one line."""


@dataclass(frozen=True)
class Actor:
    """An account with a role. `account` is an Ape test account, its key known to everybody."""

    name: str
    account: Any = field(repr=False)

    @property
    def address(self) -> str:
        return str(self.account.address)

    @property
    def key(self) -> str:
        return str(self.account.private_key)


@dataclass(frozen=True)
class Transaction:
    """What was sent, by whom, and what it cost; `fee` in wei."""

    sender: str
    action: str
    hash: str
    block: int
    round: int
    gas_used: int
    fee: int


@dataclass(frozen=True)
class Event:
    """A log: its arguments, where it is, and the chain's time then in unix seconds."""

    name: str
    arguments: dict[str, Any]
    block: int
    at: int
    tx: str


@dataclass(frozen=True)
class Cast:
    deployer: Actor
    gateway: Actor
    orchestrators: tuple[Actor, ...]
    delegators: tuple[Actor, ...]
    finder: Actor
    round_keeper: Actor
    reward_keeper: Actor

    def everybody(self) -> tuple[Actor, ...]:
        return (
            *(self.deployer, self.gateway, *self.orchestrators, *self.delegators),
            *(self.finder, self.round_keeper, self.reward_keeper),
        )

    def name_of(self, address: str) -> str:
        names = {actor.address: actor.name for actor in self.everybody()}
        return names.get(address, address)


@contextmanager
def local_chain(*, gas_price: int) -> Iterator[Any]:
    """Anvil, started by Ape on a free port; yields the Ape provider and ends the process after."""
    from ape import networks
    from ape.exceptions import ApeException
    from ape.logging import logger

    logger.set_level("ERROR")
    # Ape looks for anvil on the path only; `make install` puts it here.
    os.environ["PATH"] = f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    if shutil.which("anvil") is None:
        raise NetworkError("no anvil to run a chain with: run `make install`")
    settings = {
        "host": f"http://127.0.0.1:{_free_port()}",
        "base_fee": gas_price,
        "gas_price": gas_price,
    }
    choice = networks.arbitrum.local.use_provider("foundry", provider_settings=settings)
    on_terminate = signal.getsignal(signal.SIGTERM)
    try:
        provider = choice.__enter__()
    except ApeException as error:
        raise NetworkError(f"the chain did not start: {_line(error)}") from None
    # Ape's handlers would end the process from within, with the chain gone before its users.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, on_terminate)
    try:
        yield provider
    finally:
        choice.__exit__(None, None, None)
        provider.disconnect()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def gather(orchestrators: int, delegators: int) -> Cast:
    """Accounts of the development mnemonic, one per role."""
    from ape import accounts

    tests = accounts.test_accounts
    known = list(tests)
    needed = 5 + orchestrators + delegators
    while len(known) < needed:
        known.append(tests.generate_test_account())
    return Cast(
        deployer=Actor("deployer", known[0]),
        gateway=Actor("gateway", known[1]),
        orchestrators=tuple(
            Actor(f"orchestrator {at + 1}", known[2 + at]) for at in range(orchestrators)
        ),
        delegators=tuple(
            Actor(f"delegator {at + 1}", known[2 + orchestrators + at]) for at in range(delegators)
        ),
        finder=Actor("finder", known[needed - 3]),
        round_keeper=Actor("round keeper", known[needed - 2]),
        reward_keeper=Actor("reward keeper", known[needed - 1]),
    )


@dataclass
class Network:
    """A deployed protocol on the connected chain."""

    provider: Any
    protocol: Protocol
    transactions: list[Transaction] = field(default_factory=list)

    def send(self, sender: Actor, action: str, method: Any, *args: Any, value: int = 0) -> Any:
        """Send one call and wait for its receipt. `action` says in words what it does."""
        try:
            receipt = method(*args, sender=sender.account, value=value, gas_limit=CALL_GAS)
        except Exception as error:  # Ape has no common base for what a node may answer
            raise NetworkError(f"{sender.name} could not {action}: {_line(error)}") from error
        self._remember(sender, action, receipt)
        return receipt

    def transfer_eth(self, sender: Actor, to: str, amount: int, action: str) -> None:
        try:
            receipt = sender.account.transfer(to, amount)
        except Exception as error:
            raise NetworkError(f"{sender.name} could not {action}: {_line(error)}") from error
        self._remember(sender, action, receipt)

    def _remember(self, sender: Actor, action: str, receipt: Any) -> None:
        self.transactions.append(
            Transaction(
                sender=sender.name,
                action=action,
                hash=str(receipt.txn_hash),
                block=int(receipt.block_number),
                round=self.current_round(),
                gas_used=int(receipt.gas_used),
                fee=int(receipt.gas_used) * int(receipt.gas_price),
            )
        )

    # -- reading

    def current_round(self) -> int:
        return int(self.protocol.rounds_manager.currentRound())

    def block_number(self) -> int:
        return int(self.protocol.rounds_manager.blockNum())

    def head(self) -> int:
        return int(self.provider.web3.eth.block_number)

    def balance(self, address: str) -> int:
        return int(self.provider.web3.eth.get_balance(address))

    def logs(self, contract: Any, event: str) -> list[dict[str, Any]]:
        """Arguments of every log of an event since the genesis block."""
        found = getattr(contract, event).range(0, self.head() + 1)
        return [dict(log.event_arguments) for log in found]

    def events(self, contract: Any, event: str) -> list[Event]:
        """Every log of an event since the genesis block, with when and by what it came."""
        found = getattr(contract, event).range(0, self.head() + 1)
        return [
            Event(
                event,
                dict(log.event_arguments),
                int(log.block_number),
                self.timestamp(int(log.block_number)),
                str(log.transaction_hash),
            )
            for log in found
        ]

    def timestamp(self, block: int | str = "latest") -> int:
        """Time of a block as the contracts see it, unix seconds."""
        return int(self.provider.web3.eth.get_block(block)["timestamp"])

    def gas_used(self, tx: str) -> int:
        return int(self.provider.web3.eth.get_transaction_receipt(tx)["gasUsed"])

    def pass_time(self, seconds: int) -> None:
        """Move the chain's clock, and nobody else's, forward; a block makes it count."""
        self.provider.web3.provider.make_request("evm_increaseTime", [seconds])
        self.mine(1)

    def mine(self, blocks: int) -> None:
        if blocks > 0:
            self.provider.mine(blocks)


def _line(error: Exception) -> str:
    text = getattr(error, "revert_message", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
