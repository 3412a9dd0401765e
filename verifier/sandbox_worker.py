"""The separate process of `verifier.sandbox`: limits itself, decodes, answers, ends.

Usage: python -m verifier.sandbox_worker INPUT_FD OUTPUT_FD ARGUMENTS
"""

from __future__ import annotations

import json
import math
import resource
import sys

from verifier.decode import Planes, decode_into
from verifier.media import Limits, MediaFault
from verifier.sandbox import ANSWER_BYTES, to_answer, write_answer

OPEN_FILES = 16


def limit(limits: Limits) -> None:
    """Give up what decoding does not need; cannot be taken back."""
    seconds = math.ceil(limits.seconds)
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits.picture_bytes + ANSWER_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # Of CPU time the lower limit is the one that names itself when it ends the process.
        above = bound + 1 if what == resource.RLIMIT_CPU and bound < hard else bound
        resource.setrlimit(what, (bound, above if hard != bound else hard))


def main(input_fd: int, output_fd: int, arguments: str) -> None:
    parsed = json.loads(arguments)
    limits = Limits(**parsed["limits"])
    limit(limits)
    shapes: list[tuple[int, int]] = []
    with open(input_fd, "rb") as given, open(output_fd, "wb") as made:

        def write(_pts: int, planes: Planes) -> None:
            shapes[:] = [(plane.shape[0], plane.shape[1]) for plane in planes]
            for plane in planes:
                made.write(plane.tobytes())

        try:
            sink = write if parsed["pictures"] else None
            answer = to_answer(decode_into(sink, given.read(), limits=limits), shapes)
        except MediaFault as fault:
            answer = {"fault": str(fault.code), "reason": fault.reason}
        write_answer(made, answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
