"""initialize(): once, through the proxy, with its events in order. Core spec, section 16.1."""

from __future__ import annotations

import boa
import pytest

from tests.support.calls import logs
from tests.support.contracts import ZERO, deploy
from tests.unit.livepeer_governor.conftest import (
    DELAY,
    PERIOD,
    QUORUM,
    QUOTA,
    ROUND,
    RULES,
    THRESHOLD,
    Hall,
)

ALREADY = "Initializable: contract is already initialized"
PARTS = 1_000_000


def test_init__implementation__is_disabled_for_good(stranger: str) -> None:
    target = deploy("LivepeerGovernor", stranger)
    assert logs(target) == [("Initialized", 255)]
    assert target.controller() == stranger
    with boa.reverts(ALREADY):
        target.initialize(*RULES)


def test_init__implementation__refuses_before_it_looks_at_parameters(new: Hall) -> None:
    with boa.reverts(ALREADY):
        new.target.initialize(0, 0, 0, PARTS + 1, 0)


def test_initialize__first_caller__sets_and_logs_in_order(new: Hall, stranger: str) -> None:
    new.governor.initialize(*RULES, sender=stranger)

    assert logs(new.governor) == [
        ("VotingDelaySet", 0, DELAY),
        ("VotingPeriodSet", 0, PERIOD),
        ("ProposalThresholdSet", 0, THRESHOLD),
        ("TimelockChange", ZERO, new.treasury.address),
        ("QuorumNumeratorUpdated", 0, QUORUM),
        ("Initialized", 1),
    ]


def test_initialize__done__is_what_the_views_say(hall: Hall) -> None:
    governor = hall.governor
    assert governor.votingDelay() == DELAY
    assert governor.votingPeriod() == PERIOD
    assert governor.proposalThreshold() == THRESHOLD
    assert governor.quorumNumerator() == governor.quorumNumerator(ROUND) == QUORUM
    assert governor.quorumNumerator(ROUND - 1) == 0
    assert governor.quorumDenominator() == PARTS
    assert governor.quota() == QUOTA
    assert governor.timelock() == hall.treasury.address
    assert governor.token() == governor.votes() == hall.power.address
    assert governor.COUNTING_MODE() == "support=bravo&quorum=for,abstain,against"


def test_initialize__again__reverts(hall: Hall) -> None:
    with boa.reverts(ALREADY):
        hall.governor.initialize(*RULES, sender=hall.owner)


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ((0, 0, 0, PARTS + 1, 0), "GovernorSettings: voting period too low"),
        (
            (0, 1, 0, PARTS + 1, 0),
            "GovernorVotesQuorumFraction: quorumNumerator over quorumDenominator",
        ),
    ],
)
def test_initialize__bad_parameter__reverts_and_leaves_it_open(
    new: Hall, rules: tuple[int, ...], text: str
) -> None:
    with boa.reverts(text):
        new.governor.initialize(*rules)
    new.governor.initialize(*RULES)


def test_initialize__extremes__are_taken(new: Hall) -> None:
    """The quota is not validated; a quorum of all and of nothing are legal."""
    most = 2**256 - 1
    new.governor.initialize(most, most, most, PARTS, most)
    assert new.governor.quota() == most
    assert new.governor.quorumNumerator() == PARTS


def test_initialize__clock_reverts__counts_from_the_block(new: Hall) -> None:
    new.power.setRefusing(True)
    new.governor.initialize(*RULES)
    block = boa.env.evm.patch.block_number
    assert new.governor.quorumNumerator(block) == QUORUM
    assert new.governor.quorumNumerator(block - 1) == 0


def test_name__before_and_after__comes_with_initialisation(new: Hall) -> None:
    """The version is a constant, as deployed."""
    assert (new.governor.name(), new.governor.version()) == ("", "1")
    new.governor.initialize(*RULES)
    assert (new.governor.name(), new.governor.version()) == ("LivepeerGovernor", "1")


def test_eip712_domain__before_and_after__names_come_with_initialisation(new: Hall) -> None:
    chain, address = boa.env.evm.patch.chain_id, new.governor.address
    assert new.governor.eip712Domain() == (b"\x0f", "", "", chain, address, bytes(32), [])
    new.governor.initialize(*RULES)
    domain = (b"\x0f", "LivepeerGovernor", "1", chain, address, bytes(32), [])
    assert new.governor.eip712Domain() == domain


def test_upgrade__new_implementation__keeps_all_state(hall: Hall) -> None:
    other = deploy("LivepeerGovernor", hall.controller.address)
    hall.register("LivepeerGovernorTarget", other.address)
    assert hall.governor.votingPeriod() == PERIOD
    assert hall.governor.quorumNumerator() == QUORUM
    with boa.reverts(ALREADY):
        hall.governor.initialize(*RULES)
