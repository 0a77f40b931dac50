"""The command ``allgreen``: what a bare install can do, and the platform when it is installed."""

from allgreen.cli.front import main

__all__ = ["main"]
