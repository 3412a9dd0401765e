"""When a lower head is believed."""

from __future__ import annotations

import pytest

from keepers.core import wire
from keepers.core.heads import Heads, LagRule
from keepers.core.wire import Seen
from tests.keepers.core.fake_nodes import Blocks


def watched(blocks: Blocks, heads: Heads, *, count: int) -> None:
    """Show it each of the newest blocks, as they come."""
    for number in range(blocks.height - count + 1, blocks.height + 1):
        heads.judge([shown(blocks, number)], 0.0)


def shown(blocks: Blocks, number: int | None = None) -> Seen:
    return wire.seen(blocks.block(blocks.height if number is None else number))


@pytest.fixture
def blocks() -> Blocks:
    blocks = Blocks(seconds=1)
    blocks.mine(100)
    return blocks


@pytest.mark.parametrize(
    ("behind", "seconds", "lags"),
    [
        (5, 1, False),
        (6, 1, True),
        (15, 0.25, True),
        (6, 0.25, False),
        (1, 12, False),
        (2, 12, True),
    ],
)
def test_lag_rule__blocks_and_seconds__either_is_enough(behind, seconds, lags):
    def at(number):
        block = {**Blocks([0] * 101).block(number), "timestamp": hex(int(number * seconds))}
        return wire.seen(block).head

    assert LagRule().lags(at(100 - behind), at(100)) is lags


def test_judge__higher_block__is_the_head(blocks):
    heads = Heads()
    assert heads.judge([shown(blocks, 99), shown(blocks)], 0.0) == shown(blocks).head


def test_judge__slightly_lower_block_of_the_same_chain__keeps_the_head(blocks):
    heads = Heads()
    watched(blocks, heads, count=10)
    assert heads.judge([shown(blocks, 97)], 1.0) == shown(blocks).head


def test_judge__block_far_below__is_no_head(blocks):
    heads = Heads()
    watched(blocks, heads, count=10)
    assert heads.judge([shown(blocks, 70)], 1.0) is None
    assert heads.top == shown(blocks).head


@pytest.mark.parametrize("depth", range(1, 11))
def test_judge__shorter_branch__is_believed_for_its_other_hashes(blocks, depth):
    heads = Heads()
    watched(blocks, heads, count=20)
    blocks.reorganise(depth, max(1, depth - 1))
    assert heads.judge([shown(blocks)], 1.0) == shown(blocks).head
    blocks.mine()
    assert heads.judge([shown(blocks)], 2.0) == shown(blocks).head


def test_judge__branch_of_the_same_length__is_believed(blocks):
    heads = Heads()
    watched(blocks, heads, count=20)
    blocks.reorganise(3, 3)
    assert heads.judge([shown(blocks)], 1.0) == shown(blocks).head


def test_judge__two_branches_of_the_same_length__keeps_the_first_seen(blocks):
    heads = Heads()
    watched(blocks, heads, count=20)
    old = shown(blocks)
    blocks.reorganise(1, 1)
    assert heads.judge([old, shown(blocks)], 1.0) == old.head


def test_judge__one_endpoint_with_another_branch__is_not_enough(blocks):
    heads = Heads()
    watched(blocks, heads, count=20)
    old, top = shown(blocks, 98), shown(blocks).head
    blocks.reorganise(3, 2)
    assert heads.judge([shown(blocks), old], 1.0) == top


def test_judge__lagging_endpoint_beside_a_reorganised_one__does_not_matter(blocks):
    heads = Heads()
    watched(blocks, heads, count=60)
    blocks.reorganise(3, 2)
    assert heads.judge([shown(blocks), shown(blocks, 60)], 1.0) == shown(blocks).head


def test_judge__old_block_after_an_unnoticed_reorganisation__is_no_proof(blocks):
    """Hashes of the branch that is gone must not make a lagging endpoint look reorganised."""
    heads = Heads()
    watched(blocks, heads, count=5)
    blocks.reorganise(4, 14)
    heads.judge([shown(blocks)], 1.0)
    assert heads.judge([shown(blocks, 98)], 2.0) is None


def test_judge__reorganised_deeper_than_remembered__is_not_believed_at_once(blocks):
    heads = Heads()
    watched(blocks, heads, count=90)
    blocks.reorganise(80, 10)
    assert heads.judge([shown(blocks)], 1.0) is None


def test_judge__only_lower_blocks_for_a_minute__gives_up_the_head(blocks, caplog):
    heads = Heads()
    watched(blocks, heads, count=1)
    assert heads.judge([shown(blocks, 50)], 10.0) is None
    assert heads.judge([shown(blocks, 55)], 69.9) is None
    assert heads.judge([shown(blocks, 60)], 70.0) == shown(blocks, 60).head
    assert [record.message for record in caplog.records] == [
        "head: only blocks up to 60 for 60 s, so block 100 is given up"
    ]


def test_judge__head_is_shown_again_in_between__the_minute_starts_anew(blocks):
    heads = Heads()
    watched(blocks, heads, count=1)
    heads.judge([shown(blocks, 50)], 10.0)
    heads.judge([shown(blocks)], 60.0)
    assert heads.judge([shown(blocks, 50)], 80.0) is None
