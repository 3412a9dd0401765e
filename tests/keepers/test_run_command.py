"""`python -m keepers run`: what it shows, what it refuses, and what a SIGHUP changes."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keepers import run_command
from keepers.core.budget import Limits
from keepers.core.config import Config
from keepers.core.fees import FeePolicy
from keepers.core.model import KeeperError
from keepers.core.plan import PlanLine
from tests.keepers.core.preflight_site import PASSWORD, TOKEN, Site
from tests.keepers.core.scripted_node import World, served

ADDRESS = "0x00000000000000000000000000000000000000A1"
SEND = PlanLine(
    *("reward_caller", "reward", ADDRESS, "due in round 7", "send", "a dry run sends nothing"),
    gas=400_000,
    max_fee=10**8,
    cost=4 * 10**13,
)
WAIT = PlanLine("round_initializer", "initialize round", "round 8", "", "wait", "not yet")


@dataclass
class FakeRunner:
    lines: Sequence[PlanLine] = (SEND, WAIT)
    trouble: Exception | None = None
    ticks: int = 0
    adopted: list[tuple[FeePolicy, Limits]] = field(default_factory=list)
    closed: bool = False

    def tick(self) -> list[PlanLine]:
        self.ticks += 1
        if self.trouble:
            raise self.trouble
        return list(self.lines)

    def adopt(self, fees: FeePolicy, limits: Limits) -> None:
        self.adopted.append((fees, limits))

    def close(self) -> None:
        self.closed = True


@dataclass
class Desk:
    """`assembled` holds for each runner whether it was live."""

    site: Site
    monkeypatch: pytest.MonkeyPatch
    runner: FakeRunner = field(default_factory=FakeRunner)
    trouble: Exception | None = None
    assembled: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.monkeypatch.setattr(run_command, "assemble", self._assemble)

    def _assemble(self, config: Config, *, live: bool) -> FakeRunner:
        assert config.network.name == "arbitrum-one"
        self.assembled.append(live)
        if self.trouble:
            raise self.trouble
        return self.runner

    def run(self, *options: str) -> Result:
        self.site.write("keepers.toml", self.site.text)
        arguments = ["--config", str(self.site.folder / "keepers.toml"), *options]
        result = CliRunner(mix_stderr=False).invoke(run_command.run, arguments)
        for secret in (TOKEN, PASSWORD):
            assert secret not in result.stdout + result.stderr
        return result

    def ticks(self, *actions: Callable[[], object]) -> Result:
        """Without --once: each action, and a tick after it."""

        def ticker(_seconds: float, tick: Callable[[], None]) -> None:
            for action in actions:
                action()
                tick()

        self.monkeypatch.setattr(run_command, "run_every", ticker)
        return self.run("--live")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    world, root = World(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = signal.getsignal(signal.SIGHUP)
    with served(world) as url:
        yield Desk(Site(tmp_path, url, world), monkeypatch)
    signal.signal(signal.SIGHUP, before)
    root.handlers[:], root.level = handlers, level


def hang_up() -> None:
    os.kill(os.getpid(), signal.SIGHUP)


# -- dry


def test_run__by_default__shows_a_plan_and_asks_nobody_for_a_key(desk: Desk) -> None:
    (desk.site.folder / "password").unlink()
    result = desk.run("--once")
    assert result.exit_code == 0
    assert desk.assembled == [False]
    assert desk.runner.closed
    for text in ("0x00000000...00A1", "due in round 7", "400,000", "0.1 gwei", "0.00004 ETH"):
        assert text in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last == (
        "1 would be sent for at most 0.00004 ETH, 1 waiting; nothing was sent (dry run)"
    )


def test_run__json__is_one_object_a_look(desk: Desk) -> None:
    (line,) = desk.run("--once", "--json").stdout.splitlines()
    found = json.loads(line)
    assert (found["live"], found["cost"]) == (False, "40000000000000")
    assert [one["verdict"] for one in found["lines"]] == ["send", "wait"]
    assert found["lines"][0]["maxFee"] == "100000000"


def test_screen__look_that_decides_the_same__shows_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = run_command.Screen(live=False, as_json=False)
    screen.show([SEND])
    assert "0x00000000...00A1" in capsys.readouterr().out
    screen.show([replace(SEND, max_fee=2 * 10**8)])
    assert capsys.readouterr().out == ""
    screen.show([])
    assert capsys.readouterr().out == "Nothing could be looked at; the log says why.\n"


def test_run__once_and_nothing_to_see__fails(desk: Desk) -> None:
    desk.runner.lines = ()
    result = desk.run("--once")
    assert (result.exit_code, result.stdout) == (
        1,
        "Nothing could be looked at; the log says why.\n",
    )
    assert desk.runner.closed


# -- live


def test_run__live_and_all_in_order__starts(desk: Desk) -> None:
    result = desk.run("--live", "--once")
    assert (result.exit_code, result.stdout) == (0, "")
    assert desk.assembled == [True]
    assert desk.site.world.sent == []
    assert desk.runner.closed


def test_run__live_with_a_mistake__does_not_start(desk: Desk) -> None:
    desk.site.write("password", "another")
    result = desk.run("--live", "--once")
    assert result.exit_code == 1
    assert "error: signers.caller: " in result.stderr
    assert result.stderr.endswith("repair the errors above; `check` shows them again\n")
    assert desk.assembled == []


def test_run__live_with_what_passes_by_itself__starts_and_says_it(desk: Desk) -> None:
    desk.site.world.balances.clear()
    for endpoint in desk.site.world.endpoints.values():
        endpoint.mode = 503
    result = desk.run("--live", "--once")
    assert result.exit_code == 0
    assert "error: network.rpc[0]: " in result.stderr
    assert desk.assembled == [True]


def test_run__mistakes_in_the_file__are_all_told(desk: Desk) -> None:
    desk.site.add("[fee]\n[log]\nlevel = 3\n")
    result = desk.run("--once")
    assert result.exit_code == 1
    assert ": fee: unknown key; did you mean fees?" in result.stderr
    assert ": log.level: must be one of" in result.stderr


def test_run__trouble_with_a_secret_in_it__is_one_line_without(desk: Desk) -> None:
    desk.trouble = KeeperError(f"journal: password {TOKEN} is wrong")
    result = desk.run("--once")
    assert result.exit_code == 1
    assert result.stderr == "Error: journal: password *** is wrong\n"


# -- ticks


def test_tick__error_that_nobody_expected__is_a_line_and_not_the_end(desk: Desk) -> None:
    desk.runner.trouble = ZeroDivisionError(f"by {TOKEN}")
    result = desk.ticks(int, int)
    assert (result.exit_code, desk.runner.ticks) == (0, 2)
    assert result.stderr.count("this tick ended too early") == 2
    assert "ZeroDivisionError: by ***" in result.stderr
    assert desk.runner.closed


def test_tick__after_sighup__has_the_new_caps(desk: Desk) -> None:
    def change() -> None:
        text = desk.site.text + '[fees]\nhard_cap_gwei = 9\n[limits]\nper_day_eth = "0.3"\n'
        desk.site.write("keepers.toml", "poll_seconds = 7\n" + text)
        hang_up()

    result = desk.ticks(int, change, int)
    ((fees, limits),) = desk.runner.adopted
    assert (fees.hard_cap, limits.per_day) == (9 * 10**9, 3 * 10**17)
    assert "only a restart puts in force: poll_seconds" in result.stderr
    assert desk.runner.ticks == 3


def test_tick__after_sighup_with_a_mistake__has_the_old_ones(desk: Desk) -> None:
    def change() -> None:
        desk.site.write("keepers.toml", desk.site.text + "[fees]\nhard_cap_gwei = 0\n")
        hang_up()

    result = desk.ticks(change)
    assert desk.runner.adopted == []
    assert "the configuration stays as it was" in result.stderr
    assert "fees.hard_cap_gwei" in result.stderr
    assert desk.runner.ticks == 1
