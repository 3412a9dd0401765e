"""Executing: when, how often, with whose ether, and what a failing action leaves behind."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode

from tests.support.calls import error_data, logs, panics, reverts_with_data
from tests.support.contracts import ZERO, deploy
from tests.unit.governor.conftest import NO_CODE, UPDATE_TYPE, Governed, Update, block, update_of

INDEX_OUT_OF_BOUNDS = 0x32
MAX_REASON = 4_096
EXECUTED = 0x5CDA31E1476D59BB0AAD65B6F4D0B2151029B59E9AF9872141F16C8FCAF6A45B


def wrapped(reason: bytes) -> Any:
    """The Governor must revert with an `Error` whose string is `reason`, whatever bytes it is."""
    size = len(reason)
    padded = reason.ljust(-(-size // 32) * 32, b"\0")
    return reverts_with_data(
        bytes.fromhex("08c379a0") + (32).to_bytes(32) + size.to_bytes(32) + padded
    )


def test_execute__anyone_after_no_delay__in_the_block_of_staging(
    governed: Governed, stranger: str
) -> None:
    update = governed.stage(governed.taken())
    governed.governor.execute(update, sender=stranger)
    assert logs(governed.governor) == [
        ("Called", governed.governor.address, 0, 5),
        ("UpdateExecuted", update),
    ]
    assert governed.entry_block(update) == 0


def test_execute__one_block_early__reverts_and_on_time_succeeds(governed: Governed) -> None:
    update = governed.stage(governed.taken(), 5)
    boa.env.time_travel(blocks=4)
    with boa.reverts("delay for update not expired"):
        governed.governor.execute(update)

    boa.env.time_travel(blocks=1)
    assert block() == governed.entry_block(update)
    governed.governor.execute(update)
    assert logs(governed.governor)[-1] == ("UpdateExecuted", update)


def test_execute__long_after__never_expires(governed: Governed) -> None:
    update = governed.stage(governed.taken(), 5)
    boa.env.time_travel(blocks=10**7)
    governed.governor.execute(update)
    assert governed.entry_block(update) == 0


def test_execute__never_staged__reverts(governed: Governed) -> None:
    with boa.reverts("update is not staged"):
        governed.governor.execute(governed.taken(), sender=governed.owner)


def test_execute__second_time__reverts_until_staged_again(governed: Governed) -> None:
    update = governed.stage(governed.taken())
    governed.governor.execute(update)
    with boa.reverts("update is not staged"):
        governed.governor.execute(update)
    governed.governor.execute(governed.stage(update))


def test_execute__other_nonce_than_staged__reverts(governed: Governed) -> None:
    governed.stage(governed.taken(nonce=1))
    with boa.reverts("update is not staged"):
        governed.governor.execute(governed.taken(nonce=2))


def test_execute__several_actions__in_their_order_and_logged_like_the_deployed_event(
    governed: Governed,
) -> None:
    target = governed.action.address
    update = governed.stage(
        update_of((target, 0, b""), (NO_CODE, 0, b"code-less"), (target, 0, b"123"), nonce=4)
    )
    governed.governor.execute(update)
    _, _, topics, data = governed.governor._computation.get_raw_log_entries()[-1]
    sizes = [entry[3] for entry in logs(governed.governor)[:-1]]
    assert sizes == [0, 3]
    assert (topics, data) == ((EXECUTED,), encode([UPDATE_TYPE], [update]))


def test_execute__target_without_code__succeeds_and_is_paid(
    governed: Governed, stranger: str
) -> None:
    boa.env.set_balance(stranger, 3)
    update = governed.stage(update_of((NO_CODE, 3, b"anything")))
    before = boa.env.get_balance(NO_CODE)
    governed.governor.execute(update, sender=stranger, value=3)
    assert boa.env.get_balance(NO_CODE) == before + 3


def test_execute__more_ether_than_spent__surplus_stays_and_pays_for_the_next(
    governed: Governed, stranger: str
) -> None:
    governor, target = governed.governor, governed.action.address
    boa.env.set_balance(stranger, 10)
    governor.execute(governed.stage(governed.taken(value=4)), sender=stranger, value=10)
    assert logs(governor)[0] == ("Called", governor.address, 4, 5)
    assert (boa.env.get_balance(governor.address), boa.env.get_balance(target)) == (6, 4)

    governor.execute(governed.stage(governed.taken(value=6, nonce=1)))
    assert (boa.env.get_balance(governor.address), boa.env.get_balance(target)) == (0, 10)


def test_execute__too_little_ether__fails_without_a_reason(governed: Governed) -> None:
    update = governed.stage(governed.taken(value=1))
    with wrapped(b""):
        governed.governor.execute(update)
    assert governed.entry_block(update) == block()


def test_execute__action_fails_with_a_text__is_the_recorded_nested_revert(
    governed: Governed,
) -> None:
    inner = error_data("Error(string)", "msg.sender not RoundsManager")
    assert len(inner) == 100
    with wrapped(inner):
        governed.governor.execute(governed.stage(governed.refused(inner)))


@pytest.mark.parametrize(
    "reason",
    [
        b"",
        error_data("Panic(uint256)", 0x11),
        error_data("Empty()"),
        error_data("Error(string)", "a sentence that is longer than one word of the machine"),
        b"\xff" * 31,
        b"x" * MAX_REASON,
    ],
    ids=["empty", "panic", "custom error", "long text", "no text at all", "at the bound"],
)
def test_execute__action_fails__its_revert_data_become_the_string(
    governed: Governed, reason: bytes
) -> None:
    update = governed.stage(governed.refused(reason))
    with wrapped(reason):
        governed.governor.execute(update)


def test_execute__revert_data_over_the_bound__are_cut_off(governed: Governed) -> None:
    update = governed.stage(governed.refused(b"x" * (MAX_REASON + 1)))
    with wrapped(b"x" * MAX_REASON):
        governed.governor.execute(update)


def test_execute__later_action_fails__nothing_has_happened(
    governed: Governed, stranger: str
) -> None:
    boa.env.set_balance(stranger, 1)
    refusal = governed.refused(b"no")
    update = governed.stage(
        update_of((governed.action.address, 1, b"paid"), (refusal[0][0], 0, refusal[2][0]))
    )
    with wrapped(b"no"):
        governed.governor.execute(update, sender=stranger, value=1)
    assert governed.entry_block(update) == block()
    assert (boa.env.get_balance(stranger), boa.env.get_balance(governed.action.address)) == (1, 0)


@pytest.mark.parametrize(
    "update",
    [
        ([NO_CODE, NO_CODE], [0], [b"", b""], 0),
        ([NO_CODE, NO_CODE], [0, 0], [b""], 0),
        ([NO_CODE], [], [], 0),
    ],
    ids=["values", "calldata", "both"],
)
def test_execute__action_without_value_or_calldata__panics(
    governed: Governed, update: Update
) -> None:
    governed.stage(update)
    with panics(INDEX_OUT_OF_BOUNDS):
        governed.governor.execute(update)


def test_execute__failing_action_before_the_missing_one__answers_first(governed: Governed) -> None:
    targets, _, datas, nonce = governed.refused(b"no")
    update = governed.stage((targets * 2, [0], datas, nonce))
    with wrapped(b"no"):
        governed.governor.execute(update)


def test_execute__values_and_calldata_to_spare__are_ignored(governed: Governed) -> None:
    update = governed.stage(([governed.action.address], [0, 99], [b"", b"", b"never sent"], 0))
    governed.governor.execute(update)
    assert logs(governed.governor)[:-1] == [("Called", governed.governor.address, 0, 0)]


def test_execute__action_executes_the_same_update__is_not_staged_any_more(
    governed: Governed,
) -> None:
    """An update that could run inside itself would pay twice."""
    governor = governed.governor
    bare = governed.coming_back(b"")
    update = governed.stage(governed.coming_back(governor.execute.prepare_calldata(bare)))
    assert update == bare
    with wrapped(error_data("Error(string)", "update is not staged")):
        governor.execute(update)
    assert governed.entry_block(update) == block()


def test_execute__action_executes_another_update__both_happen(governed: Governed) -> None:
    other = governed.stage(governed.taken(nonce=8))
    data = governed.governor.execute.prepare_calldata(other)
    update = governed.stage(governed.coming_back(data, nonce=9))
    governed.governor.execute(update)
    assert logs(governed.governor) == [
        ("Called", governed.governor.address, 0, 5),
        ("UpdateExecuted", other),
        ("UpdateExecuted", update),
    ]


def test_execute__action_of_an_owner_stages_the_same_update__is_staged_afterwards(
    governed: Governed,
) -> None:
    """The entry leaves before the calls, so what they write stays."""
    governed.carry_out("transferOwnership", governed.action.address)
    update = governed.coming_back(b"", nonce=1)
    data = governed.governor.stage.prepare_calldata(update, 30)
    governed.governor.stage(update, 0, sender=governed.action.address)
    governed.coming_back(data)
    governed.governor.execute(update)
    assert governed.entry_block(update) == block() + 30


def test_execute__transfer_to_nobody__the_text_is_inside(governed: Governed) -> None:
    with wrapped(error_data("Error(string)", "newOwner is a null address")):
        governed.carry_out("transferOwnership", ZERO)


def test_execute__action_that_stages__the_governor_is_not_its_owner(governed: Governed) -> None:
    with wrapped(error_data("Error(string)", "unauthorized: msg.sender not owner")):
        governed.carry_out("stage", governed.taken(), 0)


def test_execute__owner_of_a_controller__unpauses_it(governed: Governed) -> None:
    controller = deploy("Controller", sender=governed.owner)
    controller.transferOwnership(governed.governor.address, sender=governed.owner)
    update = governed.stage(
        update_of((controller.address, 0, controller.unpause.prepare_calldata()))
    )
    assert controller.paused()
    governed.governor.execute(update)
    assert not controller.paused()
