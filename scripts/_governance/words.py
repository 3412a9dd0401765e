"""What a word of storage says: its value with unit, and the members of words that hold several.

The compiler sees a `uint256`; what its bits are is written in the headers of the modules that own
them (docs/upgrade.md, rule 6), and here as a table. A word without a line is shown by its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from scripts._governance.units import (
    BLOCK,
    BLOCKS,
    ETH,
    LPT,
    MINTER_SHARE,
    PPM,
    PRECISE_SHARE,
    ROUND,
    ROUNDS,
    SECONDS,
    VOTE,
    Count,
    Label,
    Unit,
)

AddressLabel = Callable[[str], str]


@dataclass(frozen=True)
class Member:
    """Bits of a word; `unit` is a unit, or the name of a type."""

    name: str
    bits: int
    unit: Unit | str = "uint256"


@dataclass(frozen=True)
class Part:
    """A member of a packed word that changed, as text."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Until:
    """A round, or no end: what a member of the pool has as its deactivation round."""

    def show(self, value: int) -> str:
        return "never" if value == 2**32 - 1 else ROUND.show(value)


ORCHESTRATORS = Count("orchestrator")
# By the pattern of a place (slots.Place): paths of modules tell the contracts apart.
UNITS: Mapping[str, Unit] = {
    "_totals[]": LPT,
    "active_set._active_set_size": ORCHESTRATORS,
    "active_set.currentRoundTotalActiveStake": LPT,
    "active_set.nextRoundTotalActiveStake": LPT,
    "active_set.transcoder_pool._max_size": ORCHESTRATORS,
    "active_set.transcoder_pool._size": ORCHESTRATORS,
    "allowance[][]": LPT,
    "balanceOf[]": LPT,
    "counting_overridable._totals[][]": LPT,
    "currentMintableTokens": LPT,
    "currentMintedTokens": LPT,
    "delegation.unbondingPeriod": ROUNDS,
    "funds.senders[].deposit": ETH,
    "funds.senders[].withdrawRound": ROUND,
    "funds.unlockPeriod": ROUNDS,
    "initializable._version": Label("version"),
    "inflation": MINTER_SHARE,
    "inflationChange": MINTER_SHARE,
    "ledger.delegators[].bonded_amount": LPT,
    "ledger.delegators[].delegated_amount": LPT,
    "ledger.delegators[].fees": ETH,
    "ledger.transcoders[].active_cumulative_rewards": LPT,
    "ledger.transcoders[].cumulative_fees": ETH,
    "ledger.transcoders[].cumulative_rewards": LPT,
    "reserve.funds_of[]": ETH,
    "rewards.nextRoundTreasuryRewardCutRate": PRECISE_SHARE,
    "rewards.treasuryBalanceCeiling": LPT,
    "rewards.treasuryRewardCutRate": PRECISE_SHARE,
    "rounds.lipUpgradeRound[]": ROUND,
    "rounds.roundLockAmount": PPM,
    "targetBondingRate": MINTER_SHARE,
    "tickets.ticketValidityPeriod": ROUNDS,
    "timelock.getMinDelay": SECONDS,
    "totalSupply": LPT,
    "updates[]": BLOCK,
    "voting_rules._numerators[]": PPM,
    "voting_rules.proposalThreshold": LPT,
    "voting_rules.quota": PPM,
    "voting_rules.votingDelay": ROUNDS,
    "voting_rules.votingPeriod": ROUNDS,
}
_HISTORY = (Member("last round", 32, ROUND), Member("count", 224))
_EIGHT_ROUNDS = tuple(Member(f"round {at} of 8", 32, ROUND) for at in range(1, 9))
# Lowest bits first. A last member may be given more bits than it ever uses.
PACKED: Mapping[str, tuple[Member, ...]] = {
    "rounds._schedule": (
        Member("roundLength", 64, BLOCKS),
        Member("lastRoundLengthUpdateRound", 64, ROUND),
        Member("lastRoundLengthUpdateStartBlock", 64, BLOCK),
        Member("lastInitializedRound", 64, ROUND),
    ),
    "ledger.delegators[].position": (
        Member("delegate", 160, "address"),
        Member("start round", 32, ROUND),
        Member("last claim round", 32, ROUND),
        Member("next unbonding lock", 31),
        Member("held", 1, "bool"),
    ),
    "ledger.transcoders[].terms": (
        Member("reward cut", 32, PPM),
        Member("fee share", 32, PPM),
        Member("last reward round", 32, ROUND),
        Member("last fee round", 32, ROUND),
        Member("last stake update round", 32, ROUND),
        Member("activation round", 32, ROUND),
        Member("deactivation round", 64, Until()),
    ),
    "ledger._locks[][]": (Member("withdraw round", 64, ROUND), Member("amount", 192, LPT)),
    "ledger.pools[][].stake_and_commission": (
        Member("reward cut", 32, PPM),
        Member("fee share", 32, PPM),
        Member("stake", 192, LPT),
    ),
    "active_set.transcoder_pool._links[]": (
        Member("next", 160, "address"),
        Member("key", 96, LPT),
    ),
    "_checkpoints[][].bond": (
        Member("delegate", 160, "address"),
        Member("bonded amount", 96, LPT),
    ),
    "_checkpoints[][].rest": (
        Member("last reward round", 64, ROUND),
        Member("last claim round", 64, ROUND),
        Member("delegated amount", 128, LPT),
    ),
    "round_history._summaries[]": _HISTORY,
    "round_history._rounds[][]": _EIGHT_ROUNDS,
    "voting_rules.round_history._summaries[]": _HISTORY,
    "voting_rules.round_history._rounds[][]": _EIGHT_ROUNDS,
    "counting_overridable._voters[][]": (
        Member("voted", 8, "bool"),
        Member("support", 8, VOTE),
        Member("voted by its delegators", 240, LPT),
    ),
    "proposals._proposals[].core": (
        Member("proposer", 160, "address"),
        Member("snapshot", 64, ROUND),
        Member("executed", 1, "bool"),
        Member("canceled", 1, "bool"),
    ),
}
# Of the arguments of events, by event: amounts and shares that nobody reads raw.
EVENTS: Mapping[str, Mapping[str, Unit]] = {
    "Approval": {"value": LPT},
    "Bond": {"additionalAmount": LPT, "bondedAmount": LPT},
    "Burn": {"amount": LPT},
    "DelegateVotesChanged": {"previousBalance": LPT, "newBalance": LPT},
    "DelegatorBondedAmountChanged": {"previousBondedAmount": LPT, "newBondedAmount": LPT},
    "DepositFunded": {"amount": ETH},
    "EarningsClaimed": {"rewards": LPT, "fees": ETH, "startRound": ROUND, "endRound": ROUND},
    "Mint": {"amount": LPT},
    "QuorumNumeratorUpdated": {"oldQuorumNumerator": PPM, "newQuorumNumerator": PPM},
    "Rebond": {"amount": LPT},
    "ReserveFunded": {"amount": ETH},
    "Reward": {"amount": LPT},
    "SetCurrentRewardTokens": {"currentMintableTokens": LPT, "currentInflation": MINTER_SHARE},
    "TranscoderUpdate": {"rewardCut": PPM, "feeShare": PPM},
    "Transfer": {"value": LPT},
    "TreasuryReward": {"amount": LPT},
    "Unbond": {"amount": LPT, "withdrawRound": ROUND},
    "UpdateStaged": {"delay": BLOCKS},
    "VoteCast": {"support": VOTE, "weight": LPT},
    "VoteCastWithParams": {"support": VOTE, "weight": LPT},
    "WithdrawFees": {"amount": ETH},
    "WithdrawStake": {"amount": LPT, "withdrawRound": ROUND},
}


