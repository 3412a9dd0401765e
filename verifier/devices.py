"""Which hardware a check runs on: named by the caller, tried before use, never guessed.

Encoders and hardware decoders that a build lists need not work on this machine (a CUDA build
without a driver lists `h264_nvenc`), so both are probed by opening them.
Source: verification spec, section 2 and requirement 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
from av.codec.hwaccel import HWAccel

CPU, CUDA = "cpu", "cuda"
SOFTWARE_ENCODER = "libx264"
HARDWARE_ENCODER = "h264_nvenc"
ENCODERS = (SOFTWARE_ENCODER, HARDWARE_ENCODER)
# NVENC refuses pictures much smaller than this.
_PROBE_SIZE = 256


class DeviceError(ValueError):
    """A device or encoder that is unknown or not there; one line that says what to do."""


@dataclass(frozen=True)
class Device:
    """Where torch computes. `text` is what a report says, with why it is not the one asked for."""

    name: str
    text: str


@dataclass(frozen=True)
class Encoder:
    """An encoder that opens here. `note` says why it is not the one asked for, else it is empty."""

    name: str
    note: str = ""

    @property
    def text(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name


def resolve_device(name: str, *, allow_cpu: bool = False) -> Device:
    """The device asked for. Raises DeviceError if it is absent, unless `allow_cpu`."""
    if name == CPU:
        return Device(CPU, CPU)
    if name != CUDA:
        raise DeviceError(f"unknown device {name!r}: use {CPU} or {CUDA}")
    missing = _why_no_cuda()
    if missing is None:
        import torch

        return Device(CUDA, f"{CUDA} ({torch.cuda.get_device_name(0)})")
    if not allow_cpu:
        raise DeviceError(f"{missing}: use --device {CPU}, or add --allow-cpu to fall back to it")
    return Device(CPU, f"{CPU} ({missing})")


def _why_no_cuda() -> str | None:
    # Imported here: on the CPU a check of fingerprints alone needs no torch.
    import torch

    if torch.cuda.is_available():
        return None
    return "no CUDA device here"


def resolve_encoder(name: str) -> Encoder:
    """The H.264 encoder asked for if it opens, else libx264. Raises DeviceError if unknown."""
    if name not in ENCODERS:
        raise DeviceError(f"unknown encoder {name!r}: use {' or '.join(ENCODERS)}")
    problem = encoder_problem(name)
    if problem is None:
        return Encoder(name)
    if name == SOFTWARE_ENCODER:
        raise DeviceError(f"{name} does not open ({problem}): install a PyAV build that has it")
    return Encoder(SOFTWARE_ENCODER, f"{name} does not open: {problem}")


@cache
def encoder_problem(name: str) -> str | None:
    """Why an encoder does not open on this machine; None if it does."""
    try:
        context = av.CodecContext.create(name, "w")
        context.width = context.height = _PROBE_SIZE
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, 30)
        context.open()
    except av.FFmpegError as error:
        return str(error.strerror)
    except ValueError as error:  # the build has no such encoder
        return str(error)
    return None


def open_hwaccel(device: Device, data_format: str = "h264") -> HWAccel | None:
    """Hardware decoding for the verifier's own encode; None where it does not work.

    Never used for what is delivered: only the software decoder's pictures can be proven. FFmpeg's
    own fallback covers a stream that the hardware cannot decode, not a device that is missing, so
    the device is created here once and a failure is an answer.
    """
    if device.name != CUDA:
        return None
    try:
        accel = HWAccel(CUDA, allow_software_fallback=True)
        accel.create(av.Codec(data_format, "r"))
    except (av.FFmpegError, NotImplementedError, ValueError):
        return None
    return accel
