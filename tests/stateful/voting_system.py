"""The system of `tests/stateful/system.py` with a treasury, its governor, and models of both."""

from __future__ import annotations

from dataclasses import dataclass

from tests.models.governed import GovernedProtocol, governed
from tests.models.timelock import CANCELLER, EXECUTOR, PROPOSER
from tests.stateful.system import LPT, OWNER, System, account, new_system
from tests.support.contracts import GIT_COMMIT, contract_id
from tests.support.pyrevm_chain import Contract

BLOCK_TIME = 12
#: Holds roles in the timelock beside the governor, which nobody does in the deployed protocol.
GUARDIAN = account("guardian")
ETHER_OF_TREASURY = 1_000


@dataclass(frozen=True)
class Settings:
    """Rounds, votes, parts of 1e6 and seconds."""

    voting_delay: int
    voting_period: int
    threshold: int
    quorum: int
    quota: int
    min_delay: int


@dataclass
class VotingSystem(System):
    model: GovernedProtocol

    @property
    def treasury(self) -> Contract:
        return self.contracts["Treasury"]

    @property
    def governor(self) -> Contract:
        return self.contracts["LivepeerGovernor"]


def new_voting_system(settings: Settings, *, pool_size: int) -> VotingSystem:
    """A protocol in its first initialised round, with LPT and a little ether in its treasury."""
    system = _with_governor(new_system(pool_size=pool_size, unbonding_period=2))
    _initialize(system, settings)
    _hand_out_roles(system)
    treasury = system.treasury.address
    system.do(
        system.token.transact("mint", treasury, 1_000 * LPT, sender=OWNER),
        lambda m: m.token.mint(treasury, 1_000 * LPT),
    )
    system.chain.fund(treasury, ETHER_OF_TREASURY)
    system.model.ether[treasury] = ETHER_OF_TREASURY
    return system


def _with_governor(system: System) -> VotingSystem:
    chain, controller = system.chain, system.contracts["Controller"]
    treasury = chain.deploy("Treasury", sender=OWNER)
    target = chain.deploy("LivepeerGovernor", controller.address, sender=OWNER)
    governor = chain.deploy(
        "ManagerProxy",
        controller.address,
        contract_id("LivepeerGovernorTarget"),
        sender=OWNER,
        interface="LivepeerGovernor",
    )
    addresses = {"Treasury": treasury.address, "LivepeerGovernor": governor.address}
    for name, address in {**addresses, "LivepeerGovernorTarget": target.address}.items():
        controller.must("setContractInfo", contract_id(name), address, GIT_COMMIT, sender=OWNER)
    system.model.registry.names.update(addresses)
    model = governed(
        system.model,
        treasury=treasury.address,
        governor=governor.address,
        token=system.token.address,
        block_time=BLOCK_TIME,
    )
    contracts = {**system.contracts, "Treasury": treasury, "LivepeerGovernor": governor}
    return VotingSystem(chain, contracts, model)


def _initialize(system: VotingSystem, s: Settings) -> None:
    system.do(
        system.treasury.transact("initialize", s.min_delay, [], [], OWNER, sender=OWNER),
        lambda m: m.timelock.initialize(OWNER, s.min_delay),
    )
    rules = (s.voting_delay, s.voting_period, s.threshold, s.quorum, s.quota)
    system.do(
        system.governor.transact("initialize", *rules, sender=OWNER),
        lambda m: m.governor.initialize(*rules),
    )


def _hand_out_roles(system: VotingSystem) -> None:
    governor = system.governor.address
    grants = [(role, governor) for role in (PROPOSER, CANCELLER, EXECUTOR)]
    grants += [(role, GUARDIAN) for role in (CANCELLER, EXECUTOR)]
    for role, holder in grants:
        system.do(
            system.treasury.transact("grantRole", role, holder, sender=OWNER),
            lambda m, role=role, holder=holder: m.timelock.grant(OWNER, role, holder),
        )
