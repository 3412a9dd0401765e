"""What the numbers in a call mean: unit and denominator of each argument, as one table.

Denominators differ (core spec 0.4): the Minter counts in 10^9, the treasury's cut in 10^27, all
other shares in 10^6. A percentage is only shown where the table names its denominator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from eth_utils.crypto import keccak

from scripts._governance.calldata import source_of

WAD = 18  # decimals of LPT and of ETH


class Unit(Protocol):
    def show(self, value: Any) -> str: ...


@dataclass(frozen=True)
class Count:
    """A number of things."""

    one: str
    many: str = ""

    def show(self, value: int) -> str:
        return f"{value:,} {self.one if value == 1 else self.many or self.one + 's'}"


@dataclass(frozen=True)
class Share:
    """A part of 10^exponent."""

    exponent: int

    def show(self, value: int) -> str:
        return f"{_decimal(value, self.exponent - 2)} % ({value} of 10^{self.exponent})"


@dataclass(frozen=True)
class Amount:
    """Wei of a currency with 18 decimals."""

    symbol: str

    def show(self, value: int) -> str:
        return f"{_decimal(value, WAD)} {self.symbol}"


@dataclass(frozen=True)
class Hashed:
    """The keccak of one of these names: an id in the Controller, or a role."""

    names: tuple[str, ...]
    others: tuple[tuple[bytes, str], ...] = ()

    def show(self, value: bytes) -> str:
        known = {bytes(keccak(text=name)): name for name in self.names} | dict(self.others)
        return known.get(value, f"0x{value.hex()} (unknown)")


@dataclass(frozen=True)
class Choice:
    """One of a few values; a sum of them where they are bits."""

    names: tuple[tuple[int, str], ...]
    bits: bool = False

    def show(self, value: int) -> str:
        if not self.bits:
            return f"{dict(self.names).get(value, 'unknown')} ({value})"
        on = [name for bit, name in self.names if value & bit]
        rest = value & ~sum(bit for bit, _ in self.names)
        return f"{' + '.join(on + ['unknown'] * bool(rest)) or 'none'} ({value})"


@dataclass(frozen=True)
class Moment:
    """Seconds since 1970."""

    def show(self, value: int) -> str:
        if value >= 2**35:
            return f"{value} (no end)"
        return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"


@dataclass(frozen=True)
class Label:
    """A number that only names something: a lock, a proposal, a LIP, a round."""

    word: str

    def show(self, value: int) -> str:
        return f"{self.word} {value}"


LPT, ETH = Amount("LPT"), Amount("ETH")
PPM, MINTER_SHARE, PRECISE_SHARE = Share(6), Share(9), Share(27)
BLOCKS, ROUNDS, SECONDS = Count("block"), Count("round"), Count("second")
ROUND, LOCK, BLOCK = Label("round"), Label("lock"), Label("block")
VOTE = Choice(((0, "against"), (1, "for"), (2, "abstain")))
REGISTERED = (
    "BondingManager",
    "BondingVotes",
    "ContentFaults",
    "Governor",
    "JobsManager",
    "L2LPTDataCache",
    "L2LPTGateway",
    "L2Migrator",
    "LivepeerGovernor",
    "LivepeerToken",
    "LivepeerTokenFaucet",
    "MerkleSnapshot",
    "Minter",
    "PollCreator",
    "RoundsManager",
    "ServiceRegistry",
    "TicketBroker",
    "Treasury",
    "Verifier",
)
CONTRACT_ID = Hashed(REGISTERED + tuple(f"{name}Target" for name in REGISTERED))
ROLE = Hashed(
    (
        "MINTER_ROLE",
        "BURNER_ROLE",
        "TIMELOCK_ADMIN_ROLE",
        "PROPOSER_ROLE",
        "EXECUTOR_ROLE",
        "CANCELLER_ROLE",
    ),
    others=((bytes(32), "DEFAULT_ADMIN_ROLE"),),
)

Units = Mapping[str, Mapping[str, Unit]]  # by function, then by argument
_ROLES: Units = {name: {"role": ROLE} for name in ("grantRole", "revokeRole", "renounceRole")}
_BALLOT: Mapping[str, Unit] = {"proposalId": Label("proposal"), "support": VOTE}
_SIGNED_BALLOT: Mapping[str, Unit] = {**_BALLOT, "v": Label("v")}
_ROUNDS: Units = {
    "setRoundLength": {"_roundLength": BLOCKS},
    "setRoundLockAmount": {"_roundLockAmount": PPM},
    "setLIPUpgradeRound": {"_lip": Label("LIP"), "_round": ROUND},
}

#: By contract (name of its source), function and argument. Addresses, texts and plain bytes need
#: no unit; structs are shown as they are.
UNITS: Mapping[str, Units] = {
    "AdjustableRoundsManager": {
        **_ROUNDS,
        "mineBlocks": {"_blocks": BLOCKS},
        "setBlockNum": {"_num": BLOCK},
    },
    "BondingManager": {
        "setUnbondingPeriod": {"_unbondingPeriod": ROUNDS},
        "setNumActiveTranscoders": {"_numActiveTranscoders": Count("orchestrator")},
        "setTreasuryRewardCutRate": {"_cutRate": PRECISE_SHARE},
        "setTreasuryBalanceCeiling": {"_ceiling": LPT},
        "bond": {"_amount": LPT},
        "bondWithHint": {"_amount": LPT},
        "bondForWithHint": {"_amount": LPT},
        "unbond": {"_amount": LPT},
        "unbondWithHint": {"_amount": LPT},
        "transferBond": {"_amount": LPT},
        "rebond": {"_unbondingLockId": LOCK},
        "rebondWithHint": {"_unbondingLockId": LOCK},
        "rebondFromUnbonded": {"_unbondingLockId": LOCK},
        "rebondFromUnbondedWithHint": {"_unbondingLockId": LOCK},
        "withdrawStake": {"_unbondingLockId": LOCK},
        "withdrawFees": {"_amount": ETH},
        "claimEarnings": {"_endRound": ROUND},
        "transcoder": {"_rewardCut": PPM, "_feeShare": PPM},
        "transcoderWithHint": {"_rewardCut": PPM, "_feeShare": PPM},
        "updateTranscoderWithFees": {"_fees": ETH, "_round": ROUND},
        "slashTranscoder": {"_slashAmount": PPM, "_finderFee": PPM},
        "slashUnbondingLock": {"_unbondingLockId": LOCK, "_slashAmount": PPM, "_finderFee": PPM},
    },
    "BondingVotes": {
        "checkpointBondingState": {
            "_startRound": ROUND,
            "_bondedAmount": LPT,
            "_delegatedAmount": LPT,
            "_lastClaimRound": ROUND,
            "_lastRewardRound": ROUND,
        },
        "checkpointTotalActiveStake": {"_totalStake": LPT, "_round": ROUND},
    },
    "Controller": {
        "setContractInfo": {"_id": CONTRACT_ID},
        "updateController": {"_id": CONTRACT_ID},
        "getContract": {"_id": CONTRACT_ID},
        "getContractInfo": {"_id": CONTRACT_ID},
    },
    "Governor": {"stage": {"_delay": BLOCKS}},
    "LivepeerGovernor": {
        "setVotingDelay": {"newVotingDelay": ROUNDS},
        "setVotingPeriod": {"newVotingPeriod": ROUNDS},
        "setProposalThreshold": {"newProposalThreshold": LPT},
        "updateQuorumNumerator": {"newQuorumNumerator": PPM},
        "initialize": {
            "initialVotingDelay": ROUNDS,
            "initialVotingPeriod": ROUNDS,
            "initialProposalThreshold": LPT,
            "initialQuorum": PPM,
            "quota": PPM,
        },
        "relay": {"value": ETH},
        "castVote": _BALLOT,
        "castVoteBySig": _SIGNED_BALLOT,
        "castVoteWithReason": _BALLOT,
        "castVoteWithReasonAndParams": _BALLOT,
        "castVoteWithReasonAndParamsBySig": _SIGNED_BALLOT,
    },
    "LivepeerToken": {
        **_ROLES,
        "transfer": {"amount": LPT},
        "transferFrom": {"amount": LPT},
        "approve": {"amount": LPT},
        "increaseAllowance": {"addedValue": LPT},
        "decreaseAllowance": {"subtractedValue": LPT},
        "mint": {"_amount": LPT},
        "burn": {"_amount": LPT},
        "burnFrom": {"_amount": LPT},
        "permit": {"value": LPT, "deadline": Moment(), "v": Label("v")},
    },
    "MerkleSnapshot": {"setSnapshot": {"_id": Hashed(("LIP-52", "LIP-73"))}},
    "Minter": {
        "setInflationChange": {"_inflationChange": MINTER_SHARE},
        "setTargetBondingRate": {"_targetBondingRate": MINTER_SHARE},
        "createReward": {"_fracNum": LPT, "_fracDenom": LPT},
        "trustedBurnTokens": {"_amount": LPT},
        "trustedTransferTokens": {"_amount": LPT},
        "trustedWithdrawETH": {"_amount": ETH},
    },
    "Poll": {"vote": {"_choiceID": Choice(((0, "yes"), (1, "no")))}},
    "RewardBatcher": {"rewardMany": {"_gasEach": Count("gas", "gas")}},
    "RoundsManager": _ROUNDS,
    "SlashingVerifier": {
        "setArmedFaults": {
            "_faults": Choice(((2, "equivocation"), (4, "contradiction"), (8, "content")), True)
        },
        "setSlashes": {"_equivocation": PPM, "_contradiction": PPM, "_content": PPM},
        "setFinderShare": {"_share": PPM},
        "setDelays": {"_signed": SECONDS, "_content": SECONDS},
        "setWindows": {
            "_evidence": SECONDS,
            "_execution": SECONDS,
            "_lock": SECONDS,
            "_arbitration": SECONDS,
        },
        "setContentDistance": {"_orders": Count("order")},
        "setSignerGrace": {"_rounds": ROUNDS},
        "setBrakes": {"_cooldown": SECONDS, "_slashCap": PPM, "_jailCap": PPM},
        "proveContent": {"_metric": Choice(((0, "luma"), (1, "chroma"), (2, "grey")))},
    },
    "TicketBroker": {
        "setUnlockPeriod": {"_unlockPeriod": ROUNDS},
        "setTicketValidityPeriod": {"_ticketValidityPeriod": ROUNDS},
        "fundDepositAndReserve": {"_depositAmount": ETH, "_reserveAmount": ETH},
        "fundDepositAndReserveFor": {"_depositAmount": ETH, "_reserveAmount": ETH},
        "redeemWinningTicket": {"_recipientRand": Label("number")},
    },
    "Treasury": {
        **_ROLES,
        "updateDelay": {"newDelay": SECONDS},
        "initialize": {"minDelay": SECONDS},
        "schedule": {"value": ETH, "delay": SECONDS},
        "scheduleBatch": {"delay": SECONDS},
        "execute": {"value": ETH},
    },
}


def unit_of(contract: str, function: str, argument: str) -> Unit | None:
    """By the Controller's name of the contract, or its source's."""
    return UNITS.get(source_of(contract), {}).get(function, {}).get(argument)


def shown(contract: str, function: str, argument: str, value: Any) -> str:
    """A value as a voter reads it: "6,377 blocks", "1,000 LPT". Without a unit it stays raw."""
    unit = unit_of(contract, function, argument)
    return unit.show(value) if unit else raw(value)


def ether(wei: int) -> str:
    return ETH.show(wei)


def raw(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(raw, value))}]"
    return str(value)


def _decimal(value: int, decimals: int) -> str:
    """value / 10^decimals, exactly."""
    whole, part = divmod(abs(value), 10**decimals)
    sign = "-" if value < 0 else ""
    digits = str(part).zfill(decimals).rstrip("0") if part else ""
    return f"{sign}{whole:,}{'.' if digits else ''}{digits}"
