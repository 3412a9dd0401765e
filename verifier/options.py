"""Options that several commands share, and how a command ends on bad input."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from verifier.devices import CPU, CUDA, ENCODERS, SOFTWARE_ENCODER
from verifier.messages import Profile
from verifier.thresholds import Thresholds, ThresholdsError, load_thresholds

USAGE = 2
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_PROFILE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})@([0-9]{1,9}(?:\.[0-9]{1,3})?)([km]?)", re.I)

F = TypeVar("F", bound=Callable[..., Any])


class ProfileType(click.ParamType):
    """WxH@BITRATE, in pixels and bits per second, with k or M for thousands or millions."""

    name = "profile"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Profile:
        found = _PROFILE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not WxH@BITRATE, as in 640x360@1200k", param, ctx)
        width, height = int(found[1]), int(found[2])
        bitrate = round(float(found[3]) * _UNITS[found[4].lower()])
        if not (0 < width < 1 << 16 and 0 < height < 1 << 16 and 0 < bitrate < 1 << 32):
            self.fail(f"{value!r}: a side has 1 to 65,535 pixels, a bitrate 32 bits", param, ctx)
        return Profile(width, height, bitrate)


PROFILE = ProfileType()


def device_options(command: F) -> F:
    """--device, --allow-cpu, --encoder and --thresholds."""
    for option in (
        click.option("--thresholds", type=click.Path(path_type=Path, dir_okay=False),
                     help="Limits to judge by; the shipped ones without it."),
        click.option("--encoder", type=click.Choice(ENCODERS), default=SOFTWARE_ENCODER,
                     show_default=True, help="For the verifier's own encode."),
        click.option("--allow-cpu", is_flag=True,
                     help="Fall back to the CPU if the device is not there."),
        click.option("--device", type=click.Choice([CPU, CUDA]), default=CPU, show_default=True,
                     help="Where metrics are computed; an absent one is an error."),
    ):  # fmt: skip
        command = option(command)
    return command


def load_limits(path: Path | None) -> Thresholds:
    try:
        return load_thresholds(path)
    except ThresholdsError as error:
        stop(str(error))


def stop(problem: str) -> NoReturn:
    """End with one line on stderr and the exit code of a wrong usage."""
    click.echo(f"verifier: {problem}", err=True)
    raise SystemExit(USAGE)
