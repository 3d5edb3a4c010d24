"""What is said of sound programs that strangers wrote, and does a watch change what they compute?

python benchmarks/strangers_sound.py [--presets light,full] [--jobs N] [--results FOLDER] [--programs FOLDER] [PATTERN]
"""

import argparse
from pathlib import Path
from typing import Any

from forked import under
from kept import Plan

SOUND = Path(__file__).parent / "strangers" / "sound"


def main() -> None:
    """Print a line for each program that is not simply healthy, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="*")
    parser.add_argument("--presets", default="light")
    parser.add_argument("--programs", type=Path, metavar="FOLDER", default=SOUND, help="other sound programs")
    Plan.options(parser)
    arguments = parser.parse_args()
    plan = Plan.of(arguments)
    programs = sorted(arguments.programs.glob(f"{arguments.pattern}.py"))
    bare = plan.collect("sound_unwatched", programs, under(None))
    for preset in arguments.presets.split(","):
        told = plan.collect("sound" if preset == "light" else f"sound_{preset}", programs, under(preset))
        for path in programs:
            found = told[path.stem]
            other = "" if equal(found, bare[path.stem]) else "; OTHER RESULT"
            if found["codes"] or other or found["state"] != "Healthy":
                print(f"{path.stem} ({preset}): {found['state']}; {' '.join(found['codes']) or 'no finding'}{other}")
        print(f"{preset}: {counts([told[p.stem] for p in programs])}; {compared(told, bare)}")


def equal(watched: dict[str, Any], bare: dict[str, Any]) -> bool:
    """True where the program ended alike, with the same weights bit by bit.

    Args:
        watched: a row under a watch.
        bare: the row of the same program without one.
    """
    return watched["code"] == bare["code"] and watched["weights"] == bare["weights"]


def counts(watched: list[dict[str, Any]]) -> str:
    """The counts in one line.

    Args:
        watched: rows under a watch.
    """
    return (
        f"{len(watched)} sound programs: {sum(bool(w['codes']) for w in watched)} with an alarm, "
        f"{sum(bool(w['fatal']) for w in watched)} with a fatal one, "
        f"{sum(w['state'] == 'Not judged' for w in watched)} not judged, "
        f"{sum(w['failed'] for w in watched)} in which the watch failed"
    )


def compared(watched: dict[str, dict[str, Any]], bare: dict[str, dict[str, Any]]) -> str:
    """How many ended otherwise than without a watch.

    Args:
        watched: rows under a watch, by program.
        bare: rows of programs without one.
    """
    both = [name for name in watched if name in bare]
    apart = sum(not equal(watched[name], bare[name]) for name in both)
    return f"{apart} of {len(both)} ended with another exit code or other weights than without a watch"


if __name__ == "__main__":
    main()
