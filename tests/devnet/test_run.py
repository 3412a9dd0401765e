"""The whole network on four seconds of the sample, and what is left behind: nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

import av
import pytest

from devnet.cutting import LEAD_IN
from devnet.winners import WinnerFile
from tests.devnet.clips import frame_times
from tests.support.anvil import find_anvil
from tests.support.contracts import ROOT

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
# Compiling comes first and takes longest.
PATIENCE = 300
ORCHESTRATORS = 4


def _environment(**extra: str) -> dict[str, str]:
    ours = ("CHEAT", "CLIP", "KEEP", "SEED")
    clean = {key: value for key, value in os.environ.items() if key not in ours}
    return clean | {"PYTHONUNBUFFERED": "1"} | extra


class Run:
    """A run in its own process group, as a terminal starts it."""

    def __init__(self, output: Path, *arguments: str, command: Sequence[str], **env: str) -> None:
        self._log = output.with_suffix(".log")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--output", str(output), *arguments],
                cwd=ROOT,
                env=_environment(**env),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, text: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            seen = self._log.read_text()
            if text in seen:
                return seen
            assert self.process.poll() is None, seen
            time.sleep(0.1)
        raise AssertionError(f"never said {text!r}")

    def text(self) -> str:
        return self._log.read_text()

    def descendants(self) -> set[int]:
        parents = _parents()
        found = {self.process.pid}
        while True:
            more = {pid for pid, parent in parents.items() if parent in found} - found
            if not more:
                return found - {self.process.pid}
            found |= more

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _parents() -> dict[int, int]:
    """Parent of every process that is not merely waiting for its own."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, parent, *_ = (folder / "stat").read_text().rsplit(") ", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if state != "Z":
                parents[int(folder.name)] = int(parent)
    return parents


def _all_gone(pids: set[int], *, within: float = 20) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not pids & set(_parents()):
            return True
        time.sleep(0.1)
    return False


@dataclass(frozen=True)
class Finished:
    """A run that went to its end. `answering` nodes were up until it was interrupted."""

    output: Path
    text: str
    code: int
    answering: int = 0


def _run(folder: Path, *, keep: bool = False, **env: str) -> Finished:
    """`ape run devnet` on four seconds, as its users start it."""
    output = folder / "devnet"
    ape = str(Path(sys.executable).with_name("ape"))
    settings = env | {"KEEP": "1"} if keep else env
    run = Run(output, "--seconds", "4", command=(ape, "run", "devnet"), **settings)
    answering = 0
    try:
        if keep:
            run.wait_for("chain and nodes stay up until Ctrl-C")
            answering = _interrupt_when_all_answer(run)
        code = run.process.wait(PATIENCE)
    finally:
        run.kill()
    return Finished(output, run.text(), code, answering)


