"""Signed ballots: the contract's own digests, and which ones a relayer leaves alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from scripts._governance.ballots import (
    BALLOT_TYPEHASH,
    EXTENDED_BALLOT_TYPEHASH,
    HALF_ORDER,
    MAX_REASON,
    Ballot,
    Domain,
    SignedBallot,
    screen,
    sign,
)
from scripts._governance.model import ProposalError
from tests.support.contracts import CONTRACTS

MAINNET = Domain(42_161, "0xcFE4E2879B786C3aa075813F0E364bb5acCb6aa0")
PROPOSAL = 0xC9B85E4A2856A6B19F42479D4151C180892BEC903B713703A72171EFD89C75E1
PLAIN = Ballot(PROPOSAL, 1)
EXTENDED = Ballot(PROPOSAL, 0, "too early", b"\x01\x02")
VOTER, STRANGER = (Account.from_key(bytes([number]) * 32) for number in (1, 2))


def typed(ballot: Ballot, domain: Domain) -> object:
    """By eth_account's encoder, from the types as OpenZeppelin documents them."""
    fields = [
        {"name": "proposalId", "type": "uint256"},
        {"name": "support", "type": "uint8"},
    ]
    message = {"proposalId": ballot.proposal_id, "support": ballot.support}
    if ballot.extended:
        fields += [{"name": "reason", "type": "string"}, {"name": "params", "type": "bytes"}]
        message |= {"reason": ballot.reason, "params": ballot.params}
    where = {
        "name": "LivepeerGovernor",
        "version": "1",
        "chainId": domain.chain_id,
        "verifyingContract": domain.governor,
    }
    name = "ExtendedBallot" if ballot.extended else "Ballot"
    return encode_typed_data(where, {name: fields}, message)


def test_type_hashes__both_ballots__are_those_of_the_specification():
    assert BALLOT_TYPEHASH.hex() == (
        "150214d74d59b7d1e90c73fc22ef3d991dd0a76b046543d4d80ab92d2a50328f"
    )
    assert EXTENDED_BALLOT_TYPEHASH.hex() == (
        "b3b3f3b703cd84ce352197dcff232b1b5d3cfb2025ce47cf04742d0651f1af88"
    )


def test_separator__live_governor__is_that_of_the_specification():
    assert MAINNET.separator.hex() == (
        "a0f5abef8f0df6448ec282326d211d0927aacfa3d06dc8249f8e358545328711"
    )


@pytest.mark.parametrize("ballot", [PLAIN, EXTENDED, replace(EXTENDED, params=b"")])
def test_message__ballot__is_as_an_independent_encoder_says(ballot):
    assert ballot.message(MAINNET) == typed(ballot, MAINNET)


@pytest.mark.parametrize("ballot", [PLAIN, EXTENDED])
def test_sign__voter__recovers_to_the_voter_and_survives_a_file(ballot):
    signed = sign(ballot, MAINNET, VOTER)
    assert signed.problem() is None
    assert signed.voter == VOTER.address
    assert SignedBallot.from_json(signed.to_json()) == signed
    assert VOTER.key.hex() not in signed.to_json()
    assert Account._recover_hash(ballot.digest(MAINNET), signature=signed.signature) == signed.voter


@pytest.mark.parametrize(
    "changed",
    [
        {"domain": replace(MAINNET, chain_id=1)},
        {"domain": replace(MAINNET, governor=VOTER.address)},
        {"ballot": replace(PLAIN, support=0)},
        {"ballot": replace(PLAIN, proposal_id=1)},
        {"ballot": replace(PLAIN, reason="because")},
        {"voter": STRANGER.address},
    ],
)
def test_problem__anything_changed_after_signing__is_another_signer(changed):
    problem = replace(sign(PLAIN, MAINNET, VOTER), **changed).problem()
    assert problem is not None
    assert problem.startswith("signed by 0x")


def test_problem__signature_the_contract_refuses__is_named():
    good = sign(PLAIN, MAINNET, VOTER)
    r, s, v = good.signature[:32], good.signature[32:64], good.signature[64]
    order = 2 * HALF_ORDER + 1
    high = (order - int.from_bytes(s, "big")).to_bytes(32, "big")
    for signature, reason in (
        (good.signature[:64], "signature of 64 bytes, not 65"),
        (r + high + bytes([55 - v]), "signature with a high s, which the contract refuses"),
        (r + s + bytes([v - 27]), f"signature with v = {v - 27}, not 27 or 28"),
        (bytes(64) + bytes([27]), "signature of nobody"),
    ):
        assert replace(good, signature=signature).problem() == reason


def test_ballot__choice_or_reason_out_of_range__is_refused():
    for support in (-1, 3):
        with pytest.raises(ProposalError, match="one of against, for, abstain"):
            Ballot(PROPOSAL, support)
    with pytest.raises(ProposalError, match="reason over 8192"):
        Ballot(PROPOSAL, 1, "x" * (MAX_REASON + 1))


def test_limits__of_the_contract__are_these():
    module = (CONTRACTS / "treasury" / "modules" / "ballots.vy").read_text()
    assert f"MAX_REASON: constant(uint256) = {MAX_REASON}\n" in module
    assert "MAX_PARAMS: constant(uint256) = 1024\n" in module


def test_from_json__file_that_is_no_ballot__is_one_line():
    good = json.loads(sign(PLAIN, MAINNET, VOTER).to_json())
    for text, reason in (
        ("{", "not JSON"),
        ("[]", "must have exactly"),
        (json.dumps({**good, "nonce": 1}), "must have exactly"),
        (json.dumps({**good, "support": 1}), "support must be one of"),
        (json.dumps({**good, "voter": "me"}), "voter is no address"),
        (json.dumps({**good, "signature": "0xzz"}), "does not read"),
        (json.dumps({**good, "proposal_id": 7}), "does not read"),
        (json.dumps({**good, "reason": "x" * 9_000}), "reason over 8192"),
    ):
        with pytest.raises(ProposalError, match=f"^ballot: .*{reason}"):
            SignedBallot.from_json(text)


def test_screen__mixed_ballots__names_what_is_wrong_with_each():
    first, again = sign(PLAIN, MAINNET, VOTER), sign(EXTENDED, MAINNET, VOTER)
    elsewhere = sign(PLAIN, replace(MAINNET, chain_id=1), STRANGER)
    other_contract = sign(PLAIN, Domain(42_161, VOTER.address), STRANGER)
    other_proposal = sign(Ballot(7, 1), MAINNET, STRANGER)
    forged = replace(first, voter=STRANGER.address)
    late = sign(PLAIN, MAINNET, STRANGER)
    ballots = [forged, first, again, elsewhere, other_contract, other_proposal, late]
    problems = [problem for _, problem in screen(ballots, MAINNET, PROPOSAL)]
    assert problems == [
        f"signed by {VOTER.address}, not by {STRANGER.address}",
        None,
        "a second ballot of the same voter",
        "for chain 1, this is chain 42161",
        f"for the governor {VOTER.address}, not {MAINNET.governor}",
        f"for proposal 0x{7:064x}",
        None,
    ]
