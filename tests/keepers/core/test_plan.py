from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rich.console import Console

from keepers.core.plan import PlanLine, cost_of, summary, to_json, to_table

ADDRESS = "0x00000000000000000000000000000000000000A1"
HUGE = 2**200  # wei, far above what a float holds


def line(verdict: str, *, cost: int | None = None, reason: str = "") -> PlanLine:
    return PlanLine("k", "reward", ADDRESS, "due", verdict, reason, gas=3, max_fee=2, cost=cost)


def test_to_json__large_amounts__keep_every_wei() -> None:
    found = json.loads(json.dumps(to_json([line("send", cost=HUGE)], live=True)))
    assert (found["live"], found["cost"], found["lines"][0]["cost"]) == (True, *[str(HUGE)] * 2)
    assert found["lines"][0]["worth"] is None


def test_cost_of__lines_that_wait__costs_nothing() -> None:
    lines = [line("send", cost=5), line("replace", cost=7), line("wait", cost=100), line("done")]
    assert cost_of(lines) == 12


def test_to_table__text_like_markup__is_shown_as_it_is() -> None:
    console = Console(width=140)
    with console.capture() as shown:
        console.print(to_table([line("wait", reason="[bold]not yet[/bold]")]))
    assert "[bold]not yet[/bold]" in shown.get()


def test_to_table__gas__is_what_it_takes_of_its_limit() -> None:
    console = Console(width=140)
    with console.capture() as shown:
        console.print(to_table([replace(line("send"), gas=480_000, estimate=400_000)]))
    assert "400,000 of 480,000" in shown.get()


@pytest.mark.parametrize(
    ("verdicts", "live", "expected"),
    [
        ((), False, "Nothing could be looked at; the log says why."),
        (
            ("send", "cancel", "wait", "skip"),
            False,
            "2 would be sent for at most 0.000000000000000002 ETH, 1 waiting, 1 skipped; "
            "nothing was sent (dry run)",
        ),
        (("replace",), True, "1 sent for at most 0.000000000000000001 ETH"),
        (("done",), True, "nothing to do"),
    ],
)
def test_summary__says_what_happens(verdicts: tuple[str, ...], live: bool, expected: str) -> None:
    assert summary([line(one, cost=1) for one in verdicts], live=live) == expected
