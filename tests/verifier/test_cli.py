"""`python -m verifier check`, `audit`, `standing`: verdicts, exit codes, one line on bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.verifier.clips import encode, moving
from tests.verifier.watching import verdict_check
from verifier import cli as commands
from verifier.cli import cli
from verifier.findings import Code
from verifier.messages import Profile
from verifier.options import PROFILE

ROOT = Path(__file__).parents[2]


def run(*arguments: object) -> Result:
    result = CliRunner(mix_stderr=False).invoke(cli, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def assert_one_line(result: Result, text: str) -> None:
    """Exit code 2, and one line that says what is wrong."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert text in line


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    files = {
        "source.mp4": encode(moving(24, 320, 180), sound=True),
        "honest.mp4": encode(moving(24, 320, 180), sound=True, options={"crf": "23"}),
        "other.mp4": encode(moving(24, 320, 180, seed=5), sound=True),
        "short.mp4": encode(moving(12, 320, 180), sound=True),
        "garbage.mp4": bytes(range(256)) * 40,
        "page.mp4": b"<!doctype html><title>not found</title>",
        "empty.mp4": b"",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {name.partition(".")[0]: folder / name for name in files}


def test_check__honest__is_ok(clips: dict[str, Path]) -> None:
    result = run("check", clips["source"], clips["honest"])
    assert result.exit_code == 0
    assert "OK: the renditions show the source" in result.stdout
    assert "320x180" in result.stdout


def test_check__as_json__has_every_number_and_nothing_else(clips: dict[str, Path]) -> None:
    result = run(
        "check", clips["source"], clips["other"], "--json", "--profile", "320x180@400k",
        "--fingerprint-only",
    )  # fmt: skip
    assert result.exit_code == 5
    data = json.loads(result.stdout)
    assert data["verdict"] == "provable"
    assert data["renditions"][0]["profile"] == {"width": 320, "height": 180, "bitrate": 400_000}
    assert data["renditions"][0]["metrics"]["luma"] > 8


def test_check__bad_and_hostile_renditions__each_have_a_line(
    clips: dict[str, Path], tmp_path: Path
) -> None:
    names = ("other", "short", "garbage", "page", "empty")
    report = tmp_path / "deep" / "report.html"
    result = run(
        "check", clips["source"], *(clips[name] for name in names), "--fingerprint-only",
        "--report", report,
    )  # fmt: skip
    assert result.exit_code == 5
    for name, code in zip(
        names, ("CONTENT_LUMA", "FRAME_COUNT", "garbage.mp4: ", "page.mp4: ", "EMPTY"), strict=True
    ):
        assert f"{name}.mp4" in result.stdout
        assert code in result.stdout
    assert report.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("name", ["garbage", "page", "empty"])
def test_check__hostile_rendition_alone__is_objective(clips: dict[str, Path], name: str) -> None:
    result = run("check", clips["source"], clips[name])
    assert result.exit_code == 3
    assert "OBJECTIVE FAULT" in result.stdout


@pytest.mark.parametrize("name", ["garbage", "page", "empty"])
def test_check__hostile_source__is_unverifiable(clips: dict[str, Path], name: str) -> None:
    result = run("check", clips[name], clips["honest"])
    assert result.exit_code == 2
    assert "UNVERIFIABLE: the source cannot be decoded" in result.stdout


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), 0),
        ((Code.STILL,), 1),
        ((Code.AUDIO, Code.STILL), 3),
        ((Code.CELL_SEVERE, Code.AUDIO), 4),
        ((Code.CONTENT_CHROMA, Code.CELL_SEVERE), 5),
    ],
)
def test_check__every_verdict__has_its_exit_code(
    clips: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    codes: tuple[Code, ...],
    expected: int,
) -> None:
    monkeypatch.setattr(commands, "check_segment", lambda *_, **__: verdict_check(*codes))
    assert run("check", clips["source"], clips["honest"]).exit_code == expected
    text = " ".join(run("check", "--help").stdout.split())
    assert "0 ok, 1 quality flag, 2 usage" in text


def test_check__file_that_is_not_there__is_one_line(clips: dict[str, Path]) -> None:
    assert_one_line(run("check", clips["source"], "missing.mp4"), "missing.mp4: No such file")


def test_check__endless_file__is_one_line(clips: dict[str, Path], tmp_path: Path) -> None:
    endless = tmp_path / "endless.ts"
    with endless.open("wb") as file:
        file.truncate(10**12)
    assert_one_line(run("check", clips["source"], endless), "longer than")


def test_check__profiles_that_do_not_match__is_one_line(clips: dict[str, Path]) -> None:
    result = run("check", clips["source"], clips["honest"], "--profile", "320x180@1M",
                 "--profile", "160x90@1M")  # fmt: skip
    assert_one_line(result, "2 profiles for 1 renditions")


def test_check__gpu_that_is_not_there__is_one_line_unless_allowed(
    clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.devices._why_no_cuda", lambda: "no CUDA device here")
    arguments = ("check", clips["source"], clips["honest"], "--device", "cuda")
    assert_one_line(run(*arguments), "--allow-cpu")
    result = run(*arguments, "--allow-cpu", "--fingerprint-only")
    assert result.exit_code == 0
    assert "cpu (no CUDA device here)" in result.stdout


@pytest.mark.parametrize("text", ["{}", "not json", '{"version": 99}'])
def test_check__unusable_thresholds__is_one_line(
    clips: dict[str, Path], tmp_path: Path, text: str
) -> None:
    file = tmp_path / "limits.json"
    file.write_text(text)
    result = run("check", clips["source"], clips["honest"], "--thresholds", file)
    assert_one_line(result, "limits.json")


def test_check__report_that_cannot_be_written__is_one_line(clips: dict[str, Path]) -> None:
    result = run("check", clips["source"], clips["honest"], "--json", "--fingerprint-only",
                 "--report", clips["source"] / "report.html")  # fmt: skip
    assert result.exit_code == 2
    assert result.stderr.strip().splitlines()[-1].endswith((": Not a directory", ": File exists"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("640x360@1200k", Profile(640, 360, 1_200_000)),
        ("1280X720@4M", Profile(1280, 720, 4_000_000)),
        ("426x240@0.7m", Profile(426, 240, 700_000)),
        ("426x240@700000", Profile(426, 240, 700_000)),
    ],
)
def test_profile__written_in_any_way__is_read(text: str, expected: Profile) -> None:
    assert PROFILE.convert(text, None, None) == expected


@pytest.mark.parametrize(
    "text", ["", "640x360", "0x360@1M", "70000x2@1M", "640x360@5000M", "axb@c"]
)
def test_profile__malformed__is_refused(clips: dict[str, Path], text: str) -> None:
    result = run("check", clips["source"], clips["honest"], "--profile", text)
    assert result.exit_code == 2
    assert "Invalid value for '--profile'" in result.stderr


def test_module__as_a_command__runs_without_traceback(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"junk" * 100)
    done = subprocess.run(
        [sys.executable, "-m", "verifier", "check", str(junk), str(junk)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "UNVERIFIABLE" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
