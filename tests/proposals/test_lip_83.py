"""LIP-83: the length of rounds, and that no round is lost or repeated when it changes."""

from __future__ import annotations

import boa
import pytest

from tests.support.governed import Governed, effects

OLD, NEW = 5_760, 6_377


@pytest.fixture
def before(governed: Governed) -> Governed:
    """Rounds of 5,760 blocks, two of them gone by, and some way into the next."""
    protocol = governed.protocol
    protocol.rounds_manager.setRoundLength(OLD, sender=protocol.owner)
    protocol.next_round(2)
    governed.hand_over()
    boa.env.time_travel(blocks=1_000)
    return governed


def test_lip_83__whole_life__changes_the_length_and_nothing_else(before: Governed) -> None:
    rounds = before.protocol.rounds_manager
    round_, start = rounds.currentRound(), rounds.currentRoundStartBlock()
    done = before.enact(83)
    assert rounds.roundLength() == NEW
    assert (rounds.currentRound(), rounds.currentRoundStartBlock()) == (round_, start)
    assert rounds.lastRoundLengthUpdateRound() == round_
    assert rounds.lastRoundLengthUpdateStartBlock() == start
    events, changed = effects(done)
    assert events == [("RoundsManager", "ParameterUpdate", ("roundLength",))]
    assert set(changed) == {"RoundsManager.rounds._schedule"}


def test_lip_83__social_delay_of_nine_rounds__executes_on_the_block_it_is_due(
    before: Governed,
) -> None:
    rounds = before.protocol.rounds_manager
    began = rounds.currentRound()
    before.enact(83, delay=51_840)
    assert rounds.currentRound() == began + 9


def test_lip_83__length_changed_mid_round__rounds_stay_monotone(before: Governed) -> None:
    rounds = before.protocol.rounds_manager
    start, first = rounds.currentRoundStartBlock(), rounds.currentRound()
    before.enact(83)

    def round_at(block: int) -> int:
        boa.env.time_travel(blocks=block - rounds.blockNum())
        return rounds.currentRound()

    # The running round becomes longer; every later one has the new length.
    assert round_at(start + OLD) == first
    for count in range(1, 4):
        assert round_at(start + count * NEW - 1) == first + count - 1
        assert round_at(start + count * NEW) == first + count
        assert rounds.currentRoundStartBlock() == start + count * NEW
        rounds.initializeRound()
        assert rounds.lastInitializedRound() == first + count


def test_lip_83__chain_jumps_over_the_boundary__next_round_begins_where_it_should(
    before: Governed,
) -> None:
    rounds = before.protocol.rounds_manager
    start, first = rounds.currentRoundStartBlock(), rounds.currentRound()
    before.enact(83)
    boa.env.time_travel(blocks=start + NEW + 10 - rounds.blockNum())
    assert rounds.currentRound() == first + 1
    assert rounds.currentRoundStartBlock() == start + NEW
