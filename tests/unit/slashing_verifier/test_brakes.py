"""Requirement 19: what keeps a mistake small. And the parameters, with their bounds."""

from __future__ import annotations

from typing import Any

import boa
import numpy as np
import pytest

from tests.support.protocol import LPT, Parameters, Protocol
from tests.support.receipts import key_of
from tests.support.requirements import record
from tests.unit.slashing_verifier.conftest import DAY, EXECUTION, LOCK, QUEUED, Court

MANY = 12


@pytest.fixture
def crowd() -> Court:
    """Room for twelve; slashing as by default, but a cap that three cases can reach."""
    court = Court(Protocol(Parameters(pool_size=20)))
    contract, owner = court.contract, court.protocol.owner
    contract.setSlashes(100_000, 10_000, 10_000, sender=owner)
    contract.setFinderShare(200_000, sender=owner)
    contract.setDelays(DAY, 2 * DAY, sender=owner)
    contract.setWindows(4 * DAY, EXECUTION, LOCK, DAY, sender=owner)
    contract.setContentDistance(5, sender=owner)
    contract.setBrakes(DAY, 20_000, 100_000, sender=owner)
    contract.setArmedFaults(14, sender=owner)
    return court


def orchestrators(court: Court) -> list[str]:
    accounts = [court.orchestrator() for _ in range(MANY)]
    for at, account in enumerate(accounts):
        court.register(account, key_of(f"signer {at}"))
    court.protocol.next_round()
    return accounts


def opened(court: Court, accounts: list[str], finder: str) -> list[bytes]:
    return [
        court.open(court.equivocation(court.signing(one, key=key_of(f"signer {at}"))), finder)
        for at, one in enumerate(accounts)
    ]


def test_round_cap__penalty_too_much__pauses_until_the_owner_resumes(
    crowd: Court, finder: str, stranger: str
) -> None:
    """2 % of 12,000 LPT are 240: two slashes of 100 fit, the third does not."""
    accounts = orchestrators(crowd)
    cases = opened(crowd, accounts[:4], finder)
    crowd.wait_until_due(cases[-1])
    assert crowd.contract.execute(cases[0], [])
    assert crowd.contract.execute(cases[1], [])
    assert not crowd.contract.execute(cases[2], [])
    event = crowd.contract.get_logs()[-1]
    assert (event.round, event.penalties) == (crowd.protocol.current_round(), 300 * LPT)
    assert crowd.contract.paused()
    assert crowd.state(cases[2]) == QUEUED
    assert crowd.manager.pendingStake(accounts[2], 0) == 1_000 * LPT
    for act in (crowd.contract.execute, crowd.contract.slashLocks):
        with boa.reverts("slashing is paused"):
            act(cases[2], [])
    with boa.reverts("caller must be Controller owner"):
        crowd.contract.resumeSlashing(sender=stranger)
    crowd.contract.resumeSlashing(sender=crowd.protocol.owner)
    assert not crowd.contract.execute(cases[2], [])
    crowd.contract.resumeSlashing(sender=crowd.protocol.owner)
    crowd.protocol.next_round()
    assert crowd.contract.execute(cases[2], [])


def test_round_cap__locks__count_too(crowd: Court, finder: str) -> None:
    accounts = orchestrators(crowd)
    crowd.manager.unbond(900 * LPT, sender=accounts[0])
    cases = opened(crowd, accounts[:3], finder)
    crowd.wait_until_due(cases[-1])
    assert crowd.contract.execute(cases[1], [])
    assert not crowd.contract.execute(cases[0], [0])
    crowd.contract.resumeSlashing(sender=crowd.protocol.owner)
    assert crowd.contract.execute(cases[0], [])
    assert not crowd.contract.slashLocks(cases[0], [0])
    crowd.contract.resumeSlashing(sender=crowd.protocol.owner)
    crowd.protocol.next_round()
    assert crowd.contract.slashLocks(cases[0], [0])


