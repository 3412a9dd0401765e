"""How a check works and what it answers: own encodes, modes, arguments, verdicts, JSON, cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from tests.support.requirements import record
from tests.verifier.clips import encode, real_pictures
from tests.verifier.renditions import PROFILE, codes, examine, transcode
from tests.verifier.watching import verdict_check
from verifier import check as checking
from verifier.check import Code, Severity, check_segment
from verifier.devices import DeviceError
from verifier.findings import SEVERITY, finding, worst
from verifier.messages import Profile
from verifier.reference import Reference, ReferenceFault, make_reference
from verifier.thresholds import load_thresholds

# Made before the first test, as the isolation of chains in the other tests wants it.
pytestmark = pytest.mark.usefixtures("other_clip")

SOURCE = {"preset": "ultrafast", "crf": "20", "threads": "1"}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Profile]:
    """The profiles of own encodes in order."""
    profiles: list[Profile] = []

    def make(frames: object, profile: Profile, *rest: object) -> Reference:
        profiles.append(profile)
        return make_reference(frames, profile, *rest)

    monkeypatch.setattr(checking, "make_reference", make)
    return profiles


# -- own encodes


def test_check_segment__renditions_of_one_profile__are_judged_by_one_encode(
    moving_clip: bytes, honest: bytes, made: list[Profile]
) -> None:
    other = replace(PROFILE, bitrate=200_000)
    profiles = [PROFILE, other, PROFILE]
    checked = examine(moving_clip, honest, honest, honest, profiles=profiles)
    assert made == [PROFILE, other]
    first, second, third = (one.metrics for one in checked.renditions)
    assert first == third != second
    assert [one.index for one in checked.renditions] == [0, 1, 2]


def test_check_segment__no_rendition_to_compare__makes_no_encode(
    moving_clip: bytes, made: list[Profile]
) -> None:
    checked = examine(moving_clip, b"", transcode(moving_clip, Profile(192, 108, 200_000)))
    assert made == []
    assert codes(checked) == [Code.EMPTY, Code.WRONG_SIZE]


def test_check_segment__no_profile__takes_size_and_bitrate_as_delivered(
    moving_clip: bytes, honest: bytes, made: list[Profile]
) -> None:
    checked = examine(moving_clip, honest, profiles=[None])
    assert checked.verdict == "ok"
    assert checked.renditions[0].profile is None
    (own,) = made
    assert (own.width, own.height) == (256, 144)
    # 48 frames at 30 a second last 1.6 s.
    assert own.bitrate == pytest.approx(8 * len(honest) / 1.6, rel=0.001)


def test_check_segment__own_encode_fails__is_said_and_nobody_is_blamed(
    moving_clip: bytes, honest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ReferenceFault("own encode at 256x144 failed: out of luck")

    monkeypatch.setattr(checking, "make_reference", fail)
    checked = examine(moving_clip, honest)
    (one,) = checked.renditions
    assert checked.verdict == "ok"
    assert (one.note, one.encoder) == ("own encode at 256x144 failed: out of luck", "none")
    assert one.metrics.ms_ssim_loss is one.metrics.detail is one.metrics.high_pass is None
    assert one.metrics.luma < 3
    assert checked.encoder == "libx264"


# -- fingerprints only


def test_check_segment__fingerprints_only__keeps_no_pictures_and_makes_no_encode(
    moving_clip: bytes, honest: bytes, other_clip: bytes, made: list[Profile]
) -> None:
    full = examine(moving_clip, honest, transcode(other_clip))
    made.clear()
    for isolate in (False, True):
        checked = examine(
            moving_clip, honest, transcode(other_clip), metrics="fingerprint", isolate=isolate
        )
        assert made == []
        assert checked.encoder == "none"
        assert checked.source.frames == checked.renditions[0].decoded.frames == ()
        good, bad = checked.renditions
        assert (good.verdict, bad.verdict) == ("ok", "provable")
        assert (good.encoder, good.note) == ("none", "")
        for few, all_of_it in zip(checked.renditions, full.renditions, strict=True):
            assert few.metrics.ms_ssim_loss is few.metrics.detail is few.metrics.energy is None
            for name in ("luma", "chroma", "grey", "cell"):
                assert getattr(few.metrics, name) == getattr(all_of_it.metrics, name)


# -- arguments


@pytest.mark.parametrize(("renditions", "profiles"), [(2, 1), (0, 1), (1, 0)])
def test_check_segment__other_number_of_profiles__is_an_error(
    moving_clip: bytes, renditions: int, profiles: int
) -> None:
    with pytest.raises(ValueError, match=f"^{renditions} renditions but {profiles} profiles$"):
        check_segment(moving_clip, [b""] * renditions, [PROFILE] * profiles)


def test_check_segment__unknown_device_or_encoder__is_an_error(moving_clip: bytes) -> None:
    with pytest.raises(DeviceError, match="^unknown device 'tpu': use cpu or cuda$"):
        check_segment(moving_clip, [], [], device="tpu")
    with pytest.raises(DeviceError, match="^unknown encoder 'x265': use libx264 or h264_nvenc$"):
        check_segment(moving_clip, [], [], encoder="x265")


def test_check_segment__no_renditions__is_ok(moving_clip: bytes) -> None:
    checked = examine(moving_clip)
    assert (checked.verdict, checked.renditions, checked.encoder) == ("ok", (), "libx264")


def test_check_segment__own_thresholds__are_used_and_named(
    moving_clip: bytes, honest: bytes
) -> None:
    shipped = load_thresholds()
    strict = replace(shipped, flag=replace(shipped.flag, luma=0.01))
    checked = examine(moving_clip, honest, thresholds=strict)
    assert (checked.verdict, codes(checked)) == ("flag", [Code.LUMA])
    assert checked.all_findings[0].limit == 0.01
    assert checked.thresholds_hash == strict.hash != shipped.hash


# -- verdicts


ONE_OF_EACH = {
    "provable": Code.CONTENT_LUMA,
    "severe": Code.CELL_SEVERE,
    "objective": Code.AUDIO,
    "flag": Code.DETAIL,
}


def test_worst__any_two_severities__is_the_heavier_in_any_order() -> None:
    assert [str(one) for one in Severity] == list(ONE_OF_EACH)
    for heavy, light in combinations(ONE_OF_EACH, 2):
        pair = [finding(ONE_OF_EACH[name], "found") for name in (heavy, light)]
        assert worst(pair) == worst(reversed(pair)) == heavy
        assert worst(pair[1:]) == light
    assert worst([]) == "ok"


def test_verdict__findings_of_receipt_and_renditions__is_the_heaviest_of_all() -> None:
    for heavy, light in combinations(ONE_OF_EACH, 2):
        checked = verdict_check(ONE_OF_EACH[light])
        about_receipt = finding(ONE_OF_EACH[heavy], "found")
        assert checked.verdict == light
        assert replace(checked, findings=(about_receipt,)).verdict == heavy
        assert verdict_check(ONE_OF_EACH[light], ONE_OF_EACH[heavy]).verdict == heavy


def test_verdict__unverifiable__counts_what_the_receipt_itself_shows() -> None:
    nothing = replace(verdict_check(unverifiable="no source"), renditions=())
    assert nothing.verdict == "unverifiable"
    contradiction = finding(Code.CONTRADICTION, "found")
    assert replace(nothing, findings=(contradiction,)).verdict == "provable"


def test_severity__codes__weigh_as_the_specification_says() -> None:
    assert {code for code in Code if SEVERITY[code] is Severity.PROVABLE} == {
        Code.CONTENT_LUMA,
        Code.CONTENT_CHROMA,
        Code.CONTENT_GREY,
        Code.CONTRADICTION,
        Code.EQUIVOCATION,
    }
    assert {code for code in Code if SEVERITY[code] is Severity.SEVERE} == {
        Code.FALSE_FINGERPRINT,
        Code.CELL_SEVERE,
    }


# -- JSON


def test_to_json__any_check__is_plain_and_complete(moving_clip: bytes, honest: bytes) -> None:
    checked = examine(moving_clip, honest, b"")
    told = json.loads(json.dumps(checked.to_json(), allow_nan=False))
    assert list(told) == [
        "verdict",
        "unverifiable",
        "findings",
        "renditions",
        "encoder",
        "device",
        "thresholdsVersion",
        "thresholdsHash",
        "cpuSeconds",
    ]
    assert told["verdict"] == "objective"
    assert told["thresholdsHash"] == f"0x{load_thresholds().hash.hex()}"
    assert told["cpuSeconds"] == round(checked.seconds, 3)
    good, empty = told["renditions"]
    assert good["profile"] == PROFILE.to_json()
    assert (good["index"], good["verdict"], good["findings"]) == (0, "ok", [])
    assert good["metrics"]["luma"] == round(checked.renditions[0].metrics.luma, 5)
    assert empty == {
        "index": 1,
        "profile": PROFILE.to_json(),
        "verdict": "objective",
        "findings": [
            {
                "code": "EMPTY",
                "severity": "objective",
                "measured": None,
                "limit": None,
                "text": "no bytes",
            }
        ],
        "metrics": None,
        "encoder": "none",
        "note": "",
    }


def test_to_json__finding__rounds_what_was_measured() -> None:
    told = finding(Code.LUMA, "off", 3.123456, 3.0).to_json()
    assert (told["measured"], told["limit"]) == (3.1235, 3.0)


# -- cost

SCRIPT = """
import resource, sys
from pathlib import Path
import torch
import verifier.metrics  # loaded once a process, not once a segment
from verifier.check import check_segment
from verifier.messages import Profile

