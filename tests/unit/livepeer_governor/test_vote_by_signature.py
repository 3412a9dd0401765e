"""Votes that others bring: EIP-712 ballots as of OpenZeppelin 4.9. Core spec, section 16.7.

A ballot names neither voter nor nonce. Whoever the signature recovers to has voted, so a ballot
that was changed on the way is the vote of some account without weight.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import boa
import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys import keys
from eth_utils import keccak

from tests.support.calls import error_data, logs, reverts_with_data
from tests.unit.livepeer_governor.conftest import AGAINST, FOR, Content, Hall

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
BALLOT = "150214d74d59b7d1e90c73fc22ef3d991dd0a76b046543d4d80ab92d2a50328f"
EXTENDED = "b3b3f3b703cd84ce352197dcff232b1b5d3cfb2025ce47cf04742d0651f1af88"
DOMAIN = "8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f"
MAINNET_GOVERNOR = "0xcFE4E2879B786C3aa075813F0E364bb5acCb6aa0"
MAINNET_SEPARATOR = "a0f5abef8f0df6448ec282326d211d0927aacfa3d06dc8249f8e358545328711"
KEY = keccak(text="key of a voter")
VOTER = Account.from_key(KEY).address
BAD_S = "ECDSA: invalid signature 's' value"
BAD_SIGNATURE = "ECDSA: invalid signature"
REASON, PARAMS = "because", b"\x01\x02"
FIELDS = {
    "EIP712Domain": {
        "name": "string",
        "version": "string",
        "chainId": "uint256",
        "verifyingContract": "address",
    },
    "Ballot": {"proposalId": "uint256", "support": "uint8"},
    "ExtendedBallot": {
        "proposalId": "uint256",
        "support": "uint8",
        "reason": "string",
        "params": "bytes",
    },
}


class Signature(NamedTuple):
    v: int
    r: bytes
    s: bytes


def signed(
    contract: str, kind: str, *values: Any, chain_id: int | None = None, name: str = ""
) -> Signature:
    """What a wallet signs, by an encoder that shares nothing with the contract."""
    types = {
        name: [{"name": field, "type": kind} for field, kind in FIELDS[name].items()]
        for name in ("EIP712Domain", kind)
    }
    message = {
        "types": types,
        "primaryType": kind,
        "domain": {
            "name": name or "LivepeerGovernor",
            "version": "1",
            "chainId": boa.env.evm.patch.chain_id if chain_id is None else chain_id,
            "verifyingContract": contract,
        },
        "message": dict(zip(FIELDS[kind], values, strict=True)),
    }
    found = Account.sign_message(encode_typed_data(full_message=message), KEY)
    return Signature(found.v, word(found.r), word(found.s))


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def separator(chain_id: int, contract: str) -> bytes:
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    names = keccak(text="LivepeerGovernor"), keccak(text="1")
    return keccak(encode(types, [bytes.fromhex(DOMAIN), *names, chain_id, contract]))


@pytest.fixture
def key(hall: Hall, pay: Content) -> int:
    """An open proposal, on which the voter has 12 votes."""
    hall.power.setPower(VOTER, 12, VOTER)
    return hall.open(pay)


def test_typehashes__asked__are_those_of_openzeppelin_4_9(hall: Hall) -> None:
    assert hall.governor.BALLOT_TYPEHASH().hex() == BALLOT
    assert hall.governor.EXTENDED_BALLOT_TYPEHASH().hex() == EXTENDED
    kinds = {
        name: f"{name}({','.join(f'{kind} {field}' for field, kind in fields.items())})"
        for name, fields in FIELDS.items()
    }
    hashes = [keccak(text=kinds[name]).hex() for name in ("Ballot", "ExtendedBallot")]
    assert hashes == [BALLOT, EXTENDED]
    assert keccak(text=kinds["EIP712Domain"]).hex() == DOMAIN


def test_separator__mainnet__is_the_recorded_one() -> None:
    assert separator(42_161, MAINNET_GOVERNOR).hex() == MAINNET_SEPARATOR


def test_cast_vote_by_sig__mainnet_chain_id__takes_the_separator_of_that_formula(
    hall: Hall, key: int
) -> None:
    """By hand, as far as the digest; the domain is computed at the call."""
    boa.env.evm.patch.chain_id = 42_161
    ballot = keccak(encode(["bytes32", "uint256", "uint8"], [bytes.fromhex(BALLOT), key, FOR]))
    digest = keccak(b"\x19\x01" + separator(42_161, hall.governor.address) + ballot)
    found = keys.PrivateKey(KEY).sign_msg_hash(digest)
    hall.governor.castVoteBySig(key, FOR, found.v + 27, word(found.r), word(found.s))
    assert hall.governor.hasVoted(key, VOTER)


def test_cast_vote_by_sig__brought_by_anybody__is_the_signers(
    hall: Hall, key: int, stranger: str
) -> None:
    signature = signed(hall.governor.address, "Ballot", key, FOR)
    weight = hall.governor.castVoteBySig(key, FOR, *signature, sender=stranger)
    assert weight == 12
    assert logs(hall.governor) == [("VoteCast", VOTER, key, FOR, 12, "")]
    assert hall.governor.hasVoted(key, VOTER)
    assert not hall.governor.hasVoted(key, stranger)


@pytest.mark.parametrize(("reason", "params"), [("", b""), (REASON, b""), (REASON, PARAMS)])
def test_cast_vote_with_params_by_sig__brought_by_anybody__is_the_signers(
    hall: Hall, key: int, stranger: str, reason: str, params: bytes
) -> None:
    ballot = (key, FOR, reason, params)
    signature = signed(hall.governor.address, "ExtendedBallot", *ballot)
    hall.governor.castVoteWithReasonAndParamsBySig(*ballot, *signature, sender=stranger)
    if params:
        event = ("VoteCastWithParams", VOTER, key, FOR, 12, reason, params)
    else:
        event = ("VoteCast", VOTER, key, FOR, 12, reason)
    assert logs(hall.governor) == [event]


def test_cast_vote_by_sig__replayed__reverts(hall: Hall, key: int) -> None:
    signature = signed(hall.governor.address, "Ballot", key, FOR)
    hall.governor.castVoteBySig(key, FOR, *signature)
    with reverts_with_data(error_data("VoteAlreadyCast()")):
        hall.governor.castVoteBySig(key, FOR, *signature)
    with reverts_with_data(error_data("VoteAlreadyCast()")):
        hall.governor.castVote(key, FOR, sender=VOTER)


def test_cast_vote_by_sig__for_another_proposal__counts_there_only(
    hall: Hall, key: int, pay: Content
) -> None:
    other = hall.open(pay._replace(description="another"))
    signature = signed(hall.governor.address, "Ballot", other, FOR)
    hall.governor.castVoteBySig(key, FOR, *signature)
    assert not hall.governor.hasVoted(key, VOTER)
    hall.governor.castVoteBySig(other, FOR, *signature)
    assert hall.governor.hasVoted(other, VOTER)


@pytest.mark.parametrize(
    "domain",
    [{"chain_id": 42_161}, {"name": "Livepeer Governor"}],
    ids=["chain", "name"],
)
def test_cast_vote_by_sig__other_domain__is_nobodys_vote(
    hall: Hall, key: int, domain: dict[str, Any]
) -> None:
    signature = signed(hall.governor.address, "Ballot", key, FOR, **domain)
    assert hall.governor.castVoteBySig(key, FOR, *signature) == 0
    assert not hall.governor.hasVoted(key, VOTER)


def test_cast_vote_by_sig__signed_for_the_implementation__is_nobodys_vote(
    hall: Hall, key: int
) -> None:
    """The domain's contract is the proxy."""
    assert (
        hall.governor.castVoteBySig(key, FOR, *signed(hall.target.address, "Ballot", key, FOR)) == 0
    )
    assert not hall.governor.hasVoted(key, VOTER)


