"""The rules about pictures at their limits: inside they say nothing, outside what and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.support.receipts import fingerprint
from verifier.csf import Fingerprint
from verifier.findings import SEVERITY, Code, Finding, Severity
from verifier.measures import Curves, Metrics
from verifier.rules import content_findings, fingerprint_findings, quality_findings
from verifier.thresholds import Flag, load_thresholds

# Those of the specification, whatever the shipped file says.
FLAG = Flag(
    luma=3.0,
    chroma=3.0,
    grey=0.5,
    cell=14.0,
    cell_severe=40.0,
    still=0.35,
    ms_ssim_loss=0.08,
    detail=0.7,
    high_pass=0.5,
)
LIMITS = replace(load_thresholds(), flag=FLAG)
CURVES = Curves(*[()] * 11)
HONEST = Metrics(
    luma=0.4,
    chroma=0.3,
    grey=0.98,
    cell=2.0,
    motion=1.0,
    still=0.0,
    frozen=False,
    ms_ssim_loss=0.01,
    detail=0.95,
    energy=1.0,
    high_pass=0.95,
    curves=CURVES,
)
STEP = 1e-6


def steady(frames: int, levels: int = 0, faulty: int = 0, cells: slice = slice(384)) -> Fingerprint:
    """Frames of luma 100 and chroma 150, of which the last `faulty` are `levels` off in `cells`."""

    def change(at: int, drawn: np.ndarray) -> np.ndarray:
        values = np.full_like(drawn, 100)
        values[256:] = 150
        if at >= frames - faulty:
            values[cells] += levels
        return values

    return fingerprint(frames, 0, change=change)


def codes(findings: Sequence[Finding]) -> list[Code]:
    return [one.code for one in findings]


# -- content, with the integers of the contract


@pytest.mark.parametrize(
    ("frames", "needed"), [(60, 8), (32, 8), (31, 7), (16, 4), (11, 2), (8, 2)]
)
def test_content_findings__frames_at_fault__as_many_as_a_proof_needs(
    frames: int, needed: int
) -> None:
    source = steady(frames)
    assert content_findings(source, steady(frames, 40, needed - 1)) == ()
    luma, chroma = content_findings(source, steady(frames, 40, needed))
    assert (luma.code, chroma.code) == (Code.CONTENT_LUMA, Code.CONTENT_CHROMA)
    assert luma.severity is chroma.severity is Severity.PROVABLE
    assert (luma.measured, luma.limit) == (chroma.measured, chroma.limit) == (40, 8)
    assert luma.text.startswith(f"{needed} frames differ from every source frame near them by 8 ")
    assert luma.text.endswith(f"levels of luma, {needed} prove it")


def test_content_findings__seven_frames__are_too_few_to_prove() -> None:
    assert content_findings(steady(7), steady(7, 40, 7)) == ()


@pytest.mark.parametrize(
    ("code", "cells", "one_more"),
    [
        (Code.CONTENT_LUMA, slice(0, 256), 0),
        (Code.CONTENT_CHROMA, slice(256, 320), 256),
        (Code.CONTENT_CHROMA, slice(320, 384), 383),
    ],
    ids=["luma", "U", "V"],
)
def test_content_findings__eight_levels__are_inside_and_a_cell_more_is_outside(
    code: Code, cells: slice, one_more: int
) -> None:
    for levels in (8, -8):
        assert content_findings(steady(16), steady(16, levels, 16, cells)) == ()
        beyond = [
            frame_beyond(one, one_more, levels) for one in steady(16, levels, 16, cells).frames
        ]
        delivered = replace(steady(16), frames=tuple(beyond))
        (found,) = content_findings(steady(16), delivered)
        assert (found.code, found.limit) == (code, 8)
        assert found.measured == 8 + 1 / (cells.stop - cells.start)


def frame_beyond(frame, cell: int, levels: int):
    """A frame with one cell a level further off."""
    planes = bytearray(frame.y + frame.u + frame.v)
    planes[cell] += 1 if levels > 0 else -1
    values = bytes(planes)
    return replace(frame, y=values[:256], u=values[256:320], v=values[320:])


def test_content_findings__grey__less_than_a_quarter_of_the_colour_is_left() -> None:
    """The source has 22 levels of colour a cell; 8 levels of chroma are less than what is lost."""
    colour = 128 * 22
    source = steady(16)

    def left(total: int) -> Fingerprint:
        # Spread over both planes, so that no cell is below grey.
        cells = np.full(128, 128 + total // 128)
        cells[: total % 128] += 1
        u, v = (part.astype(np.uint8).tobytes() for part in (cells[:64], cells[64:]))
        return replace(source, frames=tuple(replace(one, u=u, v=v) for one in source.frames))

    assert Code.CONTENT_GREY not in codes(content_findings(source, left(colour // 4)))
    found = content_findings(source, left(colour // 4 - 1))
    assert codes(found) == [Code.CONTENT_CHROMA, Code.CONTENT_GREY]
    assert (found[1].measured, found[1].limit, found[1].severity) == (
        None,
        0.25,
        Severity.PROVABLE,
    )
    assert found[1].text == "16 frames have under 0.25 of the source's colour, 4 prove it"


# -- fingerprints and quality


@pytest.mark.parametrize(
    ("name", "limit", "direction", "code"),
    [
        ("luma", FLAG.luma, 1, Code.LUMA),
        ("chroma", FLAG.chroma, 1, Code.CHROMA),
        ("grey", FLAG.grey, -1, Code.GREY),
        ("cell", FLAG.cell, 1, Code.CELL),
        ("cell", FLAG.cell_severe, 1, Code.CELL_SEVERE),
        ("still", FLAG.still, 1, Code.REPEATS),
        ("ms_ssim_loss", FLAG.ms_ssim_loss, 1, Code.MS_SSIM),
        ("detail", FLAG.detail, -1, Code.DETAIL),
        ("high_pass", FLAG.high_pass, -1, Code.HIGH_PASS),
    ],
)
def test_findings__one_measure_at_its_limit__speak_only_beyond_it(
    name: str, limit: float, direction: int, code: Code
) -> None:
    at_limit = judged(replace(HONEST, **{name: limit}))
    assert code not in codes(at_limit)
    (found,) = judged(replace(HONEST, **{name: limit + direction * STEP}))
    assert found.code is code
    assert found.severity is (Severity.SEVERE if code is Code.CELL_SEVERE else Severity.FLAG)
    assert (found.measured, found.limit) == (limit + direction * STEP, limit)
    assert found.text


def judged(metrics: Metrics) -> tuple[Finding, ...]:
    return fingerprint_findings(metrics, LIMITS) + quality_findings(metrics, LIMITS)


def test_findings__cell_at_the_severe_limit__is_flagged_only() -> None:
    assert codes(judged(replace(HONEST, cell=FLAG.cell_severe))) == [Code.CELL]


def test_findings__one_long_run_of_still_frames__stands_still() -> None:
    assert codes(judged(replace(HONEST, still=0.9, frozen=True))) == [Code.STILL]
    assert codes(judged(replace(HONEST, still=FLAG.still, frozen=True))) == []


def test_findings__honest_or_not_measured__are_none() -> None:
    unknown = dict.fromkeys(("grey", "still", "ms_ssim_loss", "detail", "energy", "high_pass"))
    assert judged(HONEST) == judged(replace(HONEST, **unknown)) == ()


def test_findings__energy_of_noise__is_not_judged() -> None:
    assert judged(replace(HONEST, energy=0.01)) == judged(replace(HONEST, energy=9.0)) == ()


def test_findings__everything_off__are_all_there() -> None:
    worst = replace(
        HONEST,
        luma=50.0,
        chroma=50.0,
        grey=0.0,
        cell=90.0,
        still=1.0,
        ms_ssim_loss=0.9,
        detail=0.0,
        high_pass=0.0,
    )
    assert len(codes(judged(worst))) == 8


def test_severity__every_code__has_one() -> None:
    assert set(SEVERITY) == set(Code)
