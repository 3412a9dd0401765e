# pragma version 0.4.3
"""
@title ballots
@notice Casting votes: by oneself, or by a signature that anybody may bring.
@dev Owns nothing. A signed ballot names neither voter nor nonce: it is the vote of whoever signed it, and counts once
     because every account votes once. The domain's contract is the proxy. Source: core spec, section 16.7.
"""

from ...interfaces import IBondingVotes
from ...interfaces import ILivepeerGovernor
from ...modules import ecdsa
from . import counting_overridable
from . import electorate
from . import initializable
from . import proposals

uses: counting_overridable
uses: electorate
uses: initializable
uses: proposals

BALLOT_TYPEHASH: public(constant(bytes32)) = keccak256("Ballot(uint256 proposalId,uint8 support)")
EXTENDED_BALLOT_TYPEHASH: public(constant(bytes32)) = keccak256(
    "ExtendedBallot(uint256 proposalId,uint8 support,string reason,bytes params)"
)
NAME: constant(String[16]) = "LivepeerGovernor"
VERSION: constant(String[1]) = "1"
MAX_REASON: constant(uint256) = 8192
MAX_PARAMS: constant(uint256) = 1024

_DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


# ------------------------------------------------------------------------------------------------
# Voters, and whoever brings their ballots
# ------------------------------------------------------------------------------------------------


@external
def castVote(proposalId: uint256, support: uint8) -> uint256:
    return self._cast_vote(proposalId, msg.sender, support, "", b"")


@external
def castVoteWithReason(proposalId: uint256, support: uint8, reason: String[MAX_REASON]) -> uint256:
    return self._cast_vote(proposalId, msg.sender, support, reason, b"")


@external
def castVoteWithReasonAndParams(
    proposalId: uint256, support: uint8, reason: String[MAX_REASON], params: Bytes[MAX_PARAMS]
) -> uint256:
    return self._cast_vote(proposalId, msg.sender, support, reason, params)


@external
def castVoteBySig(proposalId: uint256, support: uint8, v: uint8, r: bytes32, s: bytes32) -> uint256:
    ballot: bytes32 = keccak256(abi_encode(BALLOT_TYPEHASH, proposalId, support))
    return self._cast_vote(proposalId, self._signer(ballot, v, r, s), support, "", b"")


@external
def castVoteWithReasonAndParamsBySig(
    proposalId: uint256,
    support: uint8,
    reason: String[MAX_REASON],
    params: Bytes[MAX_PARAMS],
    v: uint8,
    r: bytes32,
    s: bytes32,
) -> uint256:
    ballot: bytes32 = keccak256(
        abi_encode(
            EXTENDED_BALLOT_TYPEHASH, proposalId, support, keccak256(reason), keccak256(params)
        )
    )
    return self._cast_vote(proposalId, self._signer(ballot, v, r, s), support, reason, params)


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def name() -> String[16]:
    return NAME if initializable._is_initialized() else ""


@external
@view
def version() -> String[1]:
    return VERSION


@external
@view
def eip712Domain() -> (
    bytes1, String[16], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    # Strings are empty until `initialize`, as in the deployed implementation.
    shown: bool = initializable._is_initialized()
    return (
        0x0f,
        NAME if shown else "",
        VERSION if shown else "",
        chain.id,
        self,
        empty(bytes32),
        [],
    )


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
def _cast_vote(
    _id: uint256,
    _account: address,
    _support: uint8,
    _reason: String[MAX_REASON],
    _params: Bytes[MAX_PARAMS],
) -> uint256:
    """
    @dev Returns, and logs, the account's whole weight: what delegators take out of it shows in the totals only.
    """
    assert proposals._state(_id) == proposals.ACTIVE, "Governor: vote not currently active"
    snapshot: uint256 = proposals._snapshot(_id)
    weight: uint256 = electorate._past_votes(_account, snapshot)

    counting_overridable._count_vote(
        _id, _account, _support, weight, snapshot, IBondingVotes(electorate._votes())
    )

    if len(_params) == 0:
        log ILivepeerGovernor.VoteCast(
            voter=_account, proposalId=_id, support=_support, weight=weight, reason=_reason
        )
    else:
        log ILivepeerGovernor.VoteCastWithParams(
            voter=_account,
            proposalId=_id,
            support=_support,
            weight=weight,
            reason=_reason,
            params=_params,
        )
    return weight


@internal
@view
def _signer(_ballot: bytes32, _v: uint8, _r: bytes32, _s: bytes32) -> address:
    domain: bytes32 = keccak256(
        abi_encode(_DOMAIN_TYPE, keccak256(NAME), keccak256(VERSION), chain.id, self)
    )
    return ecdsa._recover(keccak256(concat(x"1901", domain, _ballot)), _v, _r, _s)
