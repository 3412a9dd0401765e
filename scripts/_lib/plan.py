"""The deployment as an ordered list of steps (core spec 20.2)."""

from __future__ import annotations

from scripts._lib.chain import ZERO
from scripts._lib.context import Ref
from scripts._lib.initialise import Initialise
from scripts._lib.params import Parameters
from scripts._lib.plan_rights import account, hand_over, minting, token_admin
from scripts._lib.protocol import contract_id
from scripts._lib.rights import Renounce, Role, StayPaused, Unpause
from scripts._lib.roles import (
    CANCELLER_ROLE,
    EXECUTOR_ROLE,
    PROPOSER_ROLE,
    TIMELOCK_ADMIN_ROLE,
    Holders,
)
from scripts._lib.rules import DEPLOYER
from scripts._lib.steps import Deploy, Register, Set, SetMembers, Step, Use

CONTROLLER = Ref("Controller")


def build_plan(parameters: Parameters) -> tuple[Step, ...]:
    """Every step in order. Each one looks for itself what the chain still lacks."""
    p = parameters
    return (
        Deploy("Controller", "Controller"),
        *_minter(p),
        *_token(p),
        *proxied("TicketBroker"),
        Register("JobsManager", "TicketBroker"),  # the id by which the Minter knows the broker
        *proxied("BondingManager"),
        *proxied("BondingVotes"),
        *proxied("RoundsManager", p.rounds.implementation),
        *proxied("ServiceRegistry"),
        *_verification(),
        *managed("MerkleSnapshot"),
        *_supply_cache(p),
        *_poll_creator(),
        *_governor(),
        *_settings(p),
        *slashing_terms(p),
        *_treasury(p),
        *minting(p),
        *token_admin(p),
        *_opening(p),
        *hand_over(p),
    )


def source_names(steps: tuple[Step, ...]) -> set[str]:
    """The contracts to compile for these steps."""
    return {step.source for step in steps if isinstance(step, Deploy)}


def managed(name: str, *, seeds: tuple[int, ...] = ()) -> tuple[Step, ...]:
    """A contract that answers to the Controller, without a proxy."""
    return (
        Deploy(name, name, (CONTROLLER,), seeds, reads=(("controller", CONTROLLER),)),
        Register(name, name),
    )


def proxied(name: str, implementation: str | None = None) -> tuple[Step, ...]:
    """An implementation as <name>Target and its ManagerProxy as <name>, both registered."""
    target = f"{name}Target"
    return (
        Deploy(
            target,
            implementation or name,
            (CONTROLLER,),
            reads=(("controller", CONTROLLER), ("targetContractId", bytes(32))),
            keeps_state=False,
        ),
        Register(target, target),
        Deploy(
            name,
            "ManagerProxy",
            (CONTROLLER, contract_id(target)),
            reads=(("controller", CONTROLLER), ("targetContractId", contract_id(target))),
        ),
        Register(name, name),
    )


def _minter(p: Parameters) -> tuple[Step, ...]:
    m = p.minter
    return managed("Minter", seeds=(m.inflation, m.inflation_change, m.target_bonding_rate))


def _token(p: Parameters) -> tuple[Step, ...]:
    existing = p.existing.livepeer_token
    token: Step = Deploy("LivepeerToken", "LivepeerToken")
    if existing:
        token = Use("LivepeerToken", existing)
    gateway = p.existing.l2_lpt_gateway
    return (
        token,
        Register("LivepeerToken", "LivepeerToken"),
        *((Use("L2LPTGateway", gateway),) if gateway else ()),
        *_faucet(p),
    )


def _faucet(p: Parameters) -> tuple[Step, ...]:
    if p.faucet is None:
        return ()
    name, amount, wait = "LivepeerTokenFaucet", p.faucet.request_amount, p.faucet.request_wait
    reads = (("token", Ref("LivepeerToken")), ("requestAmount", amount), ("requestWait", wait))
    return (
        Deploy(name, name, (Ref("LivepeerToken"), amount, wait), reads=reads),
        Register(name, name),
    )


def _verification() -> tuple[Step, ...]:
    """What judges pictures takes no arguments: a new fingerprint version is a new contract."""
    return (
        Deploy("ContentFaults", "ContentFaults", keeps_state=False),
        Register("ContentFaults", "ContentFaults"),
        *proxied("Verifier", "SlashingVerifier"),
    )


def _supply_cache(p: Parameters) -> tuple[Step, ...]:
    """Where the Minter reads the supply on L1: without a bridge there is none, says the dummy."""
    existing = p.existing.l2_lpt_data_cache
    cache: Step = Deploy("L2LPTDataCache", "DummyL2LPTDataCache", keeps_state=False)
    if existing:
        cache = Use("L2LPTDataCache", existing)
    return (cache, Register("L2LPTDataCache", "L2LPTDataCache"))


def _poll_creator() -> tuple[Step, ...]:
    """Registered too, unlike upstream, so that one address leads to every contract."""
    manager = Ref("BondingManager")
    return (
        Deploy(
            "PollCreator",
            "PollCreator",
            (manager,),
            reads=(("bondingManager", manager),),
            keeps_state=False,
        ),
        Register("PollCreator", "PollCreator"),
    )


