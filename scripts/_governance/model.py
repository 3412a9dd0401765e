"""What a proposal is: numbered calls by contract name, and checks before and after them.

A proposal file (`scripts/proposals/lip_<n>.py`) holds `LIP`, `TITLE`, `calls`, `check_before` and
`check_after`, and nothing else. It names contracts, never addresses: what a name means on a chain
is looked up there, so that the same file serves a development chain and the live one, and both
governance routes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from eth_utils.crypto import keccak


class ProposalError(ValueError):
    """One line: the proposal, the number and name of the action if there is one, what to do."""


def contract_id(name: str) -> bytes:
    """Id under which the Controller knows a contract (core spec 0.3)."""
    return bytes(keccak(text=name))


def role_id(name: str) -> bytes:
    """A role of LivepeerToken or of the Treasury, as "MINTER_ROLE"."""
    return bytes(keccak(text=name))


@dataclass(frozen=True)
class Candidate:
    """A contract that is deployed and not in charge yet: what an upgrade would put in charge."""

    address: str
    commit: bytes  # 20 bytes, of the git commit it was deployed from


class System(Protocol):
    """The deployed protocol as a proposal file may look at it."""

    def address(self, name: str) -> str:
        """Address of a contract by name, through the Controller. Raises ProposalError."""

    def read(self, name: str, function: str, *args: Any) -> Any:
        """A view of a contract. Raises ProposalError."""

    def former(self, name: str) -> str:
        """Address this name had before it got its present one. Raises ProposalError."""

    def candidate(self, name: str) -> Candidate:
        """What would replace the contract of this name. Raises ProposalError."""


@dataclass(frozen=True)
class Call:
    """One action: a function of a contract by name, arguments in wire units, ETH in wei.

    `note` is for readers: what the action is for, where its name does not say it.
    """

    contract: str
    function: str
    args: tuple[Any, ...] = ()
    value: int = 0
    note: str = ""

    @property
    def name(self) -> str:
        return f"{self.contract}.{self.function}"


@dataclass(frozen=True)
class Check:
    """One thing that must hold before or after, for the action of this number (from 1)."""

    action: int
    name: str
    found: Any
    expected: Any
    holds: bool

    @classmethod
    def equal(cls, action: int, name: str, found: Any, expected: Any) -> Check:
        return cls(action, name, found, expected, found == expected)

    @classmethod
    def differ(cls, action: int, name: str, found: Any, unwanted: Any) -> Check:
        """Holds while `found` is anything but `unwanted`: what the action sets is not set yet."""
        return cls(action, name, found, f"not {unwanted}", found != unwanted)

    @classmethod
    def at_least(cls, action: int, name: str, found: int, least: int) -> Check:
        return cls(action, name, found, f"at least {least}", found >= least)


@dataclass(frozen=True)
class Proposal:
    """A proposal file, loaded. The functions look at the chain each time they are called."""

    lip: int
    title: str
    calls: Callable[[System], list[Call]]
    check_before: Callable[[System], list[Check]]
    check_after: Callable[[System], list[Check]]
