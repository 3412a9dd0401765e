"""Standing of an orchestrator: specification section 5, step 6, as a function of its samples."""

from __future__ import annotations

import pytest

from verifier.standing import Sample, State, standing


def samples(*verdicts: str, job: str = "a" * 64) -> list[Sample]:
    """Checked segments 0, 10, 20, ... of one job, too far apart to follow each other."""
    return [Sample(job, 10 * at, verdict) for at, verdict in enumerate(verdicts)]


@pytest.mark.parametrize(
    ("verdicts", "state", "weight"),
    [
        ((), State.GOOD, 1_000_000),
        (("ok",) * 30, State.GOOD, 1_000_000),
        (("flag",), State.FLAGGED, 500_000),
        (("flag", "ok", "flag"), State.FLAGGED, 250_000),
        (("flag", "ok", "flag", "flag"), State.SUSPENDED, 0),
        (("flag", "flag", *["ok"] * 18, "flag"), State.FLAGGED, 250_000),
        (("flag", *["ok"] * 20), State.GOOD, 1_000_000),
        (("unverifiable",) * 5, State.GOOD, 1_000_000),
        (("objective",), State.WITHHELD, 0),
        (("severe", "ok", "ok", "ok", "ok"), State.WITHHELD, 0),
        (("severe", *["ok"] * 5), State.FLAGGED, 500_000),
        (("provable", *["ok"] * 20), State.GOOD, 1_000_000),
    ],
)
def test_standing__by_verdicts__is_as_specified(
    verdicts: tuple[str, ...], state: State, weight: int
) -> None:
    found = standing(samples(*verdicts))
    assert (found.state, found.weight) == (state, weight)


@pytest.mark.parametrize("distance", [1, 5])
def test_standing__second_bad_segment_among_the_next_five__suspends(distance: int) -> None:
    job = "b" * 64
    history = [Sample(job, 7, "severe"), Sample(job, 7 + distance, "objective")]
    assert standing(history).state is State.SUSPENDED
    assert standing(history[::-1]).state is State.SUSPENDED


def test_standing__second_bad_segment_later_or_elsewhere__does_not_suspend() -> None:
    one = Sample("b" * 64, 7, "severe")
    assert standing([one, Sample("b" * 64, 13, "severe")]).state is State.WITHHELD
    assert standing([one, Sample("c" * 64, 8, "severe")]).state is State.WITHHELD


def test_standing__lie__suspends_for_good() -> None:
    lie = Sample("d" * 64, 3, "provable", lie=True)
    assert standing([lie, *samples(*["ok"] * 50)]).state is State.SUSPENDED


def test_standing__reason__names_segment_and_job() -> None:
    assert "segment 0 of job aaaaaaaa" in standing(samples("objective")).reason
