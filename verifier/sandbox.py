"""Decoding in a separate process, for bytes that strangers sent.

The process gets the bytes and nothing else: limits on memory, CPU and files that it sets itself
before it reads them, an empty environment, no way to start another process, and an end by the wall
clock. It answers with JSON and raw planes in a file that has no name; nothing it writes is executed
or unpickled here, so a decoder that is taken over gains wrong pictures at most.
Source: verification issue, section 1 (hostile media); spec section 9, requirement 3.
"""

from __future__ import annotations

import json
import mmap
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np

from verifier.csf import Fingerprint, Picture
from verifier.media import Decoded, Limits, MediaCode, MediaFault, check_bytes

FOOTER = 8  # bytes: length of the JSON before it, big endian
ANSWER_BYTES = 64 << 20  # the most that the JSON may take
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    # One heap that keeps what is freed: else page faults take half of the decoding time.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 28),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
}


def decode_isolated(data: bytes, *, limits: Limits | None = None, pictures: bool = True) -> Decoded:
    """As `verifier.decode.decode`, in a process of its own. Raises MediaFault.

    Frames are views of a private file mapping: writable, and nothing is copied until it is used.
    """
    limits = limits or Limits()
    check_bytes(len(data), limits)
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as made,
        tempfile.TemporaryFile() as said,
    ):
        given.write(data)
        given.flush()
        given.seek(0)
        code = _run(given, made, said, limits, pictures)
        if code:
            said.seek(0)
            raise _end(code, said.read(1 << 16), limits)
        return _answer(made)


def _run(given: IO[bytes], made: IO[bytes], said: IO[bytes], limits: Limits, pictures: bool) -> int:
    """Run the process to its end, or kill it; its exit code."""
    descriptors = given.fileno(), made.fileno()
    arguments = json.dumps({"limits": asdict(limits), "pictures": pictures})
    process = subprocess.Popen(
        [
            sys.executable,
            # Without the folder of the script and of the user: only the path below.
            *("-P", "-s", "-m", "verifier.sandbox_worker"),
            *(str(fd) for fd in descriptors),
            arguments,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=said,
        pass_fds=descriptors,
        env={**ENVIRONMENT, "PYTHONPATH": str(Path(__file__).parents[1])},
        start_new_session=True,
    )
    deadline = time.monotonic() + limits.seconds
    try:
        # Nothing is read: its end closes the pipe, and waiting for that is quicker than polling.
        select.select([process.stdout], [], [], limits.seconds)
        return process.wait(timeout=max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return -signal.SIGXCPU
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _end(code: int, said: bytes, limits: Limits) -> MediaFault:
    """What a process that ended without an answer means."""
    if code == -signal.SIGXCPU:
        return MediaFault(MediaCode.TIME, f"not decoded within {limits.seconds:g} s")
    text = said.decode(errors="replace").strip()
    if "MemoryError" in text or code == -signal.SIGKILL:
        return MediaFault(MediaCode.MEMORY, f"decoding takes more than {limits.memory} bytes")
    last = text.splitlines()[-1] if text else "nothing said"
    return MediaFault(MediaCode.CRASHED, f"decoder ended with {code}: {last}")


def write_answer(file: IO[bytes], answer: Mapping[str, Any]) -> None:
    """End the file of planes with the answer. The process's side of `_answer`."""
    text = json.dumps(answer).encode()
    file.write(text + len(text).to_bytes(FOOTER, "big"))
    file.flush()


def to_answer(decoded: Decoded, shapes: list[tuple[int, int]]) -> dict[str, Any]:
    """A result without its frames, whose planes of these shapes were written before it."""
    return {
        **{k: v for k, v in vars(decoded).items() if k not in ("frames", "times", "fps")},
        "times": list(decoded.times),
        "fps": str(decoded.fps) if decoded.fps else None,
        "audio_packets": [packet.hex() for packet in decoded.audio_packets],
        "fingerprint": decoded.fingerprint.to_json() if decoded.fingerprint else None,
        "shapes": shapes,
    }


def _answer(made: IO[bytes]) -> Decoded:
    size = os.fstat(made.fileno()).st_size
    try:
        made.seek(size - FOOTER)
        length = int.from_bytes(made.read(FOOTER), "big")
        if length > min(ANSWER_BYTES, size - FOOTER):
            raise ValueError("answer has no end")
        made.seek(size - FOOTER - length)
        answer = json.loads(made.read(length))
        if "fault" in answer:
            fault = MediaFault(MediaCode(answer["fault"]), str(answer["reason"]))
        else:
            return _to_decoded(answer, made, size - FOOTER - length)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise MediaFault(MediaCode.CRASHED, f"decoder answered nonsense: {error}") from None
    raise fault


def _to_decoded(answer: dict[str, Any], made: IO[bytes], picture_bytes: int) -> Decoded:
    """Inverse of `to_answer`; every number is checked before memory is read by it."""
    shapes = [(int(height), int(width)) for height, width in answer["shapes"]]
    times = tuple(int(pts) for pts in answer["times"])
    provable = answer["fingerprint"] is not None
    return Decoded(
        frames=_map_frames(made, picture_bytes, shapes, times) if shapes else (),
        times=times,
        width=int(answer["width"]),
        height=int(answer["height"]),
        container=str(answer["container"]),
        codec=str(answer["codec"]),
        pix_fmt=str(answer["pix_fmt"]),
        fps=Fraction(answer["fps"]) if answer["fps"] else None,
        audio_codec=answer["audio_codec"] and str(answer["audio_codec"]),
        audio_packets=tuple(bytes.fromhex(packet) for packet in answer["audio_packets"]),
        fingerprint=Fingerprint.from_json(answer["fingerprint"]) if provable else None,
        unprovable=None if provable else str(answer["unprovable"]),
    )


def _map_frames(
    made: IO[bytes], picture_bytes: int, shapes: list[tuple[int, int]], times: tuple[int, ...]
) -> tuple[Picture, ...]:
    sizes = [height * width for height, width in shapes]
    if len(sizes) != 3 or min(sizes) <= 0 or sum(sizes) * len(times) != picture_bytes:
        raise ValueError("planes and frames do not fit")
    memory = mmap.mmap(made.fileno(), picture_bytes, access=mmap.ACCESS_COPY)
    frames, at = [], 0
    for pts in times:
        planes = []
        for shape, count in zip(shapes, sizes, strict=True):
            planes.append(np.frombuffer(memory, np.uint8, count, at).reshape(shape))
            at += count
        y, u, v = planes
        frames.append((pts, y, u, v))
    return tuple(frames)
