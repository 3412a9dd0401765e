"""The real contracts and the model of them, side by side: every action is done to both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eth_utils.crypto import keccak

from tests.models.protocol import Outcome, ProtocolModel, attempt, new_protocol
from tests.models.records import ZERO
from tests.support.contracts import GIT_COMMIT, contract_id
from tests.support.protocol import BURNER_ROLE, MINTER_ROLE
from tests.support.pyrevm_chain import Chain, Contract, Receipt

LPT = 10**18
UNLIMITED = 2**256 - 1
FIRST_BLOCK = 10_000
ROUND_LENGTH = 20
ROUND_LOCK = 200_000  # the last fifth of a round
INFLATION = 2_000_000  # 0.2 % of the supply a round
INFLATION_CHANGE = 30_000
TARGET_BONDING_RATE = 500_000_000
ETH_POOL = 10**24
PROXIED = ("BondingManager", "BondingVotes", "RoundsManager")
#: Names in the Controller that plain accounts hold here, so that tests can act in these roles.
PLAIN_ROLES = ("TicketBroker", "JobsManager", "Verifier", "L2Migrator", "Treasury")


def account(role: str) -> str:
    return "0x" + keccak(text=f"account {role}")[12:].hex()


OWNER = account("owner")
ROLES = {name: account("TicketBroker" if name == "JobsManager" else name) for name in PLAIN_ROLES}
ACTORS = tuple(account(f"actor {i}") for i in range(6))
#: Everything whose state is compared.
ACCOUNTS = (*ACTORS, ZERO)


@dataclass
class System:
    """`contracts` by name; `model` mirrors them."""

    chain: Chain
    contracts: dict[str, Contract]
    model: ProtocolModel

    @property
    def bonding(self) -> Contract:
        return self.contracts["BondingManager"]

    @property
    def votes(self) -> Contract:
        return self.contracts["BondingVotes"]

    @property
    def token(self) -> Contract:
        return self.contracts["LivepeerToken"]

    @property
    def minter(self) -> Contract:
        return self.contracts["Minter"]

    def do(self, receipt: Receipt, modelled: Callable[[ProtocolModel], object]) -> Outcome:
        """Model what the contracts have just done; both must come out the same."""
        self.model, outcome = attempt(self.model, modelled)
        assert receipt.reverted == outcome.reverted, (
            f"contracts: {receipt.reverted!r}, model: {outcome.reverted!r}"
        )
        assert receipt.events == outcome.events
        return outcome

    def move_to(self, block: int) -> None:
        self.chain.move_to(block)
        self.model.rounds.block = block

    def initialize_round(self) -> Outcome:
        receipt = self.contracts["RoundsManager"].transact("initializeRound", sender=OWNER)
        return self.do(receipt, lambda m: m.initialize_round())

    def pass_rounds(self, count: int) -> None:
        """To the first block of a later round; nobody initialises it."""
        self.move_to((self.model.rounds.current + count) * ROUND_LENGTH)

    def set_paused(self, paused: bool) -> None:
        self.contracts["Controller"].must("pause" if paused else "unpause", sender=OWNER)
        self.model.registry.paused = paused


def new_system(*, pool_size: int, unbonding_period: int) -> System:
    """A protocol in its first initialised round; actors hold LPT, most have approved it all."""
    chain = Chain(FIRST_BLOCK)
    contracts = deploy_bonding(chain)
    model = new_protocol(
        names={**ROLES, **{name: c.address for name, c in contracts.items()}},
        owner=OWNER,
        round_length=ROUND_LENGTH,
        round_lock_amount=ROUND_LOCK,
        block=FIRST_BLOCK,
        inflation=INFLATION,
        inflation_change=INFLATION_CHANGE,
        target_bonding_rate=TARGET_BONDING_RATE,
    )
    system = System(chain, contracts, model)
    bonding = system.bonding
    system.do(
        bonding.transact("setUnbondingPeriod", unbonding_period, sender=OWNER),
        lambda m: m.bonding.set_unbonding_period(OWNER, unbonding_period),
    )
    system.do(
        bonding.transact("setNumActiveTranscoders", pool_size, sender=OWNER),
        lambda m: m.bonding.set_num_active_transcoders(OWNER, pool_size),
    )
    _hand_out_tokens(system)
    system.initialize_round()
    return system


def deploy_bonding(chain: Chain) -> dict[str, Contract]:
    economics = (INFLATION, INFLATION_CHANGE, TARGET_BONDING_RATE)
    controller = chain.deploy("Controller", sender=OWNER)
    contracts = {
        "Controller": controller,
        "Minter": chain.deploy("Minter", controller.address, *economics, sender=OWNER),
        "LivepeerToken": chain.deploy("LivepeerToken", sender=OWNER),
        "L2LPTDataCache": chain.deploy("DummyL2LPTDataCache", sender=OWNER),
    }

    def register(name: str, address: str) -> None:
        controller.must("setContractInfo", contract_id(name), address, GIT_COMMIT, sender=OWNER)

    for name in PROXIED:
        target = chain.deploy(name, controller.address, sender=OWNER)
        register(f"{name}Target", target.address)
        target_id = contract_id(f"{name}Target")
        contracts[name] = chain.deploy(
            "ManagerProxy", controller.address, target_id, sender=OWNER, interface=name
        )
    for name, contract in contracts.items():
        register(name, contract.address)
    for name, address in ROLES.items():
        register(name, address)
    contracts["RoundsManager"].must("setRoundLength", ROUND_LENGTH, sender=OWNER)
    contracts["RoundsManager"].must("setRoundLockAmount", ROUND_LOCK, sender=OWNER)
    for role in (MINTER_ROLE, BURNER_ROLE):
        contracts["LivepeerToken"].must(
            "grantRole", role, contracts["Minter"].address, sender=OWNER
        )
    contracts["LivepeerToken"].must("grantRole", MINTER_ROLE, OWNER, sender=OWNER)
    controller.must("unpause", sender=OWNER)
    return contracts


def _hand_out_tokens(system: System) -> None:
    token, manager = system.token, system.bonding.address
    for i, actor in enumerate((*ACTORS, ROLES["L2Migrator"])):
        amount, allowance = 1_000 * LPT, 50 * LPT if i == 0 else UNLIMITED
        system.do(
            token.transact("mint", actor, amount, sender=OWNER),
            lambda m, actor=actor, amount=amount: m.token.mint(actor, amount),
        )
        system.do(
            token.transact("approve", manager, allowance, sender=actor),
            lambda m, actor=actor, n=allowance: m.token.approve(actor, manager, n),
        )
    system.chain.fund(ROLES["TicketBroker"], ETH_POOL)
