"""make keeper-chaos: the keepers in trouble, one line for each thing that is checked.

    requirement <tab> name <tab> measured <tab> limit <tab> pass or FAIL

Then the same trouble for our keeper and two baselines, side by side. Ends with 1 if a check fails.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

import click

from tests.chaos.baselines import side_by_side
from tests.chaos.checks import CHECKS, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--tenths", type=int, default=10, choices=range(1, 11))
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.add_argument("--only", nargs="*", choices=CHECKS, default=list(CHECKS))
    options = parser.parse_args()
    start, failed, count = time.monotonic(), 0, 0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=spawn, max_tasks_per_child=1) as pool:
        beside = pool.submit(side_by_side)
        running = {pool.submit(run, name, options.tenths): name for name in options.only}
        for future in as_completed(running):
            for check in future.result():
                click.echo(check.line())
                count, failed = count + 1, failed + (not check.passed)
            seconds = time.monotonic() - start
            click.echo(f"{running[future]}: over at {seconds:.0f} s", err=True)
        for line in beside.result():
            click.echo(line)
    click.echo(f"{count - failed} of {count} checks passed, in {time.monotonic() - start:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
