"""What the deployed ABI says and Vyper cannot: the table that completes the compiler's output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Completion:
    """Additions to the compiler's ABI of one contract. Signatures are written as in Solidity."""

    errors: tuple[str, ...] = ()  # custom errors: raised as bytes, so unknown to the compiler
    events: tuple[str, ...] = ()  # inherited by the deployed contract, never emitted by it or by us
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # names of return values
    flat: frozenset[str] = frozenset()  # a struct here, the same words as separate values there
    renamed: Mapping[str, str] = field(default_factory=dict)  # "entry.argument": a reserved word
    receive: bool = False  # `__default__` takes plain ETH too
    fallback: bool = True  # False: and nothing else


PARAMETER_UPDATE = "ParameterUpdate(string param)"
DOMAIN_CHANGED = "EIP712DomainChanged()"
DOMAIN = ("fields", "name", "version", "chainId", "verifyingContract", "salt", "extensions")

COMPLETIONS: dict[str, Completion] = {
    "BondingManager": Completion(
        flat=frozenset(
            {
                "getDelegator",
                "getDelegatorUnbondingLock",
                "getTranscoder",
                "getTranscoderEarningsPoolForRound",
            }
        ),
    ),
    "BondingVotes": Completion(
        errors=(
            "DecreasingValues(uint256 newValue, uint256 lastValue)",
            "FutureLastClaimRound(uint256 lastClaimRound, uint256 maxAllowed)",
            "FutureLookup(uint256 queryRound, uint256 maxAllowed)",
            "InvalidCaller(address caller, address required)",
            "InvalidStartRound(uint256 checkpointRound, uint256 requiredRound)",
            "InvalidTotalStakeCheckpointRound(uint256 checkpointRound, uint256 requiredRound)",
            "MissingEarningsPool(address transcoder, uint256 round)",
            "MustCallBondingManager(string bondingManagerFunction)",
        ),
        flat=frozenset({"getVotesAndDelegateAtRoundStart"}),
    ),
    "LivepeerGovernor": Completion(
        errors=("Empty()", "InvalidVoteType(uint8 voteType)", "VoteAlreadyCast()"),
        events=(DOMAIN_CHANGED,),
        outputs={
            "eip712Domain": DOMAIN,
            "proposalVotes": ("againstVotes", "forVotes", "abstainVotes"),
        },
        renamed={"relay.amount": "value"},
        receive=True,
        fallback=False,
    ),
    "LivepeerToken": Completion(
        errors=("InvalidShortString()", "StringTooLong(string str)"),
        events=(
            DOMAIN_CHANGED,
            "RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, "
            "bytes32 indexed newAdminRole)",
        ),
        outputs={"eip712Domain": DOMAIN},
        renamed={
            "Transfer.sender": "from",
            "transferFrom.sender": "from",
            "permit.amount": "value",
        },
    ),
    "ManagerProxy": Completion(events=(PARAMETER_UPDATE,), receive=True),
    "MerkleSnapshot": Completion(events=(PARAMETER_UPDATE,)),
    "ServiceRegistry": Completion(events=(PARAMETER_UPDATE,)),
    "TicketBroker": Completion(
        outputs={"getReserveInfo": ("info",)},
        flat=frozenset({"getSenderInfo"}),
    ),
    "Treasury": Completion(
        renamed={f"{name}.amount": "value" for name in ("execute", "hashOperation", "schedule")},
        receive=True,
        fallback=False,
    ),
}