def test_cooldown__second_case_of_one_orchestrator__a_day_later(crowd: Court, finder: str) -> None:
    accounts = orchestrators(crowd)
    signing = crowd.signing(accounts[0], key=key_of("signer 0"))
    first = crowd.open(crowd.equivocation(signing), finder)
    second = crowd.open(crowd.contradiction(signing), finder)
    crowd.wait_until_due(second)
    assert crowd.contract.execute(first, [])
    executed = crowd.now
    with boa.reverts("orchestrator was slashed recently"):
        crowd.contract.execute(second, [])
    crowd.wait(DAY - 1)
    with boa.reverts("orchestrator was slashed recently"):
        crowd.contract.execute(second, [])
    crowd.wait(1)
    assert crowd.contract.execute(second, [])
    assert crowd.now == executed + DAY
    assert crowd.manager.pendingStake(accounts[0], 0) == 891 * LPT


def test_jail_cap__accusations_of_a_round__do_not_empty_the_pool(crowd: Court, finder: str) -> None:
    """10 % of 12,000 LPT: the first takes 1,000 out, the second passes 1,200, then it stops."""
    accounts = orchestrators(crowd)
    opened(crowd, accounts, finder)
    assert crowd.manager.getTranscoderPoolSize() == MANY - 2
    assert all(crowd.manager.isStakeHeld(one) for one in accounts)
    assert all(crowd.contract.isJailed(one) for one in accounts)


def test_caps__200_cases_in_random_order__hold(crowd: Court, finder: str) -> None:
    """Whatever is executed when, no round loses over its cap and no orchestrator is slashed twice
    within the cooldown; every hold ends."""
    rng = np.random.default_rng(19)
    accounts = orchestrators(crowd)
    owner, contract = crowd.protocol.owner, crowd.contract
    contract.setSlashes(60_000, 10_000, 10_000, sender=owner)
    lost: dict[int, int] = {}
    last: dict[str, int] = {}
    live: list[tuple[bytes, str, int]] = []  # case, accused, when it is due
    executed: list[tuple[bytes, str, int]] = []
    done = paused = 0
    sessions = 0
    while sessions < 200:
        jailed = {account for _, account, _ in live + executed}
        free = [at for at, one in enumerate(accounts) if one not in jailed]
        if len(free) > MANY // 2:
            at = int(rng.choice(free)) if rng.random() < 0.8 else int(rng.integers(MANY))
            signing = crowd.signing(accounts[at], key=key_of(f"signer {at}"))
            signing.job = sessions.to_bytes(32, "big")
            case = crowd.open(crowd.equivocation(signing), finder)
            live.append((case, accounts[at], crowd.due(case)))
            sessions += 1
        crowd.wait(int(rng.integers(1, DAY)))
        over = [one for one in executed if crowd.now > one[2]]
        executed = [one for one in executed if one not in over]
        for case, account, _ in over:
            give_back(crowd, case, account)
        round_ = crowd.protocol.current_round()
        cap = crowd.manager.currentRoundTotalActiveStake() * 20_000 // 10**6
        for one in list(live):
            case, account, due = one
            if crowd.now < due or rng.random() < 0.3:
                continue
            if crowd.now > due + EXECUTION:
                contract.expire(case)
                live.remove(one)
                continue
            if account in last and crowd.now < last[account] + DAY:
                with boa.reverts("orchestrator was slashed recently"):
                    contract.execute(case, [])
                continue
            before = crowd.manager.pendingStake(account, 0)
            if contract.execute(case, []):
                lost[round_] = lost.get(round_, 0) + before - crowd.manager.pendingStake(account, 0)
                assert lost[round_] <= cap
                last[account] = crowd.now
                live.remove(one)
                executed.append((case, account, crowd.due(case)))
                done += 1
            else:
                paused += 1
                contract.resumeSlashing(sender=owner)
                break
    crowd.wait(2 * DAY + EXECUTION)
    for case, _, _ in live:
        contract.expire(case)
    record(19, "rounds over the slash cap in 200 cases", 0, "0")
    record(19, "slashes executed and stopped by the cap", f"{done} + {paused}", "both > 0")
    assert done > 20
    assert paused > 0


def give_back(court: Court, case: bytes, account: str) -> None:
    """Close an executed case; a free orchestrator goes back to work."""
    court.contract.close(case)
    if not court.contract.isJailed(account):
        court.manager.bond(LPT, account, sender=account)


