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
from tests.chaos.checks import CHECKS, IN_MEMORY, ON_ANVIL, run
from tests.chaos.report import Check
from tests.chaos.score import record


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--tenths", type=int, default=10, choices=range(1, 11))
    parser.add_argument("--jobs", type=int, default=3, help="at once; most of them mostly wait")
    parser.add_argument("--only", nargs="*", choices=CHECKS, default=list(CHECKS))
    parser.add_argument("--record", action="store_true", help="write docs/keepers-score.md")
    options = parser.parse_args()
    whole = options.tenths == 10 and len(options.only) == len(CHECKS)
    if options.record and not whole:
        parser.error("--record needs a whole run: leave out --tenths and --only")
    start, found = time.monotonic(), dict[str, list[Check]]()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=spawn, max_tasks_per_child=1) as pool:
        running = {pool.submit(run, name, options.tenths): name for name in options.only}
        beside = pool.submit(side_by_side)
        for future in as_completed(running):
            name = running[future]
            found[name] = future.result()
            for check in found[name]:
                click.echo(check.line())
            click.echo(f"{name}: over at {time.monotonic() - start:.0f} s", err=True)
        for line in beside.result():
            click.echo(line)
    seconds, checks = time.monotonic() - start, sum(found.values(), [])
    passed = sum(check.passed for check in checks)
    click.echo(f"{passed} of {len(checks)} checks passed, in {seconds:.0f} s")
    if passed < len(checks):
        return 1
    if options.record:
        on_anvil, others = (
            sum((found[name] for name in names), []) for names in (ON_ANVIL, IN_MEMORY)
        )
        record(on_anvil, others, beside.result(), seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
