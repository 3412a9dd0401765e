"""What the books say when they balance, and that a wei too few is not passed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from devnet import cli
from devnet.amounts import exact, fixed
from devnet.books import Books, Check
from devnet.cheating import CHEATS
from devnet.media import MediaError
from devnet.options import Options
from devnet.prosecution import CaseStory
from devnet.trial import Accused, Verdict
from devnet.watching import Count

INNOCENT = Verdict(Count(10, 3, 0, 0), 10, (), {})
GOOD = Books(
    lpt=(),
    lpt_supply=5 * 10**18 + 1,
    lpt_holders=2,
    eth=(),
    eth_genesis=10**18,
    eth_accounts=3,
    checks=(Check("LPT supply = balances", 5, 5), Check("stake = stakes + rounding", 7, 5, 2)),
)


@pytest.mark.parametrize(
    ("left", "right", "slack", "holds"),
    [
        (5, 5, 0, True),
        (5, 4, 0, False),
        (4, 5, 0, False),
        (7, 5, 2, True),
        (8, 5, 2, False),
        (4, 5, 2, False),
    ],
)
def test_check__difference__holds_within_slack_and_never_below(
    left: int, right: int, slack: int, holds: bool
) -> None:
    assert Check("claim", left, right, slack).holds is holds


def test_line__all_checks_hold__says_to_the_wei() -> None:
    assert GOOD.line() == (
        "books: 5.000000000000000001 LPT with 2 holders and 1 ETH in 3 accounts, 2 checks, "
        "balance to the wei"
    )


def test_line__one_check_fails__names_it_with_both_sides() -> None:
    bad = replace(GOOD, checks=(*GOOD.checks, Check("ETH = ETH", 3, 4)))
    assert not bad.balance
    assert bad.line() == "books: do NOT balance: ETH = ETH: 3 against 4"


def test_run__books_balance__exits_0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _exit_code(monkeypatch, tmp_path, GOOD) == 0


def test_run__books_do_not_balance__exits_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bad = replace(GOOD, checks=(Check("ETH = ETH", 3, 4),))
    assert _exit_code(monkeypatch, tmp_path, bad) == 1


def test_run__the_cheat_kept_its_stake__exits_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    accused = Accused("orchestrator 1", "0x", CHEATS["black"])
    case = CaseStory("0x", "content", (), 10_000, bond=1_000, bond_after=991, penalty=9, reward=1,
                     balance=1)  # fmt: skip
    assert not case.exact
    verdict = replace(INNOCENT, accused=accused, case=case)
    assert _exit_code(monkeypatch, tmp_path, GOOD, verdict) == 1
    exact = replace(case, bond_after=990, penalty=10)
    assert _exit_code(monkeypatch, tmp_path, GOOD, replace(verdict, case=exact)) == 0


def _exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, books: Books, verdict: Verdict = INNOCENT
) -> int:
    summary = SimpleNamespace(
        books=books,
        verdict=verdict,
        orchestrators=[],
        treasury=0,
        first_round=1,
        last_round=2,
        transactions=[],
        seconds=1.0,
        master=tmp_path,
    )

    @contextmanager
    def network(*_: Any) -> Iterator[Any]:
        yield SimpleNamespace(summary=summary)

    monkeypatch.setattr(cli, "running_network", network)
    monkeypatch.setattr(cli, "write_report", lambda _, path: path)
    return cli.run(Options(output=tmp_path), Console(quiet=True))


@pytest.mark.parametrize(
    ("error", "code"), [(MediaError("x: no such file"), 1), (KeyboardInterrupt(), 130)]
)
def test_run__fails_or_is_stopped__exit_code_tells(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def network(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(cli, "running_network", network)
    assert cli.run(Options(), Console(quiet=True)) == code


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (0, "0"),
        (1, "0.000000000000000001"),
        (10**18, "1"),
        (1_234_567 * 10**18 + 5 * 10**17, "1,234,567.5"),
    ],
)
def test_exact__any_amount__keeps_every_digit(wei: int, text: str) -> None:
    assert exact(wei) == text


def test_fixed__more_digits__are_cut_off() -> None:
    assert fixed(1_999, 1_000, 2) == "1.99"
    assert fixed(1_999_999, 1_000, 0) == "1,999"
