"""Print how we compare: ``python -m bench [SECTION …] [--rounds N]``."""

import argparse
from collections.abc import Callable, Sequence
from typing import Final

from bench import library, pages, probe, screens, vitals
from bench.ratio import Ratio, render

SECTIONS: Final[dict[str, Callable[[int], list[Ratio]]]] = {
    "probe": probe.run,
    "pages": pages.run,
    "library": library.run,
    "screens": screens.run,
    "first-screens": vitals.run,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sections asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds, at least 5")
    asked = parser.parse_args(arguments)
    unknown = set(asked.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    for name in asked.sections or SECTIONS:
        print(f"\n{name}\n")
        print(render(SECTIONS[name](max(5, asked.rounds))), flush=True)


if __name__ == "__main__":
    main()