def _governor() -> tuple[Step, ...]:
    """Registered too, like the PollCreator. It belongs to the deployer until the end."""
    return (Deploy("Governor", "Governor"), Register("Governor", "Governor"))


def _treasury(p: Parameters) -> tuple[Step, ...]:
    """The Treasury and the vote that moves it, each initialised before anybody sends it anything.

    After the settings: the LivepeerGovernor notes its quorum under the present round, and without
    a round length it would take the block number for one.
    """
    g, voters, deployer = p.livepeer_governor, Ref("LivepeerGovernor"), Ref(DEPLOYER)
    governs = (PROPOSER_ROLE, CANCELLER_ROLE, EXECUTOR_ROLE)
    roles = tuple((role, (voters,)) for role in governs)
    grants = tuple(Role(role, voters, held=True, contract="Treasury") for role in governs)
    admin = (TIMELOCK_ADMIN_ROLE, (Ref("Treasury"),))
    at_first = (TIMELOCK_ADMIN_ROLE, (Ref("Treasury"), deployer))
    return (
        Deploy("Treasury", "Treasury"),
        Initialise(
            "Treasury",
            (p.treasury.min_delay, (), (), deployer),
            reads=(("getMinDelay", p.treasury.min_delay),),
            holders=Holders("Treasury", (at_first, *roles)),
        ),
        Register("Treasury", "Treasury"),
        *proxied("LivepeerGovernor"),
        Initialise(
            "LivepeerGovernor",
            (g.voting_delay, g.voting_period, g.proposal_threshold, g.quorum, g.quota),
            reads=(
                ("votingDelay", g.voting_delay),
                ("votingPeriod", g.voting_period),
                ("proposalThreshold", g.proposal_threshold),
                ("quota", g.quota),
                ("timelock", Ref("Treasury")),
                ("token", Ref("BondingVotes")),
            ),
            at_clock=(("quorumNumerator", g.quorum),),
        ),
        *grants,
        Renounce("Treasury", TIMELOCK_ADMIN_ROLE, after=grants),
        Holders("Treasury", (admin, *roles)),
    )


def _settings(p: Parameters) -> tuple[Step, ...]:
    bonding, rounds, broker, minter = "BondingManager", "RoundsManager", "TicketBroker", "Minter"
    return (
        Set(bonding, "setUnbondingPeriod", "unbondingPeriod", p.bonding.unbonding_period),
        Set(
            bonding,
            "setNumActiveTranscoders",
            "getTranscoderPoolMaxSize",
            p.bonding.num_active_transcoders,
        ),
        Set(
            bonding,
            "setTreasuryRewardCutRate",
            "nextRoundTreasuryRewardCutRate",
            p.bonding.treasury_reward_cut_rate,
        ),
        Set(
            bonding,
            "setTreasuryBalanceCeiling",
            "treasuryBalanceCeiling",
            p.bonding.treasury_balance_ceiling,
        ),
        Set(rounds, "setRoundLength", "roundLength", p.rounds.round_length),
        Set(rounds, "setRoundLockAmount", "roundLockAmount", p.rounds.round_lock_amount),
        Set(broker, "setUnlockPeriod", "unlockPeriod", p.broker.unlock_period),
        Set(
            broker,
            "setTicketValidityPeriod",
            "ticketValidityPeriod",
            p.broker.ticket_validity_period,
        ),
        Set(
            minter, "setInflationChange", "inflationChange", p.minter.inflation_change, seeded=True
        ),
        Set(
            minter,
            "setTargetBondingRate",
            "targetBondingRate",
            p.minter.target_bonding_rate,
            seeded=True,
        ),
    )


def slashing_terms(p: Parameters) -> tuple[SetMembers, ...]:
    """Arming comes last: a fault must not be provable before its terms are set."""
    s = p.slashing
    groups: dict[str, dict[str, int | str | Ref]] = {
        "setSlashes": {
            "equivocationSlash": s.equivocation_slash,
            "contradictionSlash": s.contradiction_slash,
            "contentSlash": s.content_slash,
        },
        "setFinderShare": {"finderShare": s.finder_share},
        "setDelays": {"signedDelay": s.signed_delay, "contentDelay": s.content_delay},
        "setWindows": {
            "evidenceWindow": s.evidence_window,
            "executionWindow": s.execution_window,
            "lockWindow": s.lock_window,
            "arbitrationWindow": s.arbitration_window,
        },
        "setContentDistance": {"contentDistance": s.content_distance},
        "setSignerGrace": {"signerGrace": s.signer_grace},
        "setBrakes": {
            "slashCooldown": s.slash_cooldown,
            "roundSlashCap": s.round_slash_cap,
            "roundJailCap": s.round_jail_cap,
        },
        "setGuardian": {"guardian": account(s.guardian)},
        "setArbiter": {"arbiter": s.arbiter or ZERO},
        "setArmedFaults": {"armedFaults": s.armed_faults},
    }
    return tuple(
        SetMembers("Verifier", setter, "parameters", tuple(members.items()))
        for setter, members in groups.items()
    )


def _opening(p: Parameters) -> tuple[Step, ...]:
    if p.access.unpause:
        return (Unpause(),)
    return (StayPaused(),)
