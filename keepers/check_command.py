"""`python -m keepers check`: the command around the preflight."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from keepers.core.config_fields import ConfigError, Problem
from keepers.core.config_file import load
from keepers.core.findings import Finding
from keepers.core.logs import Redactor, install, secrets_in
from keepers.core.preflight import check as preflight


@click.command(short_help="Find every mistake before the first transaction")
@click.option("--config", "path", required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, on stdout.")
def check(path: Path, as_json: bool) -> None:
    """Look at everything that keepers need, in at most five seconds. Signs and sends nothing.

    Every finding names its key in the configuration. The exit code is 1 if one of them is an error.
    """
    redactor = Redactor()
    try:
        config = load(path, os.environ)
    except ConfigError as trouble:
        findings = [_finding(one) for one in trouble.problems]
    else:
        redactor = Redactor(secrets_in(config))
        install(config.log, redactor)
        findings = preflight(config)
    errors = sum(one.is_error for one in findings)
    if as_json:
        lines = [one.to_json() for one in findings]
        click.echo(redactor.clean(json.dumps({"ok": not errors, "findings": lines})))
    else:
        for one in findings:
            click.echo(redactor.clean(str(one)))
        warnings = len(findings) - errors
        counts = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
        click.echo(counts if findings else "all is well")
    # Not by an exception: a thread that waits for an endpoint must not be waited for.
    sys.exit(1 if errors else 0)


def _finding(one: Problem) -> Finding:
    if not one.key:
        return Finding(one.place, one.text)
    return Finding(one.key, f"{one.text} ({one.place})")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
