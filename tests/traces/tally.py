"""What the replay of the traces of a session added up to, over all processes that took part."""

from __future__ import annotations

from collections import Counter
from typing import Any

COUNTED = ("traces", "steps", "values", "mismatches", "skipped")
#: The tally of this process, once a trace was replayed, and what other processes gave.
own: list[Any] = []
given_by_others: Counter[str] = Counter()


def give() -> dict[str, int]:
    """For `tests.support.workers`."""
    return {name: sum(getattr(one, name) for one in own) for name in COUNTED} if own else {}


def take(given: dict[str, int]) -> None:
    given_by_others.update(given)


def told(counts: Any) -> str:
    return (
        f"{counts['traces']} traces, {counts['steps']} steps, {counts['values']} view values, "
        f"{counts['mismatches']} mismatches "
        f"({counts['skipped']} steps need contracts not in this build)"
    )


def lines() -> list[str]:
    """One line for the end of the session, or none."""
    counts = Counter(give()) + given_by_others
    return [f"recorded traces: {told(counts)}"] if counts else []
