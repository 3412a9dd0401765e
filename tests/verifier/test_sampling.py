"""Draws that nobody could foresee and everybody can recompute: requirement 13."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import pytest
from eth_utils import keccak

from tests.support.requirements import record
from verifier.sampling import (
    WHOLE,
    Draw,
    Epoch,
    RatePolicy,
    SamplingError,
    audit,
    commitment,
    drawn,
    epoch_secret,
)

MASTER = keccak(text="master")
NOBODY = "0x0000000000000000000000000000000000000001"


def receipts(count: int) -> list[bytes]:
    return [keccak(at.to_bytes(32, "big")) for at in range(count)]


@pytest.mark.parametrize("rate", [10_000, 200_000])
def test_drawn__100_000_receipts__frequency_is_within_three_sigma(rate: int) -> None:
    secret, share, count = epoch_secret(MASTER, rate), rate / WHOLE, 100_000
    sampled = sum(drawn(secret, at.to_bytes(32, "big"), rate) for at in range(count))
    sigma = sqrt(count * share * (1 - share))
    off = abs(sampled - count * share) / sigma
    assert off <= 3
    record(13, f"sigmas off, draws of 100000 at {share:.0%}", f"{off:.2f}", "<= 3")


def test_drawn__same_receipt_at_higher_rate__stays_drawn() -> None:
    secret = epoch_secret(MASTER, 0)
    for receipt in receipts(200):
        low, middle = drawn(secret, receipt, 50_000), drawn(secret, receipt, 500_000)
        assert middle or not low
        assert drawn(secret, receipt, WHOLE)
        assert not drawn(secret, receipt, 0)


def test_drawn__threshold__is_the_exact_integer_of_the_rate() -> None:
    secret, receipt = epoch_secret(MASTER, 0), keccak(text="receipt")
    value = int.from_bytes(keccak(secret + receipt), "big")
    least = value * WHOLE // 2**256 + 1  # the least whole rate that draws it
    assert drawn(secret, receipt, least)
    assert not drawn(secret, receipt, least - 1)


def test_drawn__other_secret__draws_other_receipts() -> None:
    sets = [
        {r for r in receipts(1_000) if drawn(epoch_secret(MASTER, n), r, 200_000)} for n in (1, 2)
    ]
    assert 0 < len(sets[0] & sets[1]) < min(map(len, sets)) / 2


@pytest.mark.parametrize(
    ("secret", "receipt", "rate"),
    [(b"short", bytes(32), 1), (bytes(32), b"short", 1), (bytes(32), bytes(32), WHOLE + 1)],
)
def test_drawn__malformed__raises(secret: bytes, receipt: bytes, rate: int) -> None:
    with pytest.raises(SamplingError):
        drawn(secret, receipt, rate)


def test_published__before_reveal__has_the_commitment_and_not_the_secret() -> None:
    epoch = Epoch.open(MASTER, 3, 1_000)
    shown = str(epoch.published())
    assert epoch.secret.hex() not in shown
    assert commitment(epoch.secret).hex() in shown
    assert epoch.secret.hex() in str(epoch.reveal(2_000).published())


def test_draw__after_reveal__is_refused() -> None:
    epoch = Epoch.open(MASTER, 0, 1_000).reveal(2_000)
    with pytest.raises(SamplingError, match="draws have ended"):
        epoch.draw(keccak(text="late"), 10_000)


def test_epoch_secret__each_number__differs_and_hides_the_master() -> None:
    secrets = {epoch_secret(MASTER, number) for number in range(100)}
    assert len(secrets) == 100
    assert MASTER not in secrets


@pytest.mark.parametrize(
    ("before", "flagged", "follow_up", "expected"),
    [
        (0, False, False, (200_000, "new")),
        (99, False, False, (200_000, "new")),
        (100, False, False, (10_000, "normal")),
        (100, True, False, (200_000, "flagged")),
        (5_000, False, True, (WHOLE, "follow-up")),
        (0, True, True, (WHOLE, "follow-up")),
    ],
)
def test_rate__by_history__is_the_policys(
    before: int, flagged: bool, follow_up: bool, expected: tuple[int, str]
) -> None:
    assert RatePolicy().rate(before=before, flagged=flagged, follow_up=follow_up) == expected


@pytest.mark.parametrize("rates", [(0, 1), (1, 0), (WHOLE + 1, 1), (1, -1)])
def test_rate_policy__outside_its_range__is_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(SamplingError):
        RatePolicy(*rates)


# -- audit


def log(count: int = 300) -> tuple[dict[str, object], list[Draw]]:
    """A revealed epoch in which one orchestrator delivered so many segments."""
    epoch, policy, lines = Epoch.open(MASTER, 7, 1_000), RatePolicy(), []
    for at, receipt in enumerate(receipts(count)):
        rate, reason = policy.rate(before=at, flagged=at % 50 == 49, follow_up=at % 90 == 80)
        is_drawn = epoch.draw(receipt, rate)
        lines.append(
            Draw(7, f"0x{receipt.hex()}", NOBODY, "00" * 32, at, at, rate, reason, is_drawn,
                 1_000 + at)
        )  # fmt: skip
    return epoch.reveal(5_000).published(), lines


def test_audit__honest_log__recomputes_every_draw() -> None:
    epoch, lines = log()
    read = [Draw.from_json(line.to_json()) for line in lines]
    found = audit(epoch, read)
    assert found.problems == ()
    assert found.draws == 300
    assert found.sampled == sum(line.drawn for line in lines)


def changed(lines: list[Draw], place: int, **changes: object) -> list[Draw]:
    return [*lines[:place], replace(lines[place], **changes), *lines[place + 1 :]]


def test_audit__spared_receipt__is_found() -> None:
    epoch, lines = log()
    at = next(at for at, line in enumerate(lines) if line.drawn)
    assert "comes out differently" in audit(epoch, changed(lines, at, drawn=False)).problems[0]


def test_audit__hunted_receipt__is_found() -> None:
    epoch, lines = log()
    at = next(at for at, line in enumerate(lines) if not line.drawn)
    assert "comes out differently" in audit(epoch, changed(lines, at, drawn=True)).problems[0]
    raised = changed(lines, at, drawn=True, rate=WHOLE)
    assert any("the policy has" in problem for problem in audit(epoch, raised).problems)


def test_audit__receipt_left_out__is_found() -> None:
    epoch, lines = log()
    assert "before it are missing" in audit(epoch, lines[:100] + lines[101:]).problems[0]


def test_audit__receipt_drawn_twice__is_found() -> None:
    epoch, lines = log()
    again = replace(lines[10], before=300)
    assert any("drawn twice" in problem for problem in audit(epoch, [*lines, again]).problems)


def test_audit__draw_outside_the_epoch__is_found() -> None:
    epoch, lines = log()
    assert "outside the epoch" in audit(epoch, changed(lines, 5, at=5_001)).problems[0]
    assert "outside the epoch" in audit(epoch, changed(lines, 5, at=999)).problems[0]


def test_audit__other_secret_than_committed__is_found() -> None:
    epoch, lines = log()
    swapped = epoch | {"secret": f"0x{keccak(text='other').hex()}"}
    assert "not the committed one" in audit(swapped, lines).problems[0]


def test_audit__epoch_still_secret__raises() -> None:
    with pytest.raises(SamplingError, match="not revealed yet"):
        audit(Epoch.open(MASTER, 0, 1_000).published(), [])


@pytest.mark.parametrize(
    "change", [{"rate": "10000"}, {"drawn": 1}, {"extra": 1}, {"receipt": None}]
)
def test_draw_from_json__malformed__raises(change: dict[str, object]) -> None:
    with pytest.raises(SamplingError):
        Draw.from_json({**log(1)[1][0].to_json(), **change})