torch.set_num_threads(1)
source, small = (Path(name).read_bytes() for name in sys.argv[1:])
WHO = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN

def spent():
    return sum(sum(resource.getrusage(who)[:2]) for who in WHO)

def check(data, profile):
    start = spent()
    checked = check_segment(source, [data], [profile])
    one = checked.renditions[0]
    frames = len(one.metrics.curves.luma)
    print(frames, one.encoder, checked.verdict, checked.seconds, spent() - start)

for _ in range(2):
    check(small, Profile(640, 360, 1_000_000))
check(source, Profile(1280, 720, 2_500_000))
# Of itself the resource counter has what the parent used before it started this.
own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:")).split()[1]
print(max(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024)
"""


def test_check_segment__sixty_frames_of_360p_and_720p__are_within_time_and_memory(
    tmp_path: Path,
) -> None:
    """Requirement 12: a full check from 720p, decoding in isolation and own encode included."""
    clips = tmp_path / "source.mp4", tmp_path / "small.mp4"
    clips[0].write_bytes(encode(real_pictures(60, 1280, 720), options=SOURCE))
    small = {"preset": "veryfast", "b": "1000000", "threads": "1"}
    clips[1].write_bytes(encode(real_pictures(60, 640, 360), options=small))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, clips)],
        capture_output=True,
        env={**os.environ, **ONE_THREAD},
        cwd=Path(__file__).parents[2],
        check=True,
        timeout=120,
    )
    *checks, mebibytes = done.stdout.decode().splitlines()
    seconds = []
    for line in checks:
        frames, encoder, verdict, own, counted = line.split()
        assert (frames, encoder, verdict) == ("60", "libx264", "ok")
        assert float(own) == pytest.approx(float(counted), abs=0.1)
        seconds.append(float(counted))
    assert len(seconds) == 3
    # Whoever else uses the caches of the processor only adds to it.
    small_seconds = min(seconds[:2])
    assert small_seconds <= 4
    assert float(mebibytes) <= 1536
    record(12, "CPU seconds to check 60 frames of 360p in full", f"{small_seconds:.2f}", "<= 4")
    record(12, "MiB that a full check of 720p takes", f"{float(mebibytes):.0f}", "<= 1536")
