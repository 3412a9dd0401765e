"""The protocol owned by its Governor, and what every proposal goes through there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
from eth_abi.abi import encode
from eth_utils import keccak

from scripts._governance.calldata import Interfaces
from scripts._governance.layouts import Layouts
from scripts._governance.loader import load, verified_checks
from scripts._governance.model import Call, Candidate, Check, Proposal, System
from scripts._governance.routes import UPDATE, GovernorUpdate, build_update
from scripts._lib.artifacts import Artifact
from tests.support.boa_system import BoaSystem, Done
from tests.support.protocol import Protocol

DEFAULT_ADMIN = bytes(32)
DELAY = 20  # blocks
COMMIT = bytes.fromhex("22" * 20)  # of candidates: another one than of what they replace


@dataclass
class Governed:
    """`safe` owns the Governor, which owns the Controller and administers the token."""

    protocol: Protocol
    interfaces: Interfaces
    layouts: Layouts

    def __post_init__(self) -> None:
        self.safe = self.protocol.owner
        self.anyone = boa.env.generate_address("anyone")
        self.governor = self.protocol.governor
        self.system = BoaSystem(
            self.protocol.controller.address, self.interfaces, layouts=self.layouts
        )

    def offer(self, name: str, address: str) -> Candidate:
        """A candidate for a name of the Controller."""
        self.system.candidates[name] = Candidate(address, COMMIT)
        return self.system.candidates[name]

    def hand_over(self) -> None:
        """After this nothing changes but through the Governor."""
        owner, token = self.protocol.owner, self.protocol.token
        token.grantRole(DEFAULT_ADMIN, self.governor.address, sender=owner)
        token.revokeRole(DEFAULT_ADMIN, owner, sender=owner)
        self.protocol.controller.transferOwnership(self.governor.address, sender=owner)

    def stage(self, update: GovernorUpdate, delay: int = DELAY) -> Done:
        data = update.stage(delay)
        return self.system.call(self.governor.address, data, sender=self.safe)

    def execute(self, update: GovernorUpdate) -> Done:
        return self.system.call(self.governor.address, update.execute(), sender=self.anyone)

    def reason(self, done: Done) -> str:
        assert not done.succeeded
        return self.interfaces.revert_reason(done.output)

    def enact(self, number: int, *, delay: int = DELAY) -> Done:
        """The whole life of a proposal; returns what its execution did."""
        proposal = load(number, interfaces=self.interfaces)
        calls = proposal.calls(self.system)
        assert_holds(proposal, self.system, calls, "before")
        update = build_update(proposal, self.system, self.interfaces, nonce=0)

        self._stage_checked(update, delay)
        assert_some_fail(proposal, self.system, calls)

        boa.env.time_travel(blocks=delay - 1)
        early = self.execute(update)
        assert self.reason(early) == "delay for update not expired"
        assert early.changed == {}
        assert_holds(proposal, self.system, calls, "before")

        boa.env.time_travel(blocks=1)
        self.system.remember()
        done = self.execute(update)
        assert done.succeeded, self.reason(done)
        assert_holds(proposal, self.system, calls, "after")
        assert self.governor.updates(update.hash) == 0
        assert self.reason(self.execute(update)) == "update is not staged"
        return done

    def _stage_checked(self, update: GovernorUpdate, delay: int) -> None:
        """Stage; what the chain then holds is what the file says, by another encoding of it."""
        block = boa.env.evm.patch.block_number
        staged = self.stage(update, delay)
        assert staged.succeeded, self.reason(staged)
        ((contract, event, (on_chain, on_chain_delay)),) = staged.events
        assert (contract, event, on_chain_delay) == ("Governor", "UpdateStaged", delay)
        encoded_again = keccak(encode([UPDATE], [on_chain]))
        assert encoded_again == update.hash
        assert self.governor.updates(encoded_again) == block + delay
        slot = f"Governor.updates[0x{update.hash.hex()}]"
        assert staged.changed == {slot: (0, block + delay)}


def deploy_artifact(artifact: Artifact, *arguments: Any) -> str:
    """Address of a contract that Ape compiled; the first argument is the Controller's address."""
    types = ["address", *["uint256"] * (len(arguments) - 1)]
    code = bytes.fromhex(artifact.initcode) + encode(types, arguments)
    address, _ = boa.env.deploy_code(bytecode=code)
    return str(address)


def commit_word(commit: bytes) -> int:
    """How a bytes20 is stored: on the left of its word."""
    return int.from_bytes(commit.ljust(32, b"\0"), "big")


def effects(done: Done) -> tuple[list[tuple[str, str, tuple[Any, ...]]], dict[str, Any]]:
    """Events and changed slots of the actions alone: without the Governor's own, which every
    execution has once.
    """
    *events, executed = done.events
    assert executed[:2] == ("Governor", "UpdateExecuted")
    (staged,) = (name for name in done.changed if name.startswith("Governor.updates["))
    assert done.changed[staged][1] == 0
    return events, {name: words for name, words in done.changed.items() if name != staged}


def checks(proposal: Proposal, system: System, calls: list[Call], when: str) -> list[Check]:
    found = proposal.check_before(system) if when == "before" else proposal.check_after(system)
    return verified_checks(proposal, calls, found, when)


def assert_holds(proposal: Proposal, system: System, calls: list[Call], when: str) -> None:
    for check in checks(proposal, system, calls, when):
        assert check.holds, f"{when}: {check}"


def assert_some_fail(proposal: Proposal, system: System, calls: list[Call]) -> None:
    """Of each action some check that must hold afterwards does not hold yet, or cannot be made."""
    try:
        found = checks(proposal, system, calls, "after")
    except ValueError:  # what the proposal adds is not there yet
        return
    for number in range(1, len(calls) + 1):
        assert any(not check.holds for check in found if check.action == number), number
