"""Calldata and ids of both routes, against the vectors of the specification."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector
from eth_utils import keccak

from scripts._governance.model import Call, Candidate, Proposal, ProposalError
from scripts._governance.routes import (
    GOVERNOR,
    GOVERNOR_LIMITS,
    MAX_DESCRIPTION,
    TREASURY,
    TREASURY_LIMITS,
    GovernorUpdate,
    Limits,
    TreasuryProposal,
    build_treasury_proposal,
    build_update,
    default_route,
    differences,
)
from tests.support.contracts import CONTRACTS

ROUNDS_MANAGER = "0xdd6f56DcC28D3F5f27084381fE8Df634985cc39f"
BONDING_MANAGER = "0x35Bcf3c30594191d53231E4FF333E8A770453e40"
LIVEPEER_TOKEN = "0x289ba1701C2F088cf0faf8B3705246331cB8A839"
SOMEBODY = "0x00000000000000000000000000000000000000AA"
LIP_83 = "7e55930248bf1754dac50ae70fd4b5b8e552aaca69d8ca7d0abb10f8abc04dbc"
LIP_101 = "a8ef28ef4761ce51f7dedc0650ef0f8acb1ef04e4598c0301a59fe3155ec0da8"
SIGNATURES = {
    "RoundsManager.setRoundLength": "setRoundLength(uint256)",
    "BondingManager.setTreasuryRewardCutRate": "setTreasuryRewardCutRate(uint256)",
    "LivepeerToken.transfer": "transfer(address,uint256)",
    "RoundsManager.long": "long(bytes)",
}
ADDRESSES = {
    "RoundsManager": ROUNDS_MANAGER,
    "BondingManager": BONDING_MANAGER,
    "LivepeerToken": LIVEPEER_TOKEN,
}


class Chain:
    """The addresses of the live network, and nothing to read."""

    def address(self, name: str) -> str:
        if name not in ADDRESSES:
            raise ProposalError(f"{name}: not registered")
        return ADDRESSES[name]

    def read(self, name: str, function: str, *args: Any) -> Any:
        raise AssertionError(f"{name}.{function}{args} is not read")

    def candidate(self, name: str) -> Candidate:
        raise AssertionError(f"{name} is not replaced")


class Abis:
    def encode(self, contract: str, function: str, args: Sequence[Any]) -> bytes:
        signature = SIGNATURES[f"{contract}.{function}"]
        types = signature[signature.index("(") + 1 : -1].split(",")
        return selector(signature) + encode(types, args)


def proposal(*calls: Call) -> Proposal:
    return Proposal(83, "A title", lambda _: list(calls), lambda _: [], lambda _: [])


def update_of(*calls: Call, nonce: int = 0) -> GovernorUpdate:
    return build_update(proposal(*calls), Chain(), Abis(), nonce=nonce)


ROUND_LENGTH = Call("RoundsManager", "setRoundLength", (6377,))
CUT_RATE = Call("BondingManager", "setTreasuryRewardCutRate", (10**26,))
TRANSFER = Call("LivepeerToken", "transfer", ("0x000000000000000000000000000000000000dEaD", 10**18))
SPEC_UPDATE = GovernorUpdate((SOMEBODY,), (0,), (bytes.fromhex("8456cb59"),), 1)
SPEC_PROPOSAL = TreasuryProposal(
    (SOMEBODY,), (0,), (bytes.fromhex("64d62353") + bytes(32),), "set minDelay"
)


@pytest.mark.parametrize(("call", "digest"), [(ROUND_LENGTH, LIP_83), (CUT_RATE, LIP_101)])
def test_build_update__live_addresses__has_the_hash_of_the_vector(call, digest):
    assert update_of(call).hash.hex() == digest


def test_build_update__lip_83__stages_the_calldata_of_the_vector():
    data = update_of(ROUND_LENGTH).stage(51_840)
    assert len(data) == 484
    assert data[:4].hex() == "0d1e4bd3"
    assert update_of(ROUND_LENGTH).datas[0].hex() == "681312f5" + f"{6377:064x}"


def test_governor_update__core_vector__has_its_hash_and_words():
    assert SPEC_UPDATE.hash.hex() == (
        "bed474de47bda2baea87e09495e3987deb5abff715ee99d2593641dfa52ce325"
    )
    encoded = SPEC_UPDATE.execute()[4:]
    words = [encoded[place : place + 32] for place in range(0, len(encoded), 32)]
    numbers = (0x20, 0x80, 0xC0, 0x100, 1, 1, 0xAA, 1, 0, 1, 0x20, 4)
    assert words[:-1] == [number.to_bytes(32, "big") for number in numbers]
    assert words[-1] == bytes.fromhex("8456cb59") + bytes(28)
    assert keccak(encoded) == SPEC_UPDATE.hash


def test_governor_update__each_step__has_its_selector():
    assert SPEC_UPDATE.execute()[:4].hex() == "6b8ace71"
    assert SPEC_UPDATE.cancel()[:4].hex() == "76ad6529"
    assert SPEC_UPDATE.cancel()[4:] == SPEC_UPDATE.execute()[4:]


def test_governor_update__another_nonce__has_another_hash():
    assert update_of(ROUND_LENGTH, nonce=1).hash != update_of(ROUND_LENGTH).hash


def test_from_staged__calldata_of_stage__gives_update_and_delay_back():
    update = update_of(ROUND_LENGTH, CUT_RATE, nonce=7)
    assert GovernorUpdate.from_staged(update.stage(3)[4:]) == (update, 3)


def test_from_staged__bytes_cut_short__says_so():
    with pytest.raises(ProposalError, match="^not a staged update"):
        GovernorUpdate.from_staged(SPEC_UPDATE.stage(1)[4:-64])


def test_treasury_proposal__core_vector__has_its_ids():
    assert SPEC_PROPOSAL.description_hash.hex() == (
        "095b58f04bfec012138a16d909dfd5e3b5de26d807089bd8c1163927e9e7a28d"
    )
    assert f"{SPEC_PROPOSAL.id:064x}" == (
        "c9b85e4a2856a6b19f42479d4151c180892bec903b713703a72171efd89c75e1"
    )
    assert SPEC_PROPOSAL.operation_id.hex() == (
        "0998d634569532b918abff5fda22b1ff0d5830f3e58f63aeb4ab83b4f61fbe56"
    )


def test_build_treasury_proposal__live_token__has_the_id_of_the_vector():
    built = build_treasury_proposal(proposal(TRANSFER), Chain(), Abis(), description="example")
    assert f"{built.id:064x}" == "fdceb2be3aa1946742546416bf0675aa84fd268ae140f87cd6cfcd63cf32c524"


@pytest.mark.parametrize(
    ("step", "first"),
    [
        ("propose", "7d5e81e2"),
        ("queue", "160cbed7"),
        ("execute", "2656227d"),
        ("cancel", "452115d6"),
    ],
)
def test_treasury_proposal__each_step__has_its_selector(step, first):
    assert getattr(SPEC_PROPOSAL, step)()[:4].hex() == first


@pytest.mark.parametrize(
    ("calls", "route"),
    [
        ((TRANSFER,), TREASURY),
        ((TRANSFER, Call("LivepeerGovernor", "setVotingDelay", (1,))), TREASURY),
        ((TRANSFER, ROUND_LENGTH), GOVERNOR),
        ((ROUND_LENGTH,), GOVERNOR),
        ((), GOVERNOR),
    ],
)
def test_default_route__contracts_called__decide(calls, route):
    assert default_route(calls) == route


def test_build_update__unknown_contract__names_the_action():
    message = r"^LIP-83, action 2 \(Minter\.setInflationChange\): Minter: not registered$"
    with pytest.raises(ProposalError, match=message):
        update_of(ROUND_LENGTH, Call("Minter", "setInflationChange", (700,)))


@pytest.mark.parametrize("value", [-1, 2**256])
def test_build_update__impossible_value__names_the_action(value):
    with pytest.raises(ProposalError, match=r"action 1 \(RoundsManager.setRoundLength\): value"):
        update_of(replace(ROUND_LENGTH, value=value))


def test_build_update__no_action_or_odd_nonce__is_refused():
    with pytest.raises(ProposalError, match="has no action"):
        update_of()
    with pytest.raises(ProposalError, match="nonce -1"):
        update_of(ROUND_LENGTH, nonce=-1)


def test_differences__changed_argument_and_missing_action__name_both():
    file, names = update_of(ROUND_LENGTH, CUT_RATE), [ROUND_LENGTH.name, CUT_RATE.name]
    other = update_of(replace(ROUND_LENGTH, args=(6378,), value=1))
    assert differences(file, file, names) == []
    assert differences(file, other, names) == [
        "action 1 (RoundsManager.setRoundLength): other value and calldata",
        "action 2 (BondingManager.setTreasuryRewardCutRate): in the file only",
    ]
    assert differences(other, file, names) == [
        "action 1 (RoundsManager.setRoundLength): other value and calldata",
        f"action 2: on chain only, to {BONDING_MANAGER}",
    ]


def test_build__more_than_the_contracts_take__is_refused():
    def long(size: int) -> Call:
        return Call("RoundsManager", "long", (bytes((size - 68) // 32 * 32),))

    assert len(update_of(*[long(4_096)] * 10).targets) == 10
    with pytest.raises(ProposalError, match="11 actions, the most is 10; split it"):
        update_of(*[ROUND_LENGTH] * 11)
    with pytest.raises(ProposalError, match=r"action 2 .*: 5124 bytes of calldata, the most is"):
        update_of(ROUND_LENGTH, Call("RoundsManager", "long", (bytes(5_056),)))


def test_build_treasury_proposal__more_than_the_contract_takes__is_refused():
    def build(count: int, description: str) -> TreasuryProposal:
        calls = proposal(*[TRANSFER] * count)
        return build_treasury_proposal(calls, Chain(), Abis(), description=description)

    assert len(build(10, "x" * MAX_DESCRIPTION).targets) == 10
    with pytest.raises(ProposalError, match="11 actions, the most is 10"):
        build(11, "")
    with pytest.raises(ProposalError, match="^description: 32769 bytes"):
        build(1, "x" * 32_767 + "\u00e9")


def test_limits__of_the_contracts__are_these():
    update = (CONTRACTS / "interfaces" / "IGovernor.vyi").read_text()
    actions, calldata = re.search(r"data: DynArray\[Bytes\[(\d+)\], (\d+)\]", update).groups()[::-1]
    assert Limits(int(actions), int(calldata)) == GOVERNOR_LIMITS
    module = (CONTRACTS / "treasury" / "modules" / "proposals.vy").read_text()
    found = dict(re.findall(r"^(MAX_\w+): constant\(uint256\) = (\d+)$", module, re.M))
    assert Limits(int(found["MAX_ACTIONS"]), int(found["MAX_CALLDATA"])) == TREASURY_LIMITS
    assert int(found["MAX_DESCRIPTION"]) == MAX_DESCRIPTION
