"""The decision rules: what decoded pictures and their measures amount to. Pure functions.

Source: verification spec, sections 4.3 (limits) and 5 (steps 2, 4 and 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier import audio, faults
from verifier.findings import Code, Finding, finding

if TYPE_CHECKING:
    from verifier.csf import Fingerprint
    from verifier.decode import Decoded
    from verifier.measures import Metrics
    from verifier.messages import Profile
    from verifier.thresholds import Thresholds

CODEC = "h264"
TICKS = 90_000
_CONTENT_CODES = {
    faults.Metric.LUMA: Code.CONTENT_LUMA,
    faults.Metric.CHROMA: Code.CONTENT_CHROMA,
    faults.Metric.GREY: Code.CONTENT_GREY,
}


def objective_findings(
    source: Decoded, delivered: Decoded, profile: Profile | None, limits: Thresholds
) -> tuple[Finding, ...]:
    """Faults that need no tolerance for taste: format, size, frames, times, audio."""
    found = [
        _codec(delivered),
        _size(delivered, profile),
        _frame_count(len(source.times), len(delivered.times), limits),
        _duration(source, delivered, limits),
        _timestamps(delivered.times),
        _audio(source.audio_packets, delivered.audio_packets, limits),
    ]
    faults_found = tuple(one for one in found if one is not None)
    if delivered.fingerprint is None and not faults_found:
        # A way around every provable rule, so it is no delivery.
        text = f"rendition has no fingerprint: {delivered.unprovable}"
        return (finding(Code.WRONG_FORMAT, text),)
    return faults_found


def _codec(delivered: Decoded) -> Finding | None:
    if delivered.codec == CODEC:
        return None
    return finding(Code.WRONG_CODEC, f"codec is {delivered.codec}, ordered was {CODEC}")


def _size(delivered: Decoded, profile: Profile | None) -> Finding | None:
    if profile is None or (delivered.width, delivered.height) == (profile.width, profile.height):
        return None
    return finding(
        Code.WRONG_SIZE,
        f"size is {delivered.width}x{delivered.height},"
        f" ordered was {profile.width}x{profile.height}",
    )


def _frame_count(expected: int, delivered: int, limits: Thresholds) -> Finding | None:
    allowed = _frames_allowed(expected, limits)
    if abs(delivered - expected) <= allowed:
        return None
    text = f"{delivered} frames for {expected} of the source, {allowed:.1f} may differ"
    return finding(Code.FRAME_COUNT, text, abs(delivered - expected), allowed)


def _frames_allowed(expected: int, limits: Thresholds) -> float:
    return max(limits.objective.frames, limits.objective.frames_share * expected)


def _duration(source: Decoded, delivered: Decoded, limits: Thresholds) -> Finding | None:
    """From the first frame to the last; as much as the allowed frames take may always differ."""
    expected, span = (max(one.times) - min(one.times) for one in (source, delivered))
    per_frame = expected / max(1, len(source.times) - 1)
    frames = _frames_allowed(len(source.times), limits)
    allowed = max(limits.objective.duration_share * expected, frames * per_frame)
    off = abs(span - expected)
    # A tick per frame is rounding of the container's clock.
    if off <= allowed + len(delivered.times):
        return None
    text = f"lasts {span / TICKS:.2f} s, the source {expected / TICKS:.2f} s"
    return finding(Code.DURATION, text, off / TICKS, allowed / TICKS)


def _timestamps(pts: Sequence[int]) -> Finding | None:
    wrong = [at for at in range(1, len(pts)) if pts[at] <= pts[at - 1]]
    if not wrong:
        return None
    text = f"{len(wrong)} frames are not after the one before, first is frame {wrong[0]}"
    return finding(Code.TIMESTAMPS, text, len(wrong), 0)


def _audio(
    source: Sequence[bytes], delivered: Sequence[bytes], limits: Thresholds
) -> Finding | None:
    limit = limits.objective.audio_packets
    off = audio.mismatches(source, delivered, limit=limit)
    if off <= limit:
        return None
    if not delivered:
        text = f"no audio, the source has {len(source)} packets"
    else:
        text = f"audio is not the source's: more than {limit} of {len(source)} packets differ"
    return finding(Code.AUDIO, text, off, limit)


def content_findings(source: Fingerprint, delivered: Fingerprint) -> tuple[Finding, ...]:
    """What SlashingVerifier would accept as a content fault, by its own integers."""
    found = []
    margins = faults.frame_margins(source, delivered)
    for fault in faults.content_faults(source, delivered):
        needed = faults.needed_frames(len(delivered.frames))
        measured, limit, what = _content_measure(margins[fault.metric], fault.metric, needed)
        text = f"{len(fault.frames)} frames {what}, {needed} prove it"
        found.append(finding(_CONTENT_CODES[fault.metric], text, measured, limit))
    return tuple(found)


def _content_measure(
    margins: faults.Ints, metric: faults.Metric, needed: int
) -> tuple[float | None, float, str]:
    if metric is faults.Metric.GREY:
        limit = 1 / faults.GREY_SHARE
        return None, limit, f"have under {limit:g} of the source's colour"
    cells, total = (
        (256, faults.LUMA_SUM) if metric is faults.Metric.LUMA else (64, faults.CHROMA_SUM)
    )
    measured = float(sorted(margins.tolist(), reverse=True)[needed - 1]) / cells
    limit = total / cells
    plane = "luma" if metric is faults.Metric.LUMA else "chroma"
    return (
        measured,
        limit,
        f"differ from every source frame near them by {limit:g} levels of {plane}",
    )


def fingerprint_findings(metrics: Metrics, limits: Thresholds) -> tuple[Finding, ...]:
    """Severe and flagged differences of the fingerprints, beyond what a proof needs."""
    flag = limits.flag
    found = []
    if metrics.luma > flag.luma:
        text = f"luma is {metrics.luma:.1f} levels off"
        found.append(finding(Code.LUMA, text, metrics.luma, flag.luma))
    if metrics.chroma > flag.chroma:
        text = f"chroma is {metrics.chroma:.1f} levels off"
        found.append(finding(Code.CHROMA, text, metrics.chroma, flag.chroma))
    if metrics.grey is not None and metrics.grey < flag.grey:
        text = f"{metrics.grey:.0%} of the source's colour is left"
        found.append(finding(Code.GREY, text, metrics.grey, flag.grey))
    if metrics.cell > flag.cell:
        severe = metrics.cell > flag.cell_severe
        code, limit = (Code.CELL_SEVERE, flag.cell_severe) if severe else (Code.CELL, flag.cell)
        text = f"a part of the picture is {metrics.cell:.0f} levels off most of the time"
        found.append(finding(code, text, metrics.cell, limit))
    if metrics.still is not None and metrics.still > flag.still:
        code = Code.STILL if metrics.frozen else Code.REPEATS
        what = "stands still" if metrics.frozen else "repeats frames"
        text = f"{what} in {metrics.still:.0%} of the frames where the source moves"
        found.append(finding(code, text, metrics.still, flag.still))
    return tuple(found)


def quality_findings(metrics: Metrics, limits: Thresholds) -> tuple[Finding, ...]:
    """Quality relative to the verifier's own encode."""
    flag = limits.flag
    found = []
    if metrics.ms_ssim_loss is not None and metrics.ms_ssim_loss > flag.ms_ssim_loss:
        text = f"MS-SSIM is {metrics.ms_ssim_loss:.3f} below that of the own encode"
        found.append(finding(Code.MS_SSIM, text, metrics.ms_ssim_loss, flag.ms_ssim_loss))
    if metrics.detail is not None and metrics.detail < flag.detail:
        text = f"{max(0.0, metrics.detail):.0%} of the fine detail that the own encode keeps"
        found.append(finding(Code.DETAIL, text, metrics.detail, flag.detail))
    if metrics.high_pass is not None and metrics.high_pass < flag.high_pass:
        text = (
            f"fine detail is the source's to {max(0.0, metrics.high_pass):.0%}"
            " of what the own encode keeps"
        )
        found.append(finding(Code.HIGH_PASS, text, metrics.high_pass, flag.high_pass))
    return tuple(found)