# -- parameters

SETTERS: dict[str, tuple[tuple[Any, ...], dict[str, int]]] = {
    "setArmedFaults": ((6,), {"armedFaults": 6}),
    "setSlashes": (
        (1, 2, 3),
        {"equivocationSlash": 1, "contradictionSlash": 2, "contentSlash": 3},
    ),
    "setFinderShare": ((499_999,), {"finderShare": 499_999}),
    "setDelays": ((3_600, 3_601), {"signedDelay": 3_600, "contentDelay": 3_601}),
    "setWindows": (
        (1, 2, 3, 4),
        {"evidenceWindow": 1, "executionWindow": 2, "lockWindow": 3, "arbitrationWindow": 4},
    ),
    "setContentDistance": ((7,), {"contentDistance": 7}),
    "setSignerGrace": ((9,), {"signerGrace": 9}),
    "setBrakes": (
        (1, 2, 3),
        {"slashCooldown": 1, "roundSlashCap": 2, "roundJailCap": 3},
    ),
}
NAMES = {
    "setArmedFaults": "armedFaults",
    "setSlashes": "slashes",
    "setFinderShare": "finderShare",
    "setDelays": "delays",
    "setWindows": "windows",
    "setContentDistance": "contentDistance",
    "setSignerGrace": "signerGrace",
    "setBrakes": "brakes",
    "setGuardian": "guardian",
    "setArbiter": "arbiter",
}


@pytest.mark.parametrize("setter", SETTERS)
def test_setter__owner__stores_and_logs(court: Court, setter: str) -> None:
    values, expected = SETTERS[setter]
    before = court.contract.parameters()._asdict()
    getattr(court.contract, setter)(*values, sender=court.protocol.owner)
    assert court.contract.get_logs()[-1].param == NAMES[setter]
    assert court.contract.parameters()._asdict() == before | expected


@pytest.mark.parametrize("setter", ["setGuardian", "setArbiter"])
def test_setter__account__stores_and_logs(court: Court, setter: str, stranger: str) -> None:
    getattr(court.contract, setter)(stranger, sender=court.protocol.owner)
    assert court.contract.get_logs()[-1].param == NAMES[setter]
    assert getattr(court.contract.parameters(), NAMES[setter]) == stranger


@pytest.mark.parametrize("setter", [*SETTERS, "setGuardian", "setArbiter"])
def test_setter__stranger__reverts(court: Court, setter: str, stranger: str) -> None:
    values = SETTERS[setter][0] if setter in SETTERS else (stranger,)
    with boa.reverts("caller must be Controller owner"):
        getattr(court.contract, setter)(*values, sender=stranger)


@pytest.mark.parametrize(
    ("setter", "values", "reason"),
    [
        ("setArmedFaults", (1,), "unknown fault"),
        ("setArmedFaults", (16,), "unknown fault"),
        ("setSlashes", (100_001, 0, 0), "slash is above a tenth"),
        ("setSlashes", (0, 100_001, 0), "slash is above a tenth"),
        ("setSlashes", (0, 0, 100_001), "slash is above a tenth"),
        ("setFinderShare", (500_000,), "share must be below a half"),
        ("setDelays", (3_599, 3_600), "delay must leave time to object"),
        ("setDelays", (3_600, 3_599), "delay must leave time to object"),
        ("setWindows", (0, 1, 1, 1), "window must not be 0"),
        ("setWindows", (1, 0, 1, 1), "window must not be 0"),
        ("setWindows", (1, 1, 0, 1), "window must not be 0"),
        ("setWindows", (1, 1, 1, 0), "window must not be 0"),
        ("setContentDistance", (0,), "distance must not be 0"),
        ("setBrakes", (0, 1_000_001, 0), "cap is above all"),
        ("setBrakes", (0, 0, 1_000_001), "cap is above all"),
    ],
)
def test_setter__out_of_bounds__reverts(
    court: Court, setter: str, values: tuple[int, ...], reason: str
) -> None:
    with boa.reverts(reason):
        getattr(court.contract, setter)(*values, sender=court.protocol.owner)
