"""The last steps: the Governor to its owner, and nothing left with the deployer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak

from scripts._governance.routes import UPDATE, GovernorUpdate
from scripts._lib.context import Context, Due, Finding, Ref, Unchanged, Verdict, Waiting
from scripts._lib.roles import replay
from scripts._lib.steps import call_of

STAGE, EXECUTE = "stage Governor.transferOwnership", "execute Governor.transferOwnership"
STAGED = bytes(keccak(text=f"UpdateStaged({UPDATE},uint256)"))


@dataclass(frozen=True)
class StageOwnership:
    """The Governor changes its owner only by an update that calls the Governor itself."""

    owner: str | Ref

    @property
    def name(self) -> str:
        return STAGE

    def judge(self, context: Context) -> Verdict:
        wanted, owner = _owners(context, self.owner)
        if owner == wanted:
            return Unchanged(owner)
        update = _update(context, wanted)
        if context.read("Governor", "updates", update.hash):
            return Unchanged(f"staged, for {wanted}")
        if owner != context.chain.account:
            return Waiting(f"needs the Governor's owner {owner}")
        return Due(call_of(context, "Governor", "stage", _as_tuple(update), 0), wanted)

    def findings(self, context: Context) -> Iterator[Finding]:
        wanted = context.resolve(self.owner)
        yield Finding("Governor.owner", wanted, str(context.read("Governor", "owner")))


@dataclass(frozen=True)
class ExecuteOwnership:
    """Anyone may, once it is staged. `check` then wants no other update of the deployer there:
    whatever is staged stays executable.
    """

    owner: str | Ref

    @property
    def name(self) -> str:
        return EXECUTE

    def judge(self, context: Context) -> Verdict:
        wanted, owner = _owners(context, self.owner)
        if owner == wanted:
            return Unchanged(owner)
        if STAGE in context.waiting:
            return Waiting(f"first {STAGE}")
        return Due(
            call_of(context, "Governor", "execute", _as_tuple(_update(context, wanted))), wanted
        )

    def findings(self, context: Context) -> Iterator[Finding]:
        if context.resolve(self.owner) != context.deployer:
            left = ", ".join(_left_staged(context))
            yield Finding("Governor: updates staged by the deployer", "none", left or "none")


@dataclass(frozen=True)
class DeployerRights:
    """What the deployer may still do at the end: what the parameters say, and nothing else.

    `given` is who should have each right. `owned` are existing contracts with an owner, and `roled`
    contracts with roles, that the deployer may have prepared.
    """

    given: tuple[tuple[str, str | Ref], ...]
    owned: tuple[str, ...]
    roled: tuple[str, ...]

    @property
    def name(self) -> str:
        return "leave nothing with the deployer"

    def judge(self, context: Context) -> Verdict:
        if context.planned_transactions:
            return Unchanged("to be seen after the transactions above")
        if extra := self._extra(context):
            return Waiting(f"{context.deployer} still has {', '.join(extra)}")
        return Unchanged("as the parameters say")

    def findings(self, context: Context) -> Iterator[Finding]:
        extra = ", ".join(self._extra(context))
        yield Finding(f"rights left to the deployer {context.deployer}", "none", extra or "none")

    def _extra(self, context: Context) -> list[str]:
        deployer = context.deployer
        given = {right for right, who in self.given if context.resolve(who) == deployer}
        return [right for right in self._found(context) if right not in given]

    def _found(self, context: Context) -> list[str]:
        deployer = context.deployer
        terms = context.read("Verifier", "parameters")
        owners: list[tuple[str, Any]] = [
            *(
                (f"{name}.owner", context.read(name, "owner"))
                for name in ("Controller", "Governor")
            ),
            *((f"{name}.owner", self._owner(context, name)) for name in self.owned),
            *((f"Verifier.{member}", getattr(terms, member)) for member in ("guardian", "arbiter")),
        ]
        roles = [
            f"{contract}.{role}"
            for contract in self.roled
            for role, accounts in replay(context, contract).items()
            if deployer in accounts
        ]
        return sorted([right for right, owner in owners if owner == deployer] + roles)

    def _owner(self, context: Context, name: str) -> Any:
        """Of a contract of others, of which all that matters is that it has an `owner`."""
        return context.chain.read(context.artifact("Governor"), context.address(name), "owner")


def _owners(context: Context, owner: str | Ref) -> tuple[str, str]:
    """Who should own the Governor, and who does; its constructor takes the deployer."""
    now = context.read("Governor", "owner")
    return str(context.resolve(owner)), str(now or context.chain.account)


def _update(context: Context, owner: str) -> GovernorUpdate:
    selector = function_signature_to_4byte_selector("transferOwnership(address)")
    data = selector + encode(["address"], [owner])
    return GovernorUpdate((context.address("Governor"),), (0,), (data,), nonce=0)


def _as_tuple(update: GovernorUpdate) -> tuple[Any, ...]:
    return update.targets, update.values, update.datas, update.nonce


def _left_staged(context: Context) -> Iterator[str]:
    for log in context.events("Governor", STAGED):
        mined = context.chain.find(log.tx)
        update, _ = GovernorUpdate.from_staged(log.data)
        staged = context.read("Governor", "updates", update.hash)
        if staged and mined and mined.sender == context.deployer:
            yield "0x" + update.hash.hex()
