"""A tick over several keepers and accounts: what one of them cannot do stops no other."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import pytest

from keepers.core.budget import Limits
from keepers.core.chain import Chain
from keepers.core.fees import FeePolicy
from keepers.core.keeper import Decision, Note
from keepers.core.lease import Lease
from keepers.core.model import Head, KeeperError, Unavailable, Wish
from keepers.core.plan import PlanLine
from keepers.core.runner import Post, Runner, Voice
from tests.keepers.core.engine_world import World, wish
from tests.keepers.core.fake_chain import ACCOUNT


@dataclass
class Toy:
    """Wants what it is told to want."""

    name: str
    kind: str
    wanted: tuple[str, ...] = ()
    trouble: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset({self.kind})

    def read(self, _chain: Chain, head: Head) -> int:
        if self.trouble:
            raise KeeperError(self.trouble)
        return head.number

    def decide(self, _state: int) -> Decision:
        wishes: tuple[Wish, ...] = tuple(wish(one, kind=self.kind) for one in self.wanted)
        return Decision(wishes, self.notes)


@dataclass
class Addresses:
    """A Controller's addresses, as Book.refresh tells which of them moved."""

    moved: dict[str, str] = field(default_factory=dict)

    def refresh(self, _block: int) -> dict[str, str]:
        found, self.moved = self.moved, {}
        return found


@pytest.fixture
def world() -> World:
    return World()


def runner_of(world: World, *keepers: Toy, lease: Lease | None = None) -> Runner:
    return Runner(
        world.chain,  # type: ignore[arg-type]
        Addresses(),  # type: ignore[arg-type]
        world.journal,
        [Post(world.engine, keepers)],
        [lease] if lease else [],
        Voice(),
    )


def subjects(lines: list[PlanLine], verdict: str) -> list[tuple[str, str]]:
    return [(line.keeper, line.subject) for line in lines if line.verdict == verdict]


def test_tick__several_keepers__each_line_names_its_keeper(world: World) -> None:
    note = Note("b", "y", "skip", "is not active")
    runner = runner_of(world, Toy("one", "a", ("x",)), Toy("two", "b", ("z",), notes=(note,)))
    lines = runner.tick()
    assert subjects(lines, "send") == [("one", "x"), ("two", "z")]
    assert subjects(lines, "skip") == [("two", "y")]


def test_tick__a_keeper_cannot_look__the_other_acts_and_nothing_is_given_up(world: World) -> None:
    one, two = Toy("one", "a", ("x",)), Toy("two", "b", ())
    runner = runner_of(world, one, two)
    runner.tick()
    one.trouble, one.wanted, two.wanted = "no answer", (), ("z",)
    assert subjects(runner.tick(), "cancel") == []
    assert sorted(tx.operation for tx in world.chain.pool.values()) == ["x", "z"]
    one.trouble = ""
    assert subjects(runner.tick(), "cancel") == [("one", "x")]


def test_tick__no_endpoint__is_one_line_and_the_next_tick_goes_on(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable() -> Head:
        raise Unavailable("3 of 3 endpoints are down")

    runner = runner_of(world, Toy("one", "a", ("x",)))
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(world.chain, "head", unavailable)
        assert runner.tick() == runner.tick() == []
    assert caplog.messages == ["chain: nothing can be done now: 3 of 3 endpoints are down"]
    assert subjects(runner.tick(), "send") == [("one", "x")]


def test_tick__account_cannot_work__says_so_and_others_do(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise KeeperError("journal keepers.sqlite: there is no room to write")

    other = World(chain=world.chain)
    runner = Runner(
        world.chain,  # type: ignore[arg-type]
        Addresses(),  # type: ignore[arg-type]
        world.journal,
        [
            Post(world.engine, (Toy("one", "a", ("x",)),)),
            Post(other.engine, (Toy("two", "b", ("z",)),)),
        ],
        [],
        Voice(),
    )
    monkeypatch.setattr(world.journal, "want", full)
    with caplog.at_level(logging.ERROR):
        assert subjects(runner.tick(), "send") == [("two", "z")]
    assert caplog.messages == [
        f"{ACCOUNT}: nothing can be done now: journal keepers.sqlite: there is no room to write"
    ]


def test_tick__contract_moved__is_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    runner = runner_of(world)
    runner._book.moved = {"RoundsManager": "0x01"}  # type: ignore[attr-defined]
    with caplog.at_level(logging.WARNING):
        runner.tick()
        runner.tick()
    assert caplog.messages == ["RoundsManager: the Controller says that it is at 0x01 now"]


def test_tick__balance_below_the_limit__is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World(limits=Limits(min_balance=10**18))
    world.chain.funds = 10**17
    runner = runner_of(world, Toy("one", "a"))
    with caplog.at_level(logging.WARNING):
        runner.tick()
        runner.tick()
    (line,) = caplog.messages
    assert "0.9 ETH less than limits.min_balance_eth" in line


def test_tick__the_same_of_many__is_one_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    notes = tuple(Note("b", f"y{at}", "wait", "round 7 is not initialized") for at in range(9))
    runner = runner_of(world, Toy("two", "b", notes=notes))
    with caplog.at_level(logging.INFO):
        runner.tick()
        runner.tick()
    assert [one for one in caplog.messages if one.startswith("b,")] == [
        "b, y0 and 8 more: wait: round 7 is not initialized"
    ]


def test_tick__the_same_trouble_again_later__is_said_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    toy = Toy("one", "a", trouble="no answer")
    runner = runner_of(world, toy)
    with caplog.at_level(logging.WARNING):
        for trouble in ("no answer", "no answer", "", "no answer"):
            toy.trouble = trouble
            runner.tick()
    assert caplog.messages == ["one: could not look: no answer"] * 2


def test_tick__old_and_ended__leaves_the_journal(world: World) -> None:
    world.want("x")
    world.run(8)  # its clock stands in 1970
    assert world.journal.intent("reward/x")
    runner_of(world).tick()
    assert world.journal.intent("reward/x") is None


def test_adopt__new_fees_and_limits__count_from_the_next_tick(world: World) -> None:
    runner = runner_of(world, Toy("one", "a", ("x",)))
    world.chain.base_fee = 5_000
    assert subjects(runner.tick(), "wait") == [("one", "x")]
    runner.adopt(FeePolicy(9_000, 9_000), Limits(per_operation=1))
    (line,) = runner.tick()
    assert "limits.per_operation_eth" in line.reason
    runner.adopt(FeePolicy(9_000, 9_000), Limits())
    assert subjects(runner.tick(), "send") == [("one", "x")]


def test_close__leases__are_free_at_once(world: World) -> None:
    lease, other = (Lease(world.journal, ACCOUNT, name) for name in ("ours", "theirs"))
    assert lease.beat()
    assert other.beat() is None
    runner = runner_of(world, lease=lease)
    world.journal.close = lambda: None  # type: ignore[assignment]  # it is in memory
    runner.close()
    assert other.beat()
