"""What needs no taste: format, size, frames, times and sound, at the limits of each rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.receipts import TICKS, fingerprint
from verifier import audio
from verifier.decode import Decoded
from verifier.findings import Code, Finding, Severity
from verifier.messages import Profile
from verifier.rules import objective_findings
from verifier.thresholds import Objective, load_thresholds

ORDERED = Profile(64, 36, 100_000)
# Those of the specification, whatever the shipped file says.
LIMITS = replace(
    load_thresholds(),
    objective=Objective(frames=2, frames_share=0.08, duration_share=0.08, audio_packets=10),
)
SOUND = tuple(bytes([at]) * 32 for at in range(60))


def segment(times: Sequence[int] | int = 48, **changes: object) -> Decoded:
    """A segment without pictures; `times` is a number of frames or their times."""
    own = tuple(TICKS * at for at in range(times)) if isinstance(times, int) else tuple(times)
    decoded = Decoded(
        frames=(),
        times=own,
        width=ORDERED.width,
        height=ORDERED.height,
        container="mp4",
        codec="h264",
        pix_fmt="yuv420p",
        fps=None,
        audio_codec="aac",
        audio_packets=SOUND,
        fingerprint=fingerprint(16, 0),
        unprovable=None,
    )
    return replace(decoded, **changes)


def objective(delivered: Decoded, source: Decoded | None = None) -> tuple[Finding, ...]:
    return objective_findings(source or segment(), delivered, ORDERED, LIMITS)


def codes(findings: Sequence[Finding]) -> list[Code]:
    return [one.code for one in findings]


def spread(frames: int, span: int) -> tuple[int, ...]:
    """Times of so many frames from 0 to exactly `span`."""
    return tuple(at * span // (frames - 1) for at in range(frames))


def test_objective_findings__same_as_the_source__are_none() -> None:
    assert objective(segment()) == ()
    silent = segment(audio_packets=())
    assert objective(silent, silent) == ()


@pytest.mark.parametrize(
    ("expected", "most"), [(8, 2), (24, 2), (25, 2), (26, 2), (37, 2), (38, 3), (100, 8), (250, 20)]
)
def test_objective_findings__frames_missing_or_added__two_or_eight_in_a_hundred_may(
    expected: int, most: int
) -> None:
    source, span = segment(expected), TICKS * (expected - 1)
    for off in (most, -most):
        assert objective(segment(spread(expected + off, span)), source) == (), off
    for off in (most + 1, -most - 1):
        (found,) = objective(segment(spread(expected + off, span)), source)
        assert (found.code, found.severity) == (Code.FRAME_COUNT, Severity.OBJECTIVE)
        assert (found.measured, found.limit) == (most + 1, max(2, 0.08 * expected))
        assert f"{expected + off} frames for {expected} of the source" in found.text


# 8 % of 101 frames, each 3,000 ticks; two frames of 11.
@pytest.mark.parametrize(("frames", "allowed"), [(101, 24_240), (11, 6_000)])
def test_objective_findings__duration__eight_in_a_hundred_or_two_frames_may_be_off(
    frames: int, allowed: int
) -> None:
    """And a tick a frame, which is how coarse containers count."""
    source, span = segment(frames), TICKS * (frames - 1)
    most = allowed + frames
    for off in (most, -most):
        assert objective(segment(spread(frames, span + off)), source) == (), off
    for off in (most + 1, -most - 1):
        (found,) = objective(segment(spread(frames, span + off)), source)
        assert found.code is Code.DURATION
        assert found.measured == pytest.approx((most + 1) / 90_000)
        assert found.limit == pytest.approx(allowed / 90_000)


@pytest.mark.parametrize(("expected", "delivered"), [(38, 41), (38, 35), (100, 108), (100, 92)])
def test_objective_findings__as_many_frames_off_as_allowed__are_not_a_matter_of_duration(
    expected: int, delivered: int
) -> None:
    """Frames missing or added at the end, each as long as the others."""
    assert objective(segment(delivered), segment(expected)) == ()


def test_objective_findings__times__must_increase_by_a_tick_at_least() -> None:
    times = [TICKS * at for at in range(48)]
    times[20] = times[19] + 1
    assert objective(segment(times)) == ()
    times[20] = times[19]
    times[30] = times[29] - 5
    (found,) = objective(segment(times))
    assert found.code is Code.TIMESTAMPS
    assert found.measured == 2
    assert found.text == "2 frames are not after the one before, first is frame 20"


def test_objective_findings__sound__ten_packets_may_differ() -> None:
    other = tuple(b"other" + one for one in SOUND)
    for kept in (SOUND[10:], SOUND[:-10], SOUND + other[:10], other[:10] + SOUND[10:]):
        assert objective(segment(audio_packets=kept)) == ()
    for kept in (SOUND[11:], SOUND[:-11], SOUND + other[:11], other[:11] + SOUND[11:], other, ()):
        (found,) = objective(segment(audio_packets=kept))
        assert found.code is Code.AUDIO
        assert found.measured > found.limit == 10
    assert found.text == "no audio, the source has 60 packets"


def test_objective_findings__silent_source_and_sound_delivered__is_sound_that_was_added() -> None:
    silent = segment(audio_packets=())
    assert objective(segment(audio_packets=SOUND[:10]), silent) == ()
    assert codes(objective(segment(audio_packets=SOUND[:11]), silent)) == [Code.AUDIO]


def test_objective_findings__few_packets_all_gone__is_no_tolerance() -> None:
    short = segment(audio_packets=SOUND[:3])
    assert codes(objective(segment(audio_packets=()), short)) == [Code.AUDIO]
    assert codes(objective(segment(audio_packets=SOUND[3:6]), short)) == [Code.AUDIO]
    assert objective(segment(audio_packets=SOUND[:1]), short) == ()


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"codec": "vp9"}, Code.WRONG_CODEC, "codec is vp9, ordered was h264"),
        ({"width": 66}, Code.WRONG_SIZE, "size is 66x36, ordered was 64x36"),
        ({"height": 34}, Code.WRONG_SIZE, "size is 64x34, ordered was 64x36"),
        (
            {"fingerprint": None, "unprovable": "video is interlaced"},
            Code.WRONG_FORMAT,
            "rendition has no fingerprint: video is interlaced",
        ),
    ],
)
def test_objective_findings__other_format__is_named(
    changes: dict[str, object], code: Code, text: str
) -> None:
    (found,) = objective(segment(**changes))
    assert (found.code, found.severity, found.text) == (code, Severity.OBJECTIVE, text)


def test_objective_findings__size_without_a_profile__is_not_judged() -> None:
    assert objective_findings(segment(), segment(width=2), None, LIMITS) == ()


def test_objective_findings__no_fingerprint_for_a_fault__is_that_fault_only() -> None:
    other = segment(codec="vp9", fingerprint=None, unprovable="video is vp9, not H.264")
    assert codes(objective(other)) == [Code.WRONG_CODEC]


def test_objective_findings__several_faults__are_all_found() -> None:
    bad = segment(24, codec="vp9", width=2, audio_packets=())
    assert codes(objective(bad)) == [
        Code.WRONG_CODEC,
        Code.WRONG_SIZE,
        Code.FRAME_COUNT,
        Code.DURATION,
        Code.AUDIO,
    ]


# -- sound


def missing_or_added(source: Sequence[bytes], delivered: Sequence[bytes]) -> int:
    """By the whole table of longest common subsequences."""
    table = [[0] * (len(delivered) + 1) for _ in range(len(source) + 1)]
    for i, one in enumerate(source):
        for j, other in enumerate(delivered):
            same = table[i][j] + 1
            table[i + 1][j + 1] = same if one == other else max(table[i][j + 1], table[i + 1][j])
    return max(len(source), len(delivered)) - table[-1][-1]


PACKETS = st.lists(st.sampled_from([b"a", b"b", b"c", b"d"]), max_size=16)


@given(source=PACKETS, delivered=PACKETS, limit=st.integers(0, 12))
@example(source=[b"a", b"b"], delivered=[b"b", b"a"], limit=0)
@example(source=[], delivered=[b"a"], limit=1)
@example(source=[b"a"] * 12, delivered=[b"a"] * 3, limit=8)
@example(source=[b"a", b"b", b"c", b"d"], delivered=[b"c", b"d", b"a", b"b"], limit=1)
def test_mismatches__any_packets__count_as_the_whole_table_up_to_the_limit(
    source: list[bytes], delivered: list[bytes], limit: int
) -> None:
    counted = audio.mismatches(source, delivered, limit=limit)
    exact = missing_or_added(source, delivered)
    if source and not set(source) & set(delivered):
        assert counted > limit
    elif exact <= limit:
        assert counted == exact
    else:
        assert counted > limit


@given(
    source=st.lists(st.binary(min_size=1, max_size=2), min_size=5, max_size=40, unique=True),
    data=st.data(),
)
def test_mismatches__some_packets_lost__are_counted_exactly(
    source: list[bytes], data: st.DataObject
) -> None:
    lost = data.draw(st.sets(st.integers(0, len(source) - 1), max_size=min(4, len(source) - 1)))
    delivered = [one for at, one in enumerate(source) if at not in lost]
    assert audio.mismatches(source, delivered, limit=4) == len(lost)
    assert audio.mismatches(delivered, source, limit=4) == len(lost)
