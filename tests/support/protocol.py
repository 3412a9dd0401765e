"""The whole protocol deployed in process, behind its proxies, as the deploy script does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boa
from eth_utils import keccak

from tests.support.contracts import GIT_COMMIT, at, contract_id, deploy

#: Sources behind a proxy; SlashingVerifier is known as "Verifier".
PROXIED = (
    "TicketBroker",
    "BondingManager",
    "BondingVotes",
    "RoundsManager",
    "ServiceRegistry",
    "SlashingVerifier",
    "LivepeerGovernor",
)
MINTER_ROLE = keccak(text="MINTER_ROLE")
BURNER_ROLE = keccak(text="BURNER_ROLE")
TIMELOCK_ADMIN_ROLE = keccak(text="TIMELOCK_ADMIN_ROLE")
#: Of the Treasury, held by the LivepeerGovernor.
VOTED_ROLES = tuple(
    keccak(text=name) for name in ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")
)
LPT = 10**18


@dataclass(frozen=True)
class Parameters:
    """Small numbers, so that tests can turn rounds cheaply. Units as in the contracts' setters."""

    round_length: int = 50
    round_lock_amount: int = 100_000
    pool_size: int = 5
    unbonding_period: int = 3
    treasury_cut: int = 0
    treasury_ceiling: int = 0
    unlock_period: int = 2
    ticket_validity_period: int = 2
    inflation: int = 218_500
    inflation_change: int = 500
    target_bonding_rate: int = 500_000_000
    treasury_delay: int = 0
    voting_delay: int = 1
    voting_period: int = 10
    proposal_threshold: int = 100 * LPT
    quorum: int = 333_300
    quota: int = 500_000


@dataclass
class Protocol:
    """Every contract by name. `owner` owns the Controller and the Governor."""

    parameters: Parameters = field(default_factory=Parameters)

    def __post_init__(self) -> None:
        p = self.parameters
        self.owner = boa.env.generate_address("owner")
        self.targets: dict[str, Any] = {}
        with boa.env.prank(self.owner):
            self.controller = deploy("Controller", sender=self.owner)
            self.minter = deploy(
                "Minter",
                self.controller.address,
                p.inflation,
                p.inflation_change,
                p.target_bonding_rate,
                sender=self.owner,
            )
            self.token = deploy("LivepeerToken", sender=self.owner)
            self.l2_cache = deploy("DummyL2LPTDataCache", sender=self.owner)
            self.register("Minter", self.minter.address)
            self.register("LivepeerToken", self.token.address)
            self.register("L2LPTDataCache", self.l2_cache.address)
            self.governor = deploy("Governor", sender=self.owner)
            self.register("Governor", self.governor.address)
            self.treasury_contract = deploy("Treasury", sender=self.owner)
            self.treasury_contract.initialize(p.treasury_delay, [], [], self.owner)
            self.treasury = self.treasury_contract.address
            self.register("Treasury", self.treasury)
            self.ticket_broker = self.deploy_proxied("TicketBroker")
            self.register("JobsManager", self.ticket_broker.address)
            self.bonding_manager = self.deploy_proxied("BondingManager")
            self.bonding_votes = self.deploy_proxied("BondingVotes")
            self.rounds_manager = self.deploy_proxied("RoundsManager")
            self.service_registry = self.deploy_proxied("ServiceRegistry")
            self.content_faults = deploy("ContentFaults", sender=self.owner)
            self.register("ContentFaults", self.content_faults.address)
            self.slashing_verifier = self.deploy_proxied("SlashingVerifier", "Verifier")
            self.bonding_manager.setUnbondingPeriod(p.unbonding_period)
            self.bonding_manager.setNumActiveTranscoders(p.pool_size)
            self.bonding_manager.setTreasuryRewardCutRate(p.treasury_cut)
            self.bonding_manager.setTreasuryBalanceCeiling(p.treasury_ceiling)
            self.rounds_manager.setRoundLength(p.round_length)
            self.rounds_manager.setRoundLockAmount(p.round_lock_amount)
            self.ticket_broker.setUnlockPeriod(p.unlock_period)
            self.ticket_broker.setTicketValidityPeriod(p.ticket_validity_period)
            self.livepeer_governor = self.deploy_proxied("LivepeerGovernor")
            self.livepeer_governor.initialize(
                p.voting_delay, p.voting_period, p.proposal_threshold, p.quorum, p.quota
            )
            for role in VOTED_ROLES:
                self.treasury_contract.grantRole(role, self.livepeer_governor.address)
            self.treasury_contract.renounceRole(TIMELOCK_ADMIN_ROLE, self.owner)
            self.token.grantRole(MINTER_ROLE, self.minter.address)
            self.token.grantRole(BURNER_ROLE, self.minter.address)
            self.token.grantRole(MINTER_ROLE, self.owner)
            self.controller.unpause()

    # -- what the deploy script does

    def register(self, name: str, address: str) -> None:
        with boa.env.prank(self.owner):
            self.controller.setContractInfo(contract_id(name), address, GIT_COMMIT)

    def deploy_proxied(self, name: str, known_as: str | None = None) -> Any:
        """Implementation and proxy, both registered; the implementation's ABI at the proxy."""
        known_as = known_as or name
        target = deploy(name, self.controller.address, sender=self.owner)
        proxy = deploy(
            "ManagerProxy",
            self.controller.address,
            contract_id(f"{known_as}Target"),
            sender=self.owner,
        )
        self.targets[known_as] = target
        self.register(f"{known_as}Target", target.address)
        self.register(known_as, proxy.address)
        return at(name, proxy.address)

    # -- accounts and time

    def account(self, role: str, *, lpt: int = 0, eth: int = 0) -> str:
        """A fresh account with LPT approved for bonding."""
        address = boa.env.generate_address(role)
        if eth:
            boa.env.set_balance(address, eth)
        if lpt:
            self.token.mint(address, lpt, sender=self.owner)
            self.token.approve(self.bonding_manager.address, lpt, sender=address)
        return address

    def current_round(self) -> int:
        return self.rounds_manager.currentRound()

    def mine_to_next_round(self) -> None:
        start = self.rounds_manager.currentRoundStartBlock()
        boundary = start + self.rounds_manager.roundLength()
        boa.env.time_travel(blocks=boundary - self.rounds_manager.blockNum())

    def next_round(self, count: int = 1) -> int:
        """Advance `count` rounds and initialise the last one; returns its number."""
        for _ in range(count):
            self.mine_to_next_round()
        self.rounds_manager.initializeRound(sender=self.owner)
        return self.current_round()
