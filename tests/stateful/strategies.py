"""What the rules draw: few accounts and telling amounts, so that lives cross each other often."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.models.arithmetic import PERC
from tests.models.records import ZERO
from tests.stateful.system import ACTORS, LPT

actors = st.sampled_from(ACTORS)
#: Delegates: few, so that stake gathers; sometimes anybody, sometimes nobody.
targets = st.sampled_from((*ACTORS[:4], *ACTORS[:4], *ACTORS, ZERO))
amounts = st.sampled_from(
    (0, 1, 1_000, LPT, 10 * LPT, 10 * LPT, 33 * LPT + 7, 60 * LPT, 2_000 * LPT)
)
#: Part of what there is, in percent; 101 asks for one unit more than that.
shares = st.sampled_from((0, 1, 10, 50, 50, 99, 100, 100, 101))
percentages = st.sampled_from((0, 1, 100_000, 500_000, 500_000, 333_333, PERC, PERC + 1))
picks = st.integers(0, 11)
hints = st.tuples(*[st.sampled_from((ZERO, ZERO, *ACTORS))] * 2)


def share_of(amount: int, percent: int) -> int:
    return amount + 1 if percent > 100 else amount * percent // 100


def chosen(candidates: Sequence[str], pick: int) -> str:
    """One of the candidates; of all actors if there are none, or for the highest picks."""
    pool = ACTORS if pick > 9 or not candidates else candidates
    return pool[pick % len(pool)]