def test_cast_vote_by_sig__support_changed__is_nobodys_vote(hall: Hall, key: int) -> None:
    signature = signed(hall.governor.address, "Ballot", key, FOR)
    assert hall.governor.castVoteBySig(key, AGAINST, *signature) == 0
    assert not hall.governor.hasVoted(key, VOTER)
    assert hall.governor.proposalVotes(key) == (0, 0, 0)


@pytest.mark.parametrize(
    "changed", [(AGAINST, REASON, PARAMS), (FOR, "other", PARAMS), (FOR, REASON, b"\x01")]
)
def test_cast_vote_with_params_by_sig__field_changed__is_nobodys_vote(
    hall: Hall, key: int, changed: tuple[int, str, bytes]
) -> None:
    signature = signed(hall.governor.address, "ExtendedBallot", key, FOR, REASON, PARAMS)
    weight = hall.governor.castVoteWithReasonAndParamsBySig(key, *changed, *signature)
    assert weight == 0
    assert not hall.governor.hasVoted(key, VOTER)


def test_cast_vote_by_sig__plain_ballot_as_extended__is_nobodys_vote(hall: Hall, key: int) -> None:
    signature = signed(hall.governor.address, "Ballot", key, FOR)
    hall.governor.castVoteWithReasonAndParamsBySig(key, FOR, "", b"", *signature)
    assert not hall.governor.hasVoted(key, VOTER)


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_cast_vote_by_sig__recovers_to_zero__reverts(hall: Hall, key: int, v: int) -> None:
    _, r, s = signed(hall.governor.address, "Ballot", key, FOR)
    with boa.reverts(BAD_SIGNATURE):
        hall.governor.castVoteBySig(key, FOR, v, r, s)
    with boa.reverts(BAD_SIGNATURE):
        hall.governor.castVoteWithReasonAndParamsBySig(key, FOR, "", b"", v, r, s)


def test_cast_vote_by_sig__upper_s__reverts_although_the_curve_takes_it(
    hall: Hall, key: int
) -> None:
    v, r, s = signed(hall.governor.address, "Ballot", key, FOR)
    upper = ORDER - int.from_bytes(s, "big")
    assert upper > HALF_ORDER
    with boa.reverts(BAD_S):
        hall.governor.castVoteBySig(key, FOR, 55 - v, r, word(upper))


def test_cast_vote_by_sig__vote_is_over__reverts(hall: Hall, key: int) -> None:
    hall.close(key)
    with boa.reverts("Governor: vote not currently active"):
        hall.governor.castVoteBySig(key, FOR, *signed(hall.governor.address, "Ballot", key, FOR))
