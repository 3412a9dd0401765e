"""The steps about rights: who holds which role, whether the system is open, who owns it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scripts._lib.context import (
    UNPAUSE,
    Context,
    Due,
    Finding,
    Ref,
    Unchanged,
    Verdict,
    Waiting,
    role_id,
)
from scripts._lib.rules import DEPLOYER
from scripts._lib.steps import call_of


@dataclass(frozen=True)
class Mint:
    """Mint LPT once. `supply` is the total after it, which tells a new token from one in use."""

    to: str
    amount: int
    supply: int

    @property
    def name(self) -> str:
        return f"mint to {self.to}"

    def is_done(self, context: Context) -> bool:
        if "LivepeerToken" in context.planned:
            return False
        if context.happened(self.name, context.address("LivepeerToken")):
            return True
        return int(context.read("LivepeerToken", "totalSupply")) >= self.supply

    def judge(self, context: Context) -> Verdict:
        if self.is_done(context):
            return Unchanged("done")
        if context.deployer != context.chain.account:
            return Waiting(f"needs the deployer {context.deployer}")
        call = call_of(context, "LivepeerToken", "mint", context.address(self.to), self.amount)
        return Due(call, f"{self.amount} wei of LPT")

    def findings(self, context: Context) -> Iterator[Finding]:
        yield Finding(
            f"LivepeerToken: {self.name}", "done", "done" if self.is_done(context) else "not done"
        )


@dataclass(frozen=True)
class Role:
    """Whether an account holds a role of a contract.

    `until`: only while one of these mints is outstanding, then the step wants nothing.
    `former`: the account is every earlier address of the contract, not its present one.
    """

    role: str
    account: str | Ref
    held: bool
    until: tuple[Mint, ...] = ()
    former: bool = False
    contract: str = "LivepeerToken"

    @property
    def name(self) -> str:
        verb = f"grant {self.role} to" if self.held else f"revoke {self.role} from"
        return f"{verb} {'former ' if self.former else ''}{self._who}"

    def judge(self, context: Context) -> Verdict:
        if self.until and all(mint.is_done(context) for mint in self.until):
            return Unchanged("not needed")
        role = role_id(self.role)
        for account in self._accounts(context):
            if context.holds(self.contract, self.role, account) == self.held:
                continue
            admin = context.read(self.contract, "getRoleAdmin", role)
            if admin is not None and not context.read(
                self.contract, "hasRole", admin, context.chain.account
            ):
                return Waiting(
                    f"needs an admin of {self.contract} {context.address(self.contract)}"
                )
            function = "grantRole" if self.held else "revokeRole"
            return Due(call_of(context, self.contract, function, role, account), account)
        return Unchanged("held" if self.held else "not held")

    def findings(self, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        yield from ()  # `Holders` compares everybody who holds a role

    @property
    def _who(self) -> str:
        return self.account.name if isinstance(self.account, Ref) else self.account

    def _accounts(self, context: Context) -> list[str]:
        if self.former:
            return context.former(self._who)
        return [str(context.resolve(self.account))]


@dataclass(frozen=True)
class Renounce:
    """The deployer gives up a role, once those who follow it hold theirs."""

    contract: str
    role: str
    after: tuple[Role, ...]
    held = False

    @property
    def name(self) -> str:
        return f"renounce {self.role} of {self.contract} by {DEPLOYER}"

    def judge(self, context: Context) -> Verdict:
        deployer = context.deployer
        if self._stays(context):
            return Unchanged(f"{deployer} keeps it")
        future = context.is_future(self.contract)  # then creation gives it to the deployer
        if not future and not context.holds(self.contract, self.role, deployer):
            return Unchanged("not held")
        for role in self.after:
            if not context.holds(role.contract, role.role, context.resolve(role.account)):
                return Waiting(f"first {role.name}")
        if deployer != context.chain.account:
            return Waiting(f"needs the deployer {deployer}")
        call = call_of(context, self.contract, "renounceRole", role_id(self.role), deployer)
        return Due(call, deployer)

    def findings(self, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        yield from ()  # `Holders` compares everybody who holds a role

    def _stays(self, context: Context) -> bool:
        """The deployer follows itself."""
        return any(
            (role.contract, role.role) == (self.contract, self.role)
            and context.resolve(role.account) == context.deployer
            for role in self.after
        )


@dataclass(frozen=True)
class Unpause:
    """Open the system, once. If its owner has paused it since, that was for a reason: leave it."""

    @property
    def name(self) -> str:
        return UNPAUSE

    def judge(self, context: Context) -> Verdict:
        if context.read("Controller", "paused") is False:
            return Unchanged("open")
        if "Controller" not in context.planned and context.happened(
            UNPAUSE, context.address("Controller")
        ):
            return Waiting("paused since it was opened; only its owner may open it again")
        if context.waiting:
            return Waiting(f"first {', '.join(context.waiting)}")
        return context.only_owner() or Due(call_of(context, "Controller", "unpause"), "open")

    def findings(self, context: Context) -> Iterator[Finding]:
        yield Finding("Controller.paused", "False", str(context.read("Controller", "paused")))


@dataclass(frozen=True)
class StayPaused:
    """Leave the system paused: its owner opens it."""

    @property
    def name(self) -> str:
        return "leave the system paused"

    def judge(self, context: Context) -> Verdict:
        paused = context.read("Controller", "paused")
        return Unchanged("opened by its owner" if paused is False else "paused")

    def findings(self, context: Context) -> Iterator[Finding]:
        yield Finding("Controller.paused", "True", str(context.read("Controller", "paused")))


@dataclass(frozen=True)
class HandOver:
    """Give the Controller, and with it every setter, to its final owner: not before the steps
    named in `after` are done, for nobody can take it back.
    """

    owner: str | Ref
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return "hand over Controller"

    def judge(self, context: Context) -> Verdict:
        owner = context.resolve(self.owner)
        if context.read("Controller", "owner") == owner:
            return Unchanged(owner)
        if "Controller" in context.planned and owner == context.chain.account:
            return Unchanged(owner)
        if left := [name for name in self.after if name in context.waiting]:
            return Waiting(f"first {', '.join(left)}")
        return context.only_owner() or Due(
            call_of(context, "Controller", "transferOwnership", owner), owner
        )

    def findings(self, context: Context) -> Iterator[Finding]:
        found = context.read("Controller", "owner")
        yield Finding("Controller.owner", context.resolve(self.owner), str(found))