def show(pattern: str, kind: str, word: bytes, label: AddressLabel) -> str:
    """A word of storage of the type `kind`: with its unit, else as the type says."""
    if pattern in PACKED:
        return "0x" + word.hex()
    unit = UNITS.get(pattern)
    return unit.show(int.from_bytes(word, "big")) if unit else show_as(kind, word, label)


def show_as(kind: str, word: bytes, label: AddressLabel) -> str:
    number = int.from_bytes(word, "big")
    if kind == "address" and not any(word[:12]):
        return label(str(to_checksum_address("0x" + word[12:].hex())))
    if kind == "bool" and number < 2:
        return "yes" if number else "no"
    if kind.startswith("uint"):
        return f"{number:,}"
    if kind.startswith("int"):
        return f"{int.from_bytes(word, 'big', signed=True):,}"
    if kind == "string":
        return repr(word.rstrip(b"\0").decode(errors="replace"))
    if kind.startswith("bytes") and kind[5:].isdigit():
        return "0x" + word[: int(kind[5:])].hex()
    return "0x" + word.hex()


def parts(pattern: str, before: bytes, after: bytes, label: AddressLabel) -> tuple[Part, ...]:
    """The members of a packed word that differ, lowest first; none if it is not packed."""
    found = []
    old, new = int.from_bytes(before, "big"), int.from_bytes(after, "big")
    for member in PACKED.get(pattern, ()):
        mask = (1 << member.bits) - 1
        if old & mask != new & mask:
            found.append(
                Part(
                    member.name, *(_show_member(member, word & mask, label) for word in (old, new))
                )
            )
        old, new = old >> member.bits, new >> member.bits
    return tuple(found)


def _show_member(member: Member, value: int, label: AddressLabel) -> str:
    if isinstance(member.unit, str):
        return show_as(member.unit, value.to_bytes(32, "big"), label)
    return member.unit.show(value)
