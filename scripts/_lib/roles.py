"""Who holds the roles of a contract: its role events, replayed and compared with what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts._lib.context import (
    DEFAULT_ADMIN_ROLE,
    Context,
    Finding,
    Ref,
    Unchanged,
    Verdict,
    Waiting,
    role_id,
)

GRANTED = bytes(keccak(text="RoleGranted(bytes32,address,address)"))
REVOKED = bytes(keccak(text="RoleRevoked(bytes32,address,address)"))
MINTER_ROLE, BURNER_ROLE = "MINTER_ROLE", "BURNER_ROLE"
TIMELOCK_ADMIN_ROLE = "TIMELOCK_ADMIN_ROLE"
PROPOSER_ROLE, CANCELLER_ROLE, EXECUTOR_ROLE = "PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"
NAMES = {
    role_id(name): name
    for name in (
        DEFAULT_ADMIN_ROLE,
        MINTER_ROLE,
        BURNER_ROLE,
        TIMELOCK_ADMIN_ROLE,
        PROPOSER_ROLE,
        CANCELLER_ROLE,
        EXECUTOR_ROLE,
    )
}


def replay(context: Context, contract: str) -> dict[str, set[str]]:
    """Accounts by role, as the contract's events leave them. A role without a name is in hex."""
    held: dict[str, set[str]] = {}
    for log in context.events(contract, GRANTED, REVOKED):
        event, role, account = log.topics[:3]
        accounts = held.setdefault(NAMES.get(role, "0x" + role.hex()), set())
        change = accounts.add if event == GRANTED else accounts.discard
        change(str(to_checksum_address(account[-20:])))
    return {role: accounts for role, accounts in held.items() if accounts}


@dataclass(frozen=True)
class Holders:
    """Who may hold which role of a contract, and nobody else. `foreign` roles are others' to give.

    Granting and revoking have their own steps; this one names whoever else is there.
    """

    contract: str
    roles: tuple[tuple[str, tuple[str | Ref, ...]], ...]
    foreign: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"look for others with roles of {self.contract}"

    def judge(self, context: Context) -> Verdict:
        if context.planned_transactions:
            return Unchanged("to be seen after the transactions above")
        others = self.others(context)
        return Waiting("; ".join(others)) if others else Unchanged("none")

    def others(self, context: Context) -> list[str]:
        """Each role with whoever holds it and should not. Steps may lack contracts still."""
        wanted = self._wanted(context)
        return [
            f"{role} is held by {context.describe(account)}"
            for role, accounts in sorted(replay(context, self.contract).items())
            for account in sorted(accounts - wanted.get(role, set()))
            if role not in self.foreign
        ]

    def findings(self, context: Context) -> Iterator[Finding]:
        wanted, held = self._wanted(context), replay(context, self.contract)
        for role in (*wanted, *sorted(held.keys() - wanted.keys())):
            if role in self.foreign:
                continue
            right, by_event = wanted.get(role, set()), held.get(role, set())
            yield Finding(
                f"{self.contract}: holders of {role}",
                _list([context.describe(account) for account in sorted(right)]),
                _list(
                    [
                        self._found(context, role, account, in_events=account in by_event)
                        for account in sorted(right | by_event)
                    ]
                ),
            )

    def _found(self, context: Context, role: str, account: str, *, in_events: bool) -> str:
        """The account if it holds the role; where events and contract differ, what each says."""
        key = bytes.fromhex(role[2:]) if role.startswith("0x") else role_id(role)
        holds = bool(context.read(self.contract, "hasRole", key, account))
        if not holds and not in_events:
            return ""
        doubt = "" if holds == in_events else " (events and hasRole differ)"
        return context.describe(account) + doubt

    def _wanted(self, context: Context) -> dict[str, set[str]]:
        return {
            role: {
                str(context.resolve(account))
                for account in accounts
                if not isinstance(account, Ref) or context.knows(account.name)
            }
            for role, accounts in self.roles
        }


def _list(accounts: list[str]) -> str:
    return ", ".join(account for account in accounts if account) or "nobody"
