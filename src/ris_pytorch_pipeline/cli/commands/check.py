"""`ris check`: which convention explains the measurements of a scene file, and what its geometry cannot tell."""

import argparse
import math
from dataclasses import asdict
from textwrap import fill
from typing import Any

import torch

from ...calibrate import applied_to, load_calibration
from ...data import count_scenes, load_scenes
from ...errors import ConfigurationError
from ...estimate import Estimator, SearchRegion, contender, likelihood_for
from ...estimate.fit import NOISE_ESTIMATED, WIDER, Note, Trial, better, capture_notes, explains, notes, try_conventions
from ...importing import note_of_truth
from ...physics import Observation, Truth, is_mixed
from ..memory import read_bytes, require
from ..options.scenes.counts import count_of
from ..options.scenes.field_of_view import region_for
from ..showing.output import print_json
from ..showing.tables import print_table, table_of

NOT_EXPLAINED = 1
"""Exit code where the stated convention does not explain the measurements."""
_NAME = 32
"""Characters of a convention's name in one line of the table."""


def run(arguments: argparse.Namespace) -> int:
    """Read some scenes, try the conventions, say which one holds.

    Raises:
        ConfigurationError: no scene asked for.
    """
    if arguments.scenes < 1:
        raise ConfigurationError("--scenes >= 1", str(arguments.scenes), "a sign, or a count left at zero", "raise it")
    held = count_scenes(arguments.file)
    require(
        read_bytes(arguments.file, held, arguments.scenes), f"the scenes in {arguments.file}",
        ("lower --scenes",),
    )  # fmt: skip
    file = load_scenes(arguments.file, last=arguments.scenes)
    if arguments.calibration is not None:
        file = applied_to(file, load_calibration(arguments.calibration))
    region = region_for(arguments, file)
    seen = file.observation.to(dtype=torch.complex128)
    sources = count_of(arguments.sources)
    trials = try_conventions(
        seen,
        lambda other: _estimator(other, region),
        sources,
        lambda other: _estimator(other, region.wider(other.array)),
    )
    remarks = capture_notes(file.observation)
    if not trials[0].refused:
        remarks += [*notes(seen, region), *_of_truth(seen, file.truth, region)]
    if arguments.json:
        print_json(document(arguments, trials, remarks))
    else:
        print_trials(trials)
        for line in [*said(trials, region), *remarked(remarks)]:
            print(line)
    return 0 if explains(trials) else NOT_EXPLAINED


def _of_truth(seen: Observation, truth: Truth | None, region: SearchRegion) -> list[Note]:
    """Whether the positions that the file states explain its scenes."""
    if truth is None:
        return []
    several = seen.symbols == "known" or is_mixed(seen.symbols)
    note = note_of_truth(
        seen, truth.positions.to(torch.float64), _estimator(seen, region)(seen, None if several else 1)
    )
    return [] if note is None else [note]


def _estimator(seen: Observation, region: SearchRegion) -> Estimator:
    return contender(likelihood_for(seen.symbols), region)


def document(arguments: argparse.Namespace, trials: list[Trial], remarks: list[Note]) -> dict[str, Any]:
    """The JSON document of `ris check`."""
    return {
        "file": str(arguments.file),
        "explains": explains(trials),
        "conventions": [asdict(trial) for trial in trials],
        "better": [trial.name for trial in better(trials)],
        "notes": [asdict(note) for note in remarks],
    }


def print_trials(trials: list[Trial]) -> None:
    """One line for each convention, and why one was refused."""
    table = table_of("", ("convention", "explained", "evidence", "sources", "fits"))
    for trial in trials:
        numbers = f"{trial.explained:.2f}", f"{trial.evidence:.0f}", f"{trial.order:.1f}", f"{trial.good:.0%}"
        shown = numbers if trial.searched else (numbers[0], "-", "-", "-")
        table.add_row(fill(trial.name, _NAME), *(("refused", "", "", "") if trial.refused else shown))
    print_table(table)
    if not all(trial.searched for trial in trials):
        print("-: not searched, as one source explains too little with it")
    for trial in trials:
        if trial.refused:
            print(f"{trial.name} is refused: {trial.refused}")


def said(trials: list[Trial], region: SearchRegion) -> list[str]:
    """The verdict in words."""
    ahead = better(trials)
    if explains(trials):
        return ["The stated convention explains the data.", *outside(trials[-1], region)]
    if ahead:
        first = ahead[0].name
        return [
            f"The stated convention does not explain the data; with '{first}' they are explained.",
            *outside(ahead[0], region),
            *waved(first),
        ]
    if all(trial.refused for trial in trials):
        return [
            "No convention could be tried: each was refused, as said above.",
            "  next: mend what the stated one is refused for; of a large array narrow the field or take fewer elements",
        ]
    return [
        "No convention that was tried explains the data.",
        "  likely cause: other codes, another channel or array than stated, too little SNR, or more sources asked for"
        " than there are",
        "  next: check one source at a known place; otherwise calibrate",
    ]


def waved(name: str) -> list[str]:
    """How data of another wavefront, or of another noise, are located."""
    if name == NOISE_ESTIMATED:
        return [
            "  next: leave the noise variance out, or state σ² of an antenna in the units of the measurements squared"
        ]
    wave = name.removeprefix("wavefront ")
    if wave == name:
        return []
    return [f'  next: import again with wavefront = "{wave}", or pass Array(..., wavefront="{wave}")']


def outside(trial: Trial, region: SearchRegion) -> list[str]:
    """Where the sources of a wider field are that lie outside the stated one."""
    if trial.name != WIDER or trial.good == 0:
        return []
    found = torch.tensor(trial.places, dtype=torch.float64).reshape(-1, 3)
    near, far = region.distance
    out = ~region.holds(found) | (found[:, 2] < near) | (found[:, 2] > far)
    lines = [
        f"  a source at azimuth {math.degrees(a):.1f}°, elevation {math.degrees(e):.1f}°, distance {r:.2f} m lies "
        "outside the searched field"
        for a, e, r in found[out].tolist()
    ]
    return [*lines, "  next: widen --azimuth-deg, --elevation-deg or --distance"] if lines else []


def remarked(remarks: list[Note]) -> list[str]:
    """What the geometry cannot tell."""
    return [
        line
        for note in remarks
        for line in (f"note: {note.what}", f"  likely cause: {note.cause}", f"  next: {note.move}")
    ]
