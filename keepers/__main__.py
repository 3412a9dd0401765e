"""`python -m keepers`."""

from keepers.cli import cli

if __name__ == "__main__":
    cli(prog_name="python -m keepers")
