"""The quorum tracker: every edge of passing, and reading it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

from scripts._governance.node import NodeError
from scripts._governance.tally import State, Tally, TallyError, for_needed, read_tally, succeeds

GOVERNOR = "0x" + "60" * 20
PROPOSER = "0x" + "61" * 20
HALF = 500_000
WHOLE = 1_000_000
TALLY = Tally(
    proposal_id=7,
    state=State.ACTIVE,
    proposer=PROPOSER,
    against_votes=0,
    for_votes=0,
    abstain_votes=0,
    quorum=100,
    quota=HALF,
    threshold=10,
    snapshot=11,
    deadline=21,
    clock=12,
    eta=None,
)


# -- the rule


@pytest.mark.parametrize("quota", [0, 1, 333_333, HALF, 999_999, WHOLE, WHOLE + 1, 2 * WHOLE])
def test_for_needed__every_small_vote__is_the_least_that_passes(quota: int) -> None:
    def passes(in_favour: int, against: int) -> bool:
        return in_favour >= int(Fraction(against + in_favour) * quota / WHOLE)

    for against, in_favour, least in product(range(12), range(12), range(3)):
        found = for_needed(in_favour, against, quota, least=least)
        if found is None:
            assert quota >= WHOLE
            assert not any(passes(in_favour + more, against) for more in range(least, 60))
        else:
            assert found >= least
            assert passes(in_favour + found, against)
            assert found == least or not passes(in_favour + found - 1, against)


def test_for_needed__large_votes__passes_with_it_and_not_with_a_wei_less() -> None:
    in_favour, against = 10**24 + 7, 9 * 10**24 + 1
    needed = for_needed(in_favour, against, HALF, least=0)
    assert needed is not None
    assert succeeds(in_favour + needed, against, HALF)
    assert not succeeds(in_favour + needed - 1, against, HALF)


@pytest.mark.parametrize(
    ("votes", "passes"),
    [
        ((50, 50, 0), True),  # a tie
        ((50, 51, 0), True),  # k of 2k + 1: half of it is cut down to k
        ((50, 52, 0), False),
        ((0, 0, 100), True),  # abstentions only
        ((0, 0, 99), False),  # a wei below the quorum
        ((0, 1, 99), True),
        ((0, 2, 98), False),
    ],
)
def test_if_ended_now__edges_of_the_rounding__decides_as_the_contract(
    votes: tuple[int, int, int], passes: bool
) -> None:
    in_favour, against, abstain = votes
    tally = replace(TALLY, for_votes=in_favour, against_votes=against, abstain_votes=abstain)
    assert tally.if_ended_now is (State.SUCCEEDED if passes else State.DEFEATED)
    assert (tally.for_needed == 0) is passes


def test_for_needed__quorum_and_quota_missing__is_the_larger() -> None:
    assert replace(TALLY, for_votes=10).for_needed == 90
    assert replace(TALLY, for_votes=10, against_votes=90).for_needed == 79
    assert replace(TALLY, against_votes=2).for_needed == 98


# -- time


@pytest.mark.parametrize(
    ("state", "clock", "rounds_left", "earliest"),
    [
        (State.PENDING, 10, 10, 22),
        (State.PENDING, 11, 10, 22),
        (State.ACTIVE, 12, 10, 22),
        (State.ACTIVE, 21, 1, 22),
        (State.SUCCEEDED, 22, 0, 22),
        (State.QUEUED, 30, 0, 22),
        (State.DEFEATED, 22, 0, None),
        (State.CANCELED, 11, 0, None),
        (State.EXECUTED, 23, 0, None),
    ],
)
def test_rounds__in_each_state__are_those_left_and_the_first_to_execute_in(
    state: State, clock: int, rounds_left: int, earliest: int | None
) -> None:
    tally = replace(TALLY, state=state, clock=clock)
    assert (tally.rounds_left, tally.earliest_round) == (rounds_left, earliest)


def test_tally__no_quorum_yet__says_so_everywhere() -> None:
    tally = replace(TALLY, state=State.PENDING, clock=11, quorum=None)
    assert (tally.quorum_left, tally.if_ended_now, tally.for_needed) == (None, None, None)
    assert dict(tally.rows())["quorum"] == "known from round 12 on"
    assert dict(tally.rows())["if it ended now"] == "voting has not begun"


def test_rows__votes_missing__name_what_is_missing() -> None:
    rows = dict(replace(TALLY, for_votes=10**19, quorum=3 * 10**19).rows())
    assert rows["for"] == "10 LPT"
    assert rows["quorum"] == "30 LPT, 20 LPT missing"
    assert rows["if it ended now"] == "fails by 20 LPT for"
    assert rows["quota"] == "50 % (500000 of 10^6) of for + against must be for"


def test_to_json__amounts__are_strings_and_missing_ones_null() -> None:
    content = replace(TALLY, for_votes=10**25, quorum=None).to_json()
    assert content["votes"] == {"for": str(10**25), "against": "0", "abstain": "0"}
    assert content["quorum"] is content["for_needed"] is content["if_ended_now"] is None
    assert (content["state"], content["rounds_left"], content["round"]) == ("active", 10, 12)


# -- reading


class FakeGovernor:
    """Views of a LivepeerGovernor by signature; `quorum` answers past rounds only."""

    def __init__(self, **views: Any) -> None:
        self.views = {
            "state": (["uint8"], [1]),
            "proposalSnapshot": (["uint256"], [11]),
            "proposalDeadline": (["uint256"], [21]),
            "proposalVotes": (["uint256"] * 3, [1, 2, 3]),
            "proposalProposer": (["address"], [PROPOSER]),
            "proposalEta": (["uint256"], [0]),
            "quorum": (["uint256"], [77]),
            "clock": (["uint48"], [12]),
            "quota": (["uint256"], [HALF]),
            "proposalThreshold": (["uint256"], [10]),
        }
        for name, value in views.items():
            self.views[name] = (self.views[name][0], [value])
        self.blocks: set[str] = set()
        self.provider = self

    def make_request(self, method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_blockNumber":
            return {"result": "0x64"}
        call, block = params
        self.blocks.add(block)
        data = bytes.fromhex(call["data"][2:])
        for name, (types, values) in self.views.items():
            arguments = "" if name in ("clock", "quota", "proposalThreshold") else "uint256"
            if data[:4] == selector(f"{name}({arguments})"):
                if name == "quorum" and self.views["clock"][1][0] <= int.from_bytes(data[4:]):
                    return {"error": {"message": "execution reverted: FutureLookup"}}
                return {"result": "0x" + encode(types, values).hex()}
        raise AssertionError(data.hex())


def test_read_tally__active__takes_every_view_at_one_block() -> None:
    chain = FakeGovernor()
    tally = read_tally(chain, GOVERNOR, 7)
    votes = tally.against_votes, tally.for_votes, tally.abstain_votes
    assert votes == (1, 2, 3)
    assert (tally.quorum, tally.quota, tally.threshold, tally.eta) == (77, HALF, 10, None)
    assert chain.blocks == {"0x64"}


def test_read_tally__snapshot_round_not_over__does_not_ask_for_the_quorum() -> None:
    assert read_tally(FakeGovernor(state=0, clock=11), GOVERNOR, 7).quorum is None


def test_read_tally__unknown_proposal__names_it() -> None:
    with pytest.raises(TallyError, match="has no proposal 7"):
        read_tally(FakeGovernor(proposalSnapshot=0), GOVERNOR, 7)


def test_read_tally__nothing_there__names_the_address() -> None:
    chain = SimpleNamespace(make_request=lambda *_: {"result": "0x"})
    with pytest.raises(TallyError, match=f"{GOVERNOR}: no LivepeerGovernor"):
        read_tally(SimpleNamespace(provider=chain), GOVERNOR, 7)


def test_read_tally__node_refuses__is_one_line() -> None:
    refusal = {"error": {"code": -32000, "message": "missing\ntrie node"}}
    chain = SimpleNamespace(make_request=lambda *_: refusal)
    with pytest.raises(NodeError, match="the node refuses eth_blockNumber: missing trie node"):
        read_tally(SimpleNamespace(provider=chain), GOVERNOR, 7)
