"""Two processes, one sender. Source: keepers spec (e1), R15."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from keepers.core.journal import Journal, JournalError
from keepers.core.lease import Holding, Lease
from keepers.core.model import Fenced
from tests.keepers.core import lease_cycles
from tests.keepers.core.journal_places import ACCOUNT, ATTEMPT, IDENTITY, NOW, WISH, Open

ROOT = Path(__file__).parents[3]
TTL = 8.0


class Host:
    """A process with a clock of its own, which a test moves."""

    def __init__(self, journal: Journal, owner: str, *, ttl: float = TTL) -> None:
        self.now = float(hash(owner) % 10**6)
        self.lease = Lease(journal, ACCOUNT, owner, ttl=ttl, monotonic=lambda: self.now)

    def beat(self, *, after: float = 0.0) -> int | None:
        """The token, if it holds the lease `after` so many seconds."""
        self.now += after
        holding = self.lease.beat()
        return holding.token if holding else None


@pytest.fixture
def hosts(again: Open) -> tuple[Host, Host]:
    """The first holds the lease, and the second has looked once."""
    first, second = Host(again(), "first"), Host(again(), "second")
    assert first.beat() == 1
    assert second.beat() is None
    return first, second


# -- who holds it


def test_beat__as_long_as_it_beats__nobody_else_gets_it(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    for _ in range(30):
        assert first.beat(after=1) == 1
        assert second.beat(after=1) is None


def test_beat__silent_for_ttl__is_taken_over_with_a_higher_token(
    hosts: tuple[Host, Host],
) -> None:
    first, second = hosts
    assert [second.beat(after=1) for _ in range(8)] == [None] * 7 + [2]
    assert second.beat(after=1) == 2
    assert first.beat(after=100) is None


def test_beat__one_sign_of_life__is_waited_for_anew(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    assert [second.beat(after=1) for _ in range(7)] == [None] * 7
    first.beat()
    assert [second.beat(after=1) for _ in range(9)] == [None] * 8 + [2]


def test_beat__took_over_and_lost_it__waits_for_ttl_again(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    assert [second.beat(after=4) for _ in range(2)] == [None, 2]
    assert [first.beat(after=4) for _ in range(3)] == [None, None, 3]
    assert [second.beat(after=4) for _ in range(3)] == [None, None, 4]


def test_beat__after_a_pause_of_its_own__gives_the_other_time(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    assert [second.beat(after=1) for _ in range(7)] == [None] * 7
    assert second.beat(after=3_600) is None  # the machine was suspended, and both with it
    assert first.beat() == 1
    assert second.beat(after=1) is None


def test_beat__ticks_longer_than_ttl__takes_over_all_the_same(hosts: tuple[Host, Host]) -> None:
    second = hosts[1]
    assert [second.beat(after=TTL + 1) for _ in range(3)] == [None, None, 2]


def test_beat__few_looks__no_gap_counts_for_more_than_half(hosts: tuple[Host, Host]) -> None:
    second = hosts[1]
    assert [second.beat(after=TTL) for _ in range(2)] == [None, 2]


def test_beat__clock_goes_back__is_no_silence(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    for _ in range(20):
        assert second.beat(after=-60) is None
    assert first.beat() == 1


def test_beat__same_owner_name_twice__only_one_holds_it(again: Open) -> None:
    one, other = Host(again(), "same"), Host(again(), "same")
    assert one.beat() == 1
    assert other.beat() is None
    assert one.beat() == 1


def test_beat__other_account__is_another_lease(journal: Journal) -> None:
    assert Lease(journal, "a", "first").beat() == Holding("a", 1)
    assert Lease(journal, "b", "second").beat() == Holding("b", 1)


def test_release__the_next_gets_it_at_once(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    first.lease.release()
    assert second.beat() == 2
    assert first.beat() is None


def test_release__taken_over_before__leaves_it_there(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    assert [second.beat(after=4) for _ in range(2)] == [None, 2]
    first.lease.release()
    assert second.beat() == 2


def test_release__never_held__does_nothing(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    second.lease.release()
    assert first.beat() == 1


def test_beat__journal_locked__still_holds_it_afterwards(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal"
    journal = Journal.open(url, identity=IDENTITY, patience=0.05)
    other = Journal.open(url, identity=IDENTITY)
    host = Host(journal, "first")
    host.beat()
    with other.database.writing(), pytest.raises(JournalError, match="locked"):
        host.beat(after=1)
    assert host.beat(after=1) == 1
    journal.close()
    other.close()


# -- what it protects


def test_sign_off__by_the_holder__is_written(wanted: Journal) -> None:
    holding = Lease(wanted, ACCOUNT, "first").beat()
    wanted.sign_off(ATTEMPT, holding)
    assert wanted.attempts(ACCOUNT) == [ATTEMPT]


def test_sign_off__lease_passed_on__is_fenced_and_nothing_is_written(
    wanted: Journal, hosts: tuple[Host, Host]
) -> None:
    assert [hosts[1].beat(after=4) for _ in range(2)] == [None, 2]
    with pytest.raises(Fenced, match=rf"took over {ACCOUNT} \(token 2, ours is 1\)"):
        wanted.sign_off(ATTEMPT, Holding(ACCOUNT, 1))
    assert wanted.attempts(ACCOUNT) == []
    wanted.sign_off(ATTEMPT, Holding(ACCOUNT, 2))


def test_sign_off__journal_without_the_lease__is_fenced(wanted: Journal) -> None:
    with pytest.raises(Fenced, match="token None, ours is 1"):
        wanted.sign_off(ATTEMPT, Holding(ACCOUNT, 1))


@pytest.mark.parametrize("seed", range(3))
def test_cycles__stopped_killed_suspended__one_signs_at_a_time(seed: int) -> None:
    counts = lease_cycles.run(100, TTL, seed)
    assert (counts.doubled, counts.late) == (0, 0)
    assert counts.takeovers == 100  # one for each cycle: nobody loses it without a reason
    assert counts.fenced > 40
    assert counts.slowest <= 15


# -- with real processes


@contextmanager
def process(url: str, owner: str, ttl: float, *tick: str) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "tests.keepers.core.lease_process",
        url,
        owner,
        str(ttl),
        *tick,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        try:
            yield child
        finally:
            child.kill()


def ask(child: subprocess.Popen[str], command: str) -> str:
    assert child.stdin
    assert child.stdout
    child.stdin.write(f"{command}\n")
    child.stdin.flush()
    return child.stdout.readline().strip()


def until(done: Callable[[], bool], seconds: float = 30) -> float:
    """How many seconds it takes."""
    start = time.monotonic()
    while not done():
        assert time.monotonic() - start < seconds
        time.sleep(0.02)
    return time.monotonic() - start


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("server").new_database())
    return f"sqlite:///{tmp_path}/journal"


def test_process__stopped_between_beat_and_sign_off__is_fenced_when_it_wakes(url: str) -> None:
    with process(url, "a", 0.4) as a, process(url, "b", 0.4) as b:
        assert [ask(a, "beat"), ask(a, "sign"), ask(b, "beat")] == ["1", "signed", "none"]
        a.send_signal(signal.SIGSTOP)
        until(lambda: ask(b, "beat") == "2")
        assert ask(b, "sign") == "signed"
        a.send_signal(signal.SIGCONT)
        assert [ask(a, "sign"), ask(a, "beat")] == ["fenced", "none"]
        assert ask(b, "sign") == "signed"


def test_process__stopped_while_it_writes__nobody_acts_or_the_other_does(url: str) -> None:
    """SQLite waits for the one that is stopped; a PostgreSQL server ends its transaction."""
    with process(url, "a", 0.4) as a, process(url, "b", 0.4) as b:
        assert [ask(a, "beat"), ask(b, "beat"), ask(a, "stay")] == ["1", "none", "in it"]
        a.send_signal(signal.SIGSTOP)
        if url.startswith("sqlite"):
            assert [ask(b, "beat"), ask(b, "beat")] == ["error", "error"]
            a.send_signal(signal.SIGCONT)
            assert ask(a, "") == "out of it"
            until(lambda: ask(b, "beat") == "2")
        else:
            until(lambda: ask(b, "beat") == "2")
            a.send_signal(signal.SIGCONT)
            assert ask(a, "") == "error"
        assert [ask(a, "sign"), ask(a, "beat"), ask(b, "sign")] == ["fenced", "none", "signed"]


def test_process__stopped_at_random__only_one_signs_with_a_token(url: str) -> None:
    dice, ttl, cycles = random.Random(1), 0.4, 6
    with ExitStack() as stack:
        watch = Journal.open(url, identity=IDENTITY)
        stack.callback(watch.close)
        watch.want(WISH, ACCOUNT, NOW)
        children = {owner: stack.enter_context(process(url, owner, ttl, "0.03")) for owner in "ab"}

        def holder() -> str:
            newest = max(watch.attempts(ACCOUNT), key=lambda one: one.nonce)
            return newest.intent.removeprefix("reward/")

        until(lambda: bool(watch.attempts(ACCOUNT)))
        for _ in range(cycles):
            stopped = holder()
            with watch.database.writing():  # so it is not within a transaction: see above
                children[stopped].send_signal(signal.SIGSTOP)
                time.sleep(0.01)
            until(lambda: holder() != stopped)  # noqa: B023
            children[stopped].send_signal(signal.SIGCONT)
            time.sleep(dice.uniform(0, ttl))
        signed = watch.attempts(ACCOUNT)
    assert [one.gas for one in signed] == sorted(one.gas for one in signed)
    owners = {(one.gas, one.intent) for one in signed}
    assert len(owners) == len({token for token, _ in owners}) >= cycles + 1