def _interrupt_when_all_answer(run: Run) -> int:
    """Ctrl-C, after every node was asked; nothing may be left of it. Returns how many nodes."""
    text = run.wait_for(f"orchestrator {ORCHESTRATORS} http")
    children = run.descendants()
    urls = set(re.findall(r"(http://127\.0\.0\.1:\d+/status)", text))
    for url in urls:
        with urlopen(url, timeout=10) as answer:
            assert answer.status == 200
    os.killpg(run.process.pid, signal.SIGINT)
    run.process.wait(60)
    assert _all_gone(children)
    return len(urls)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run that was kept up when it was through, and interrupted then."""
    return _run(tmp_path_factory.mktemp("run"), keep=True, SEED="7")


@pytest.fixture(scope="module")
def cheated(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return _run(tmp_path_factory.mktemp("cheat"), CHEAT="black")


def test_run__keep__nodes_answer_until_interrupted_and_are_gone_then(finished: Finished) -> None:
    assert finished.answering == ORCHESTRATORS
    assert finished.code == 0


def test_run__four_seconds__books_balance(finished: Finished) -> None:
    assert finished.code == 0, finished.text
    assert re.search(r"^books: .* checks, balance to the wei$", finished.text, re.MULTILINE)


def test_run__four_seconds__hls_output_plays_every_frame(finished: Finished) -> None:
    hls = finished.output / "hls"
    expected = [n / 25 for n in range(100)]
    for playlist in ("master.m3u8", "360p/index.m3u8", "240p/index.m3u8"):
        times = [float(time - LEAD_IN) for time in frame_times(hls / playlist)]
        assert times == pytest.approx(expected, abs=1e-4), playlist
    with av.open(str(hls / "360p" / "0.ts")) as first:
        assert (first.streams.video[0].width, first.streams.video[0].height) == (640, 360)
        assert first.streams.audio[0].codec_context.name == "aac"


def test_run__four_seconds__every_winner_is_redeemed(finished: Finished) -> None:
    kept = [
        winner
        for number in range(1, ORCHESTRATORS + 1)
        for winner in WinnerFile(finished.output / "nodes" / str(number) / "winners.jsonl").read()
    ]
    assert kept
    told = [int(count) for count in re.findall(r"redeem +(\d+) winning", finished.text)]
    assert sum(told) == len(kept)
    totals = next(line for line in finished.text.splitlines() if line.strip().startswith("all "))
    _, _, segments, _, _, won, paid, *_ = totals.split()
    assert (int(segments), int(won), int(paid)) == (10, len(kept), len(kept))


def test_run__four_seconds__orchestrators_are_found_on_chain(finished: Finished) -> None:
    assert finished.text.count(f"{ORCHESTRATORS} orchestrators found on chain") == 2
    assert len(set(re.findall(r"segment +\d+ +(orchestrator \d)", finished.text))) > 1


def test_run__four_seconds__stake_decides_and_the_treasury_pays(finished: Finished) -> None:
    told = re.search(
        r"decide .* ([\d,.]+) LPT for, ([\d,.]+) against, ([\d,.]+) abstain; the keeper queues "
        r"and executes it, ([\d,.]+) LPT leave the treasury",
        finished.text,
    )
    assert told, finished.text
    in_favour, against, abstain, paid = (float(text.replace(",", "")) for text in told.groups())
    assert in_favour > against > 0 < abstain
    assert paid == 100


def test_run__four_seconds__report_shows_it_by_itself(finished: Finished) -> None:
    text = (finished.output / "report.html").read_text()
    assert "balance to the wei" in text
    assert text.count('<img src="data:image/jpeg;base64,') == 12
    assert '<video controls muted loop playsinline poster="data:image/jpeg' in text
    assert not re.search(r'(?:src|href)="(?!data:)', text)
    for title in ("Orchestrators", "Delegators", "Treasury", "Where all LPT is", "Gas"):
        assert f"<h2>{title}</h2>" in text
    assert "Winning tickets" in text
    assert text.count("gov-chart") > 1


def test_run__four_seconds__deployment_is_recorded(finished: Finished) -> None:
    record = json.loads((finished.output / "deployment.json").read_text())
    assert record["chain_id"] == 31337
    assert "BondingManager" in json.dumps(record)


# -- one of them cheats; each cheat by itself: test_cheats.py


def approx(amount: Decimal) -> object:
    return pytest.approx(amount, abs=Decimal("0.011"))


def test_run__black_pictures__are_proven_and_cost_stake(cheated: Finished) -> None:
    assert cheated.code == 0, cheated.text
    story = re.search(
        r"content proven on chain, ([\d.,]+) LPT of ([\d.,]+) cut, ([\d.,]+) to the finder",
        cheated.text,
    )
    assert story, cheated.text
    cut, bond, reward = (Decimal(amount.replace(",", "")) for amount in story.groups())
    # Shown to a hundredth; that it is exact to the wei is what the run's exit code says.
    assert cut == approx(bond / 100)
    assert reward == approx(cut / 5)
    assert re.search(r"^books: .* checks, balance to the wei$", cheated.text, re.MULTILINE)


def test_run__black_pictures__report_carries_the_evidence(cheated: Finished) -> None:
    text = (cheated.output / "report.html").read_text()
    assert "the stake is cut" in text
    (page,) = re.findall(r'class="evidence"[^>]* src="data:text/html[^,]*,([^"]+)"', text)
    evidence = b64decode(page).decode()
    assert "CONTENT_LUMA" in evidence
    assert evidence.count("<svg") >= 2
    assert not re.search(r'(?:src|href)="(?!data:)', text)


# -- input that cannot be used


def _fails(tmp_path: Path, *arguments: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "devnet", "--output", str(tmp_path / "out"), *arguments],
        cwd=ROOT,
        env=_environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    return done.stdout


def test_run__no_video__one_line(tmp_path: Path) -> None:
    notes = tmp_path / "notes.mp4"
    notes.write_text("this is no video\n" * 100)
    text = _fails(tmp_path, CLIP=str(notes))
    assert text.count("\n") == 1
    assert text.startswith(f"devnet: {notes}: ")
    assert not (tmp_path / "out").exists()


def test_run__no_such_clip__one_line(tmp_path: Path) -> None:
    text = _fails(tmp_path, "--clip", "nowhere.mp4")
    assert text == "devnet: nowhere.mp4: no such file\n"


def test_run__output_holds_other_things__is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "out" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years of work")
    text = _fails(tmp_path)
    assert text == f"devnet: {precious.parent}: holds other things; give --output an empty folder\n"
    assert precious.read_text() == "years of work"


# -- ending early


@pytest.fixture
def start(tmp_path: Path) -> Iterator[type[Run]]:
    started: list[Run] = []

    def start_run(*arguments: str) -> Run:
        command = (sys.executable, "-m", "devnet")
        run = Run(tmp_path / "devnet", "--seconds", "4", *arguments, command=command)
        started.append(run)
        return run

    yield start_run  # type: ignore[misc]
    for run in started:
        run.kill()


@pytest.mark.parametrize(
    ("end", "to_group", "code"),
    [
        (signal.SIGINT, True, 130),
        (signal.SIGTERM, False, 143),
        (signal.SIGKILL, False, -9),
    ],
    ids=["ctrl-c", "terminate", "kill"],
)
def test_run__ended_in_the_middle__leaves_no_process(
    start: type[Run], end: signal.Signals, to_group: bool, code: int
) -> None:
    run = start()  # type: ignore[call-arg]
    run.wait_for("  nodes ")
    children = run.descendants()
    # Four nodes, and anvil behind the launcher that npm installs.
    assert len(children) >= ORCHESTRATORS + 1
    if to_group:
        os.killpg(run.process.pid, end)
    else:
        run.process.send_signal(end)
    assert run.process.wait(60) == code
    assert _all_gone(children)
    assert "Traceback" not in run.text()
