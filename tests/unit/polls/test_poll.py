"""Poll: votes are events."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.support.calls import logs, reverted, reverts_bare
from tests.support.contracts import deploy


@pytest.fixture
def end_block() -> int:
    return int(boa.env.evm.patch.block_number) + 10


@pytest.fixture
def poll(end_block: int) -> Any:
    return deploy("Poll", end_block)


def mine_to(block: int) -> None:
    boa.env.time_travel(blocks=block - boa.env.evm.patch.block_number)


def test_init__any_block__is_kept_without_an_event(poll: Any, end_block: int) -> None:
    assert logs(poll) == []
    assert poll.endBlock() == end_block
    assert deploy("Poll", 0).endBlock() == 0


@pytest.mark.parametrize("choice", [0, 1, 2**256 - 1])
def test_vote__any_choice_and_again__is_logged(poll: Any, stranger: str, choice: int) -> None:
    for vote in (choice, 0):
        poll.vote(vote, sender=stranger)
        assert logs(poll) == [("Vote", stranger, vote)]


def test_vote__last_block__is_taken(poll: Any, end_block: int) -> None:
    mine_to(end_block)
    poll.vote(1)


def test_vote__after_the_end__reverts(poll: Any, end_block: int) -> None:
    mine_to(end_block + 1)
    with boa.reverts("poll is over"):
        poll.vote(1)


def test_destroy__up_to_the_end__reverts(poll: Any, end_block: int) -> None:
    mine_to(end_block)
    with boa.reverts("poll is active"):
        poll.destroy()


def test_destroy__after_the_end__sweeps_ether_to_the_caller(
    poll: Any, end_block: int, stranger: str
) -> None:
    mine_to(end_block + 1)
    boa.env.set_balance(poll.address, 5)
    before = boa.env.get_balance(stranger)
    poll.destroy(sender=stranger)
    assert logs(poll) == []
    assert boa.env.get_balance(stranger) == before + 5
    assert boa.env.get_balance(poll.address) == 0


def test_vote__with_ether__reverts_bare(poll: Any, gateway: str) -> None:
    with reverts_bare():
        poll.vote(1, value=1, sender=gateway)
    assert reverted(poll.address, b"", value=1, sender=gateway) == b""
