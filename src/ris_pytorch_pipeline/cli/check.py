"""`ris check`: which convention explains the measurements of a scene file, and what its geometry cannot tell."""

import argparse
from dataclasses import asdict
from typing import Any

import torch

from ..bench import contender
from ..data import load_scenes
from ..estimate import Estimator, SearchRegion
from ..estimate.fit import Note, Trial, better, explains, notes, try_conventions
from ..experiment import fit, parse_toml_value
from ..physics import Observation
from .locate import region_for
from .output import print_json

NOT_EXPLAINED = 1
"""Exit code where the stated convention does not explain the measurements."""
_WIDTH = 80


def run(arguments: argparse.Namespace) -> int:
    """Read some scenes, try the conventions, say which one holds."""
    file = load_scenes(arguments.file, last=arguments.scenes)
    region = region_for(arguments, file)
    seen = file.observation.to(dtype=torch.complex128)
    sources = None if arguments.sources == "auto" else fit(int, parse_toml_value(arguments.sources), "sources")
    trials = try_conventions(seen, lambda other: _estimator(other, region), sources)
    remarks = notes(seen, region) if not trials[0].refused else []
    if arguments.json:
        print_json(document(arguments, trials, remarks))
    else:
        for line in [*table(trials), *said(trials), *remarked(remarks)]:
            print(line)
    return 0 if explains(trials) else NOT_EXPLAINED


def _estimator(seen: Observation, region: SearchRegion) -> Estimator:
    return contender("sml" if seen.symbols == "random" else "pilot", region)


def document(arguments: argparse.Namespace, trials: list[Trial], remarks: list[Note]) -> dict[str, Any]:
    """The JSON document of `ris check`."""
    return {
        "file": str(arguments.file),
        "explains": explains(trials),
        "conventions": [asdict(trial) for trial in trials],
        "better": [trial.name for trial in better(trials)],
        "notes": [asdict(note) for note in remarks],
    }


def table(trials: list[Trial]) -> list[str]:
    """One line for each convention, 80 columns at most."""
    lines = [f"{'convention':35}{'explained':>10}{'evidence':>10}{'sources':>9}{'fits':>8}"]
    for trial in trials:
        if trial.refused:
            lines.append(f"{trial.name:35} {'refused: ' + trial.refused:.{_WIDTH - 36}}")
        else:
            numbers = f"{trial.explained:10.2f}{trial.evidence:10.0f}{trial.order:9.1f}{trial.good:8.0%}"
            lines.append(f"{trial.name:35}{numbers}")
    return lines


def said(trials: list[Trial]) -> list[str]:
    """The verdict in words."""
    ahead = better(trials)
    if explains(trials):
        return ["The stated convention explains the data."]
    if ahead:
        first = ahead[0].name
        return [f"The stated convention does not explain the data; with '{first}' they are explained."]
    return [
        "No convention that was tried explains the data.",
        "  likely cause: other codes, another channel or array than stated, or too little SNR",
        "  next: check one source at a known place; otherwise calibrate",
    ]


def remarked(remarks: list[Note]) -> list[str]:
    """What the geometry cannot tell."""
    return [
        line
        for note in remarks
        for line in (f"note: {note.what}", f"  likely cause: {note.cause}", f"  next: {note.move}")
    ]
