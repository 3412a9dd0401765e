"""`python -m keepers run`: the command around a configuration and its keepers."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import click
from rich.console import Console

from keepers.core import plan
from keepers.core.config import Config
from keepers.core.config_fields import ConfigError
from keepers.core.config_file import load, reload
from keepers.core.logs import Redactor, install, secrets_in
from keepers.core.model import KeeperError
from keepers.core.plan import PlanLine
from keepers.core.preflight import check
from keepers.core.runner import Runner
from keepers.run import assemble, fee_policy, spending_limits
from keepers.ticker import run_every

WIDTH = 140  # a transaction hash on one line

LOG = logging.getLogger("keepers")


@click.command(short_help="Initialise rounds and call rewards, as a configuration says")
@click.option("--config", "path", required=True, type=click.Path(path_type=Path))
@click.option("--live", is_flag=True, help="Send transactions. Without it nothing is signed.")
@click.option("--once", is_flag=True, help="One look at everything, then stop.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per look, on stdout.")
def run(path: Path, live: bool, once: bool, as_json: bool) -> None:
    """Run the keepers of a configuration; a dry run unless --live is given.

    A dry run says what would be done, whenever that changes. Can be stopped at any time and started
    again. SIGHUP reads fees, limits and log from the configuration anew.
    """
    redactor = Redactor()
    try:
        config = load(path, os.environ)
        redactor = Redactor(secrets_in(config))
        _listen(config, live, redactor)
        if live:
            _check(config)
        runner = assemble(config, live=live)
    except KeeperError as error:
        raise click.ClickException(redactor.clean(str(error))) from None
    show = Screen(live, as_json).show
    with closing(runner):
        if once:
            show(lines := runner.tick())
            if not lines:
                raise SystemExit(1)
        else:
            run_every(config.poll_seconds, _Tick(runner, show, path, config, live, redactor))


def _listen(config: Config, live: bool, redactor: Redactor) -> None:
    """A dry run shows its plan; what else there is to tell is trouble."""
    install(config.log if live else replace(config.log, level="warning"), redactor)


def _check(config: Config) -> None:
    """Raises KeeperError for what does not pass by itself."""
    findings = check(config, sending=False)
    for one in findings:
        level = logging.ERROR if one.is_error else logging.WARNING
        LOG.log(level, "%s: %s", one.key, one.text)
    if not all(one.passes for one in findings):
        raise KeeperError("not started: repair the errors above; `check` shows them again")


class _Tick:
    """One tick; before it, the configuration is read again if a SIGHUP has come."""

    def __init__(
        self,
        runner: Runner,
        show: Callable[[Sequence[PlanLine]], None],
        path: Path,
        config: Config,
        live: bool,
        redactor: Redactor,
    ) -> None:
        self._runner, self._show = runner, show
        self._path, self._config = path, config
        self._live, self._redactor = live, redactor
        self._hung_up = Event()
        signal.signal(signal.SIGHUP, lambda _number, _frame: self._hung_up.set())

    def __call__(self) -> None:
        try:
            if self._hung_up.is_set():
                self._hung_up.clear()
                self._reload()
            self._show(self._runner.tick())
        except Exception:  # the next tick starts from the chain and the journal again
            LOG.exception("this tick ended too early, by an error that nobody expected")

    def _reload(self) -> None:
        try:
            self._config, restart = reload(self._path, self._config, os.environ)
        except ConfigError as error:
            LOG.error("SIGHUP: the configuration stays as it was: %s", error)
            return
        _listen(self._config, self._live, self._redactor)
        self._runner.adopt(fee_policy(self._config.fees), spending_limits(self._config.limits))
        LOG.warning("SIGHUP: fees, limits and log are those of %s now", self._path)
        if restart:
            LOG.warning("SIGHUP: only a restart puts in force: %s", ", ".join(restart))


@dataclass
class Screen:
    """The plan on standard output: as JSON, else as a table when something is decided otherwise.

    Fees and reasons change with every block, so they do not count as a change. A live run tells
    what it does in its log.
    """

    live: bool
    as_json: bool

    def __post_init__(self) -> None:
        self._shown: list[tuple[str, str, str, str]] | None = None

    def show(self, lines: Sequence[PlanLine]) -> None:
        if self.as_json:
            click.echo(json.dumps(plan.to_json(lines, live=self.live)))
            return
        decided = [(one.keeper, one.kind, one.subject, one.verdict) for one in lines]
        if self.live or decided == self._shown:
            return
        self._shown = decided
        if lines:
            Console(width=WIDTH).print(plan.to_table(lines))
        click.echo(plan.summary(lines, live=self.live))
