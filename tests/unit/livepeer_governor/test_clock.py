"""The clock is the round, or the block where the votes contract fails. Core spec, section 16.2."""

from __future__ import annotations

import boa
import pytest

from tests.support.calls import reverts_bare
from tests.unit.livepeer_governor.conftest import RULES, Hall

BY_BLOCK = "mode=blocknumber&from=default"


@pytest.mark.parametrize("round_", [1, 2**48 - 1])
def test_clock__votes_contract_answers__is_its_round(hall: Hall, round_: int) -> None:
    hall.power.setClock(round_)
    assert hall.governor.clock() == round_
    assert hall.governor.CLOCK_MODE() == "mode=livepeer_round"


def test_clock__votes_contract_reverts__is_the_block(hall: Hall) -> None:
    hall.power.setRefusing(True)
    boa.env.evm.patch.block_number = 2**48 - 1
    assert hall.governor.clock() == 2**48 - 1
    assert hall.governor.CLOCK_MODE() == BY_BLOCK


def test_clock__block_over_48_bits__reverts(hall: Hall) -> None:
    hall.power.setRefusing(True)
    boa.env.evm.patch.block_number = 2**48
    with boa.reverts("SafeCast: value doesn't fit in 48 bits"):
        hall.governor.clock()


def test_clock__no_code_at_the_votes_contract__reverts_bare(hall: Hall, stranger: str) -> None:
    """The fallback is for a failing clock, not for a missing one."""
    hall.register("BondingVotes", stranger)
    hall.governor.bumpGovernorVotesTokenAddress()
    with reverts_bare():
        hall.governor.clock()
    with reverts_bare():
        hall.governor.CLOCK_MODE()


def test_clock__answer_is_empty__reverts_bare(hall: Hall) -> None:
    stop = bytes.fromhex("6001600c60003960016000f3" + "00")  # deploys one byte, STOP
    address, _ = boa.env.deploy_code(bytecode=stop)
    hall.register("BondingVotes", str(address))
    hall.governor.bumpGovernorVotesTokenAddress()
    with reverts_bare():
        hall.governor.clock()
    with reverts_bare():
        hall.governor.CLOCK_MODE()


def test_clock__not_initialised__reverts_bare(new: Hall) -> None:
    with reverts_bare():
        new.governor.clock()
    new.governor.initialize(*RULES)
    assert new.governor.clock() == new.power.clock()
