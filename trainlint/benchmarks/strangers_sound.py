"""What is said of sound programs that strangers wrote, and does a watch change what they compute?

python benchmarks/strangers_sound.py [--presets light,full] [PATTERN]
"""

import argparse
from pathlib import Path

from forked import run

SOUND = Path(__file__).parent / "strangers" / "sound"


def main() -> None:
    """Print a line for each program that is not simply healthy, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="*")
    parser.add_argument("--presets", default="light")
    arguments = parser.parse_args()
    programs = sorted(SOUND.glob(f"{arguments.pattern}.py"))
    alarms = fatal = apart = failed = blind = 0
    for path in programs:
        bare = run(path, preset=None)
        if bare.code is None:
            print(f"{path.stem}: ran out of time without a watch; nothing to compare with")
        for preset in arguments.presets.split(","):
            told = run(path, preset=preset)
            state = told.verdict.get("verdict", "no verdict")
            equal = told.code == bare.code and told.weights == bare.weights and told.output == bare.output
            alarms, fatal = alarms + bool(told.codes), fatal + bool(told.fatal)
            apart, blind = apart + (not equal), blind + (state == "Not judged")
            failed += "itself failed" in " ".join(told.verdict.get("blind", ())) or not told.verdict
            if told.codes or not equal or state != "Healthy":
                said = "; ".join(f"{f['code']} {f['evidence']}" for f in told.verdict.get("findings", ()))
                print(f"{path.stem} ({preset}): {state}; {said or 'no finding'}{'' if equal else '; OTHER RESULT'}")
    runs = len(programs) * len(arguments.presets.split(","))
    print(f"{len(programs)} sound programs, {runs} runs: {alarms} with an alarm, {fatal} with a fatal one, ", end="")
    print(f"{blind} not judged, {failed} in which the watch failed, {apart} with another result than without it")


if __name__ == "__main__":
    main()
