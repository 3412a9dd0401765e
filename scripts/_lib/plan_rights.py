"""The part of the plan about rights: minting, the token's roles, and the hand-over."""

from __future__ import annotations

from scripts._lib.chain import ZERO
from scripts._lib.context import DEFAULT_ADMIN_ROLE, Ref
from scripts._lib.handover import (
    EXECUTE,
    STAGE,
    DeployerRights,
    ExecuteOwnership,
    StageOwnership,
)
from scripts._lib.params import Parameters
from scripts._lib.rights import HandOver, Mint, Renounce, Role
from scripts._lib.roles import BURNER_ROLE, MINTER_ROLE, Holders
from scripts._lib.rules import DEPLOYER, GOVERNOR
from scripts._lib.steps import Step


def account(value: str) -> str | Ref:
    """An account as a parameter names it."""
    return Ref(value) if value in (DEPLOYER, GOVERNOR) else value


def minting(p: Parameters) -> tuple[Step, ...]:
    """The genesis supply through a role that is given back, then the Minter's own roles."""
    minter, deployer = Ref("Minter"), Ref(DEPLOYER)
    return (
        *_genesis(p),
        Role(MINTER_ROLE, deployer, held=False),
        Role(MINTER_ROLE, minter, held=False, former=True),
        Role(BURNER_ROLE, minter, held=False, former=True),
        Role(MINTER_ROLE, minter, held=True),
        Role(BURNER_ROLE, minter, held=p.minter.burner),
    )


def token_admin(p: Parameters) -> tuple[Step, ...]:
    """Who administers the token, and who else mints: an existing one has admins and a gateway."""
    owner, minter = account(p.access.owner), Ref("Minter")
    gateway = (Ref("L2LPTGateway"),) if p.existing.l2_lpt_gateway else ()
    holders = (
        (MINTER_ROLE, (minter, *gateway)),
        (BURNER_ROLE, (*((minter,) if p.minter.burner else ()), *gateway)),
    )
    if p.existing.livepeer_token:
        return (Holders("LivepeerToken", holders, foreign=(DEFAULT_ADMIN_ROLE,)),)
    only = Holders("LivepeerToken", ((DEFAULT_ADMIN_ROLE, (owner,)), *holders))
    if p.access.owner == DEPLOYER:
        return (only,)
    admin = Role(DEFAULT_ADMIN_ROLE, owner, held=True)
    return (admin, Renounce("LivepeerToken", DEFAULT_ADMIN_ROLE, after=(admin,)), only)


def hand_over(p: Parameters) -> tuple[Step, ...]:
    """The Governor to its owner, then the Controller to the Governor: nobody can take it back."""
    owner, of_governor = account(p.access.owner), account(p.governor.owner)
    existing = p.existing
    given: dict[str, str | Ref] = {
        "Controller.owner": owner,
        "Governor.owner": of_governor,
        "Verifier.guardian": account(p.slashing.guardian),
        "Verifier.arbiter": p.slashing.arbiter or ZERO,
    }
    if not existing.livepeer_token:
        given[f"LivepeerToken.{DEFAULT_ADMIN_ROLE}"] = owner
    return (
        StageOwnership(of_governor),
        ExecuteOwnership(of_governor),
        HandOver(owner, after=(STAGE, EXECUTE)),
        DeployerRights(
            given=tuple(given.items()),
            owned=("L2LPTDataCache",) if existing.l2_lpt_data_cache else (),
            roled=(
                "Treasury",
                "LivepeerToken",
                *(("L2LPTGateway",) if existing.l2_lpt_gateway else ()),
            ),
        ),
    )


def _genesis(p: Parameters) -> tuple[Step, ...]:
    if p.genesis is None:
        return ()
    mints: list[Mint] = []
    for to, amount in (
        ("LivepeerTokenFaucet", p.genesis.to_faucet),
        (DEPLOYER, p.genesis.to_deployer),
    ):
        if amount:
            mints.append(Mint(to, amount, supply=sum(mint.amount for mint in mints) + amount))
    grant = Role(MINTER_ROLE, Ref(DEPLOYER), held=True, until=tuple(mints))
    return (grant, *mints) if mints else ()
