"""The proposal keeper on a real chain: each proposal once, whatever happens to the keeper."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from eth_account import Account

from keepers.cli import cli
from scripts._governance.model import Call
from tests.keepers.proposal_system import (
    DELAY,
    PAYERS,
    PERIOD,
    Office,
    Parliament,
    checked,
    new_parliament,
    payee,
)
from tests.keepers.slashing_system import LPT, as_deployed
from tests.support.anvil import find_anvil, run_anvil

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
EXECUTED, SUCCEEDED, QUEUED = 7, 4, 5


@pytest.fixture(scope="module")
def deployed() -> Iterator[Parliament]:
    with run_anvil() as anvil:
        yield new_parliament(anvil)


@pytest.fixture
def parliament(deployed: Parliament) -> Iterator[Parliament]:
    with as_deployed(deployed):
        yield deployed


@pytest.fixture
def office(parliament: Parliament, tmp_path: Path) -> Office:
    return Office(parliament, tmp_path)


def test_tick__life_of_a_treasury_proposal__reminded_queued_and_executed_once(parliament, office):
    since = parliament.web3.eth.block_number
    proposal = parliament.propose("# Pay the payee\nbody", parliament.pay(LPT))
    pending = office.report(proposal)
    assert (pending.title, pending.state) == ("Pay the payee", "wait")
    assert pending.detail.startswith("voting starts in round ")
    parliament.rounds(DELAY + 1)
    open_ = office.report(proposal)
    assert open_.state == "remind"
    assert "missing" in open_.detail
    parliament.vote(proposal)
    assert "if it ended now: passes" in office.report(proposal).detail
    parliament.rounds(PERIOD)

    done = office.report(proposal)

    assert (done.state, len(done.sent)) == ("done", 2)
    assert parliament.lpt(payee(0)) == LPT
    assert office.report(proposal).sent == ()
    assert office.mined(since) == {"queue": 1, "execute": 1}


def test_tick__defeated_proposal__is_left_alone(parliament, office):
    since = parliament.web3.eth.block_number
    proposal = parliament.propose("No", parliament.pay(LPT))
    parliament.rounds(DELAY + PERIOD + 1)
    assert (office.report(proposal).state, office.report(proposal).detail) == ("done", "defeated")
    assert office.mined(since) == {}


def test_tick__staged_update__waits_for_its_delay_then_is_executed_once(parliament, office):
    since = parliament.web3.eth.block_number
    update = parliament.stage(0, 30, Call("RoundsManager", "setRoundLength", (77,)))
    waiting = office.report(update)
    assert waiting.state == "wait"
    assert waiting.detail == "staged; executable in 30 blocks"
    parliament.anvil.rpc("anvil_mine", hex(30))

    done = office.report(update)

    assert (done.state, done.detail, len(done.sent)) == ("done", "executed or cancelled", 1)
    assert parliament.contracts["RoundsManager"].functions.roundLength().call() == 77
    assert office.report(update).sent == ()
    assert office.mined(since) == {"execute": 1}


def test_tick__execution_that_would_revert__is_refused_with_the_inner_reason(parliament, office):
    since = parliament.web3.eth.block_number
    update = parliament.stage(0, 0, Call("RoundsManager", "setRoundLength", (0,)))
    report = office.report(update)
    assert report.state == "refuse"
    assert report.detail == "execute would revert: round length cannot be 0"
    assert office.mined(since) == {}


# -- checks of the file


def test_tick__file_whose_check_would_fail__is_queued_and_not_executed(parliament, office):
    since = parliament.web3.eth.block_number
    call = parliament.pay(LPT)
    proposal = parliament.passed("Pay", call)
    office.files = (checked(9100, 2 * LPT, call, account=payee(0)),)

    report = office.report(proposal)

    assert report.state == "refuse"
    assert report.detail == (
        "not executed: LIP-9100, action 1 (LivepeerToken.transfer): LPT of the payee after 1 would "
        f"be {LPT}, not {2 * LPT}"
    )
    assert office.mined(since) == {"queue": 1}
    assert parliament.state(proposal) == QUEUED

    office.files = (checked(9100, LPT, call, account=payee(0)),)
    assert office.report(proposal).state == "done"
    assert parliament.lpt(payee(0)) == LPT


def test_tick__file_of_other_actions__says_nothing_about_it(parliament, office):
    call = parliament.pay(LPT)
    update = parliament.stage(0, 0, Call("RoundsManager", "setRoundLength", (77,)))
    office.files = (checked(9100, 2 * LPT, call, account=payee(0)),)
    assert office.report(update).state == "done"


def test_tick__file_with_an_action_unchecked__is_not_executed(parliament, office):
    calls = (parliament.pay(LPT), parliament.pay(LPT, 1))
    proposal = parliament.passed("Pay two", *calls)
    file = checked(9100, LPT, *calls, account=payee(0))
    office.files = (replace(file, check_after=lambda s: file.check_after(s)[:1]),)
    report = office.report(proposal)
    assert report.state == "refuse"
    assert "action 2 (LivepeerToken.transfer): has no check" in report.detail


# -- killed, and not alone


@pytest.mark.parametrize("keeps_journal", [True, False])
def test_tick__killed_at_random_points__executes_each_proposal_once(
    parliament, office, keeps_journal
):
    """Ten proposals, a SIGKILL for each and more; with both cases twenty and more."""
    since = parliament.web3.eth.block_number
    chance = random.Random(22)
    calls = [parliament.pay(LPT, nonce) for nonce in range(10)]
    proposals = [parliament.propose(f"Pay {n}", call) for n, call in enumerate(calls)]
    parliament.rounds(DELAY + 1)
    for proposal in proposals:
        parliament.vote(proposal)
    parliament.rounds(PERIOD)

    kills = 0
    while any(parliament.state(proposal) != EXECUTED for proposal in proposals):
        kills += office.tick_and_die(chance.randrange(9))
        if not keeps_journal:
            office.forget()
    office.tick()

    assert kills >= 10
    assert office.mined(since) == {"queue": 10, "execute": 10}
    assert [parliament.lpt(payee(nonce)) for nonce in range(10)] == [LPT] * 10


@pytest.mark.parametrize("moment", ["queue: decided", "queue: signed", "execute: signed"])
def test_tick__two_keepers_at_once__waste_one_transaction_a_step_at_most(
    parliament, office, moment
):
    since = parliament.web3.eth.block_number
    proposal = parliament.passed("Pay", parliament.pay(LPT))
    other = replace(office, payer=PAYERS[1])
    raced = False

    def race(point: str) -> None:
        nonlocal raced
        if point == moment and not raced:
            raced = True
            other.tick()

    office.tick(race)
    office.tick()

    assert raced
    assert parliament.state(proposal) == EXECUTED
    assert parliament.lpt(payee(0)) == LPT
    mined = office.mined(since)
    wasted = {name: count for name, count in mined.items() if name.startswith("failed")}
    assert (mined["queue"], mined["execute"]) == (1, 1)
    assert wasted == ({} if moment.endswith("decided") else {f"failed {moment.split(':')[0]}": 1})


# -- the command


@pytest.fixture
def command(parliament, tmp_path):
    """Runs `python -m keepers proposals` once; returns exit code, stdout, stderr."""
    keystore, password = tmp_path / "key.json", tmp_path / "password"
    secret = Account.encrypt(PAYERS[0].key, "open sesame", kdf="pbkdf2", iterations=2)
    keystore.write_text(json.dumps(secret))
    password.write_text("open sesame\n")
    password.chmod(0o600)

    def run(*more: str, live: bool = False):
        options = ["proposals", "--rpc", parliament.anvil.url, "--once", "--max-fee-gwei", "100"]
        options += ["--controller", parliament.controller, "--keystore", str(keystore), *more]
        options += ["--live", "--password-file", str(password)] if live else []
        result = CliRunner(mix_stderr=False).invoke(cli, options)
        text = (result.stdout + result.stderr).lower()
        assert PAYERS[0].key.hex() not in text
        assert "open sesame" not in text
        return result.exit_code, result.stdout, result.stderr

    return run


def test_command__by_default__says_what_it_would_do_and_sends_nothing(parliament, office, command):
    since = parliament.web3.eth.block_number
    proposal = parliament.passed("Pay the payee", parliament.pay(LPT))
    code, output, _ = command("--json")
    (report,) = json.loads(output)
    assert code == 0
    assert report == {
        "route": "treasury",
        "id": f"0x{proposal.id:064x}",
        "title": "Pay the payee",
        "state": "queue",
        "detail": "the vote has passed; a dry run sends nothing",
        "sent": [],
    }
    assert office.mined(since) == {}
    assert "a dry run sends nothing" in command()[1]


def test_command__live__sends_and_keeps_its_journal_beside_the_key(parliament, command, tmp_path):
    proposal = parliament.passed("Pay the payee", parliament.pay(LPT))
    code, output, _ = command(live=True)
    assert (code, parliament.state(proposal)) == (0, EXECUTED)
    assert "executed" in output
    assert tmp_path.joinpath("key.proposals.sqlite").exists()


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--chain-id", "7"), "is chain 31337, not 7"),
        (("--controller", "0x" + "11" * 20), "no Controller here"),
        (("--rpc", "http://127.0.0.1:1"), "the node does not answer"),
        (("--live",), "--live needs --keystore (or --account) and --password-file"),
        (("--account", "somebody"), "give --keystore or --account, not both"),
    ],
)
def test_command__wrong_option__is_named_in_one_line(command, more, complaint):
    code, output, trouble = command(*more)
    assert (code > 0, output) == (True, "")
    assert complaint in trouble
