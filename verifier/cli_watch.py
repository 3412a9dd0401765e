"""`python -m verifier watch`: a long-running verifier and what it prints."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event as Flag
from types import FrameType
from typing import Any

import click
from eth_utils.address import is_address, to_checksum_address
from rich.console import Console
from rich.text import Text

from verifier.authentic import IsSigner, signers_listed
from verifier.check import SegmentCheck, check_segment
from verifier.cli_records import HOME, standings_table
from verifier.devices import DeviceError, resolve_device, resolve_encoder
from verifier.exporter import Metrics
from verifier.keyfile import KeyFileError, read_or_create
from verifier.messages import Domain
from verifier.options import device_options, load_limits, stop
from verifier.proofs import SignedSegment
from verifier.sampling import WHOLE, RatePolicy, SamplingError
from verifier.spool import Place, SpoolError, open_place, read_domain, read_signers, signers_from
from verifier.state import State, StateError
from verifier.store import EVIDENCE_WINDOW, EvidenceStore, StoreError
from verifier.thresholds import Thresholds
from verifier.watch import EPOCH_SECONDS, Check, Event, Settings, Watcher

EXPECTED = (DeviceError, KeyFileError, SamplingError, SpoolError, StateError, StoreError)


class DomainType(click.ParamType):
    """CHAINID:ADDRESS of the SlashingVerifier that signatures are for."""

    name = "domain"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Domain:
        chain, _, contract = str(value).partition(":")
        if not chain.isdecimal() or not is_address(contract):
            self.fail(f"{value!r} is not CHAINID:ADDRESS", param, ctx)
        return Domain(int(chain), to_checksum_address(contract))


@click.command()
@click.argument("place")
@click.option(
    "--store",
    "store_url",
    default=str(HOME / "evidence"),
    show_default=True,
    help="Where evidence is kept: a folder or any URL that fsspec can write to.",
)
@click.option(
    "--state",
    "state_folder",
    default=HOME / "state",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what this verifier remembers.",
)
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="32 bytes in hex that draws are made with; made in the state folder if absent.",
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Key that signs reports, 32 bytes in hex; made in the state folder if absent.",
)
@click.option(
    "--domain",
    type=DomainType(),
    metavar="CHAINID:ADDRESS",
    help="Chain and SlashingVerifier of the signatures; the place's own without it.",
)
@click.option(
    "--signers",
    "signers_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON of orchestrators and their signing keys; the place's list without it.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.01,
    show_default=True,
    help="Share of receipts to check.",
)
@click.option(
    "--raised-rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="The share for new and for flagged orchestrators.",
)
@click.option("--once", is_flag=True, help="Check what is there and end.")
@click.option("--reveal", is_flag=True, help="End the epoch before ending: publish all draws.")
@click.option(
    "--poll",
    "poll_seconds",
    type=click.FloatRange(min=0.05),
    default=2.0,
    show_default=True,
    help="Seconds between two looks at the place.",
)
@click.option(
    "--epoch",
    "epoch_seconds",
    type=click.IntRange(min=1),
    default=EPOCH_SECONDS,
    show_default=True,
    help="Seconds until a secret is revealed and replaced.",
)
@click.option(
    "--keep",
    "window",
    type=click.IntRange(min=1),
    default=EVIDENCE_WINDOW,
    show_default=True,
    help="Seconds that evidence is kept; held cases stay.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65_535),
    help="Serve Prometheus metrics on this port of 127.0.0.1.",
)
@click.option(
    "--metrics-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write Prometheus metrics to a file after each look.",
)
@device_options
def watch(place: str, **options: Any) -> None:
    """Check signed segments in PLACE as they arrive: a folder, or a URL where a node serves one.

    Every receipt is read and tested for contradictions; a share of them, drawn by a secret that is
    revealed later, is decoded and checked. Evidence goes to the store; an interrupted run goes on
    where it was.
    """
    try:
        _watch(place, **options)
    except EXPECTED as error:
        stop(str(error))


def _watch(
    place: str, *, store_url: str, state_folder: Path, secret_file: Path | None,
    key_file: Path | None, domain: Domain | None, signers_file: Path | None, rate: float,
    raised_rate: float, once: bool, reveal: bool, poll_seconds: float, epoch_seconds: int,
    window: int, metrics_port: int | None, metrics_file: Path | None, device: str,
    allow_cpu: bool, encoder: str, thresholds: Path | None,
) -> None:  # fmt: skip
    limits = load_limits(thresholds)
    resolve_device(device, allow_cpu=allow_cpu)
    resolve_encoder(encoder)
    opened = open_place(place)
    settings = Settings(
        domain=domain or read_domain(opened),
        thresholds=limits,
        policy=RatePolicy(round(rate * WHOLE), round(raised_rate * WHOLE)),
        epoch_seconds=epoch_seconds,
        window=window,
        standings=state_folder / "standings.json",
    )
    state = State(state_folder / "state.sqlite")
    metrics = Metrics()
    with ExitStack() as stack:
        stack.callback(state.close)
        if metrics_port is not None:
            stack.enter_context(_served(metrics, metrics_port))
        watcher = Watcher(
            opened,
            state,
            EvidenceStore(store_url),
            settings,
            check=_checker(device, allow_cpu, encoder, limits),
            is_signer=_signers(opened, signers_file),
            key=read_or_create(key_file or state_folder / "report.key"),
            master=read_or_create(secret_file or state_folder / "draws.secret"),
            metrics=metrics,
        )
        stopped = stack.enter_context(_stopped_by_signals())
        _loop(watcher, stopped, once=once, pause=poll_seconds, metrics_file=metrics_file)
        if reveal:
            watcher.reveal()
        if once:
            Console().print(standings_table(watcher.standings()))


def _loop(
    watcher: Watcher, stopped: Flag, *, once: bool, pause: float, metrics_file: Path | None
) -> None:
    """Look and check until told to stop; a place that cannot be reached is tried again."""
    console = Console(stderr=True)
    with console.status("watching") as status:
        while True:
            try:
                for step in (watcher.poll, watcher.work):
                    for event in _until(stopped, step()):
                        _tell(event, console)
                        status.update(_progress(watcher.metrics))
            except SpoolError as error:
                if once:
                    raise
                _tell(Event(f"{error}; trying again", False), console)
            if metrics_file is not None:
                watcher.metrics.write(metrics_file)
            status.update(_progress(watcher.metrics))
            if once or stopped.wait(pause):
                return


def _until(stopped: Flag, events: Iterable[Event]) -> Iterator[Event]:
    for event in events:
        yield event
        if stopped.is_set():
            return


def _tell(event: Event, console: Console) -> None:
    """Findings are results and go to stdout; that all is well is progress."""
    if event.good:
        console.print(Text(event.text, "dim"))
    else:
        click.echo(event.text)


def _progress(metrics: Metrics) -> str:
    def total(name: str, **labels: str) -> str:
        return f"{metrics.value(name, **labels):.0f}"

    drawn, skipped = (
        metrics.value("verifier_receipts_total", result=result) for result in ("drawn", "skipped")
    )
    return (
        f"{drawn + skipped:.0f} receipts, {drawn:.0f} drawn, "
        f"{total('verifier_checks_total', verdict='ok')} ok, {total('verifier_queue')} waiting"
    )


def _checker(device: str, allow_cpu: bool, encoder: str, limits: Thresholds) -> Check:
    def check(signed: SignedSegment, source: bytes, renditions: Sequence[bytes]) -> SegmentCheck:
        wanted = [*signed.profiles, *[None] * len(renditions)][: len(renditions)]
        return check_segment(
            source,
            renditions,
            wanted,
            device=device,
            allow_cpu=allow_cpu,
            encoder=encoder,
            thresholds=limits,
            signed=signed,
        )

    return check


def _signers(place: Place, file: Path | None) -> IsSigner:
    """Read again for each receipt that does not fit: keys are registered while we watch."""

    def read() -> dict[str, str]:
        if file is None:
            return read_signers(place)
        try:
            return signers_from(json.loads(file.read_text()), str(file))
        except (OSError, ValueError) as error:
            raise SpoolError(f"{file}: {error}") from None

    known = [signers_listed(read())]

    def is_signer(orchestrator: str, signer: str) -> bool:
        if not known[0](orchestrator, signer):
            known[0] = signers_listed(read())
        return known[0](orchestrator, signer)

    return is_signer


@contextmanager
def _served(metrics: Metrics, port: int) -> Iterator[None]:
    try:
        server = metrics.served(port)
        with server as taken:
            click.echo(f"metrics: http://127.0.0.1:{taken}/metrics", err=True)
            yield
    except OSError as error:
        stop(f"metrics port {port}: {error.strerror}")


@contextmanager
def _stopped_by_signals() -> Iterator[Flag]:
    """Set by Ctrl-C or SIGTERM: the check that runs is finished, the next one is not begun."""
    stopped = Flag()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    before: dict[signal.Signals, Any] = {}
    for one in (signal.SIGINT, signal.SIGTERM):
        before[one] = signal.signal(one, handle)
    try:
        yield stopped
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
