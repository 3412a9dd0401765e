"""`ape run devnet`: a whole network on this machine, run on real video. See devnet/run.py."""

from devnet.cli import cli

__all__ = ["cli"]
