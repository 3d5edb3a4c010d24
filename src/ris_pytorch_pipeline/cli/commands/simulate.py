"""`ris simulate`: draw scenes and write them to a scene file, or to shards."""

import argparse
from pathlib import Path
from typing import Any

import torch

from ...data import save_scenes, simulate
from ...data.writable import check_writable
from ...experiment import Experiment
from ...physics import Scenes
from ...units import counted
from ..arguments import experiment_of
from ..forms.simulate_shards import check_form, write_splits
from ..memory import drawn_bytes, fitting, require
from ..options.scenes.array_option import array_file
from ..showing.output import Bar, print_json


def run(arguments: argparse.Namespace) -> None:
    """Draw, write, and say what was written."""
    check_form(arguments)
    experiment = experiment_of(arguments)
    if arguments.shards is not None:
        write_splits(arguments, experiment)
        return
    check_writable(arguments.out, overwrite=arguments.force, read=(arguments.config, array_file(arguments)))
    dtype = torch.complex128 if arguments.double else torch.complex64
    needed = drawn_bytes(experiment.scenario, experiment.scenes, dtype)
    fits = fitting(needed, experiment.scenes)
    fewer = ("write shards, which are streamed: --shards DIR --split train=N", f"at most --scenes {fits}")
    smaller = ("take a smaller panel or fewer antennas, snapshots or frequencies: one scene does not fit",)
    require(needed, f"{counted(experiment.scenes, 'scene')} in one file", fewer if fits else smaller)
    summary = write(experiment, arguments.out, dtype, overwrite=arguments.force)[1]
    if arguments.json:
        print_json(summary)
        return
    least, most, snr = summary["sources"]["least"], summary["sources"]["most"], summary["source_snr_db"]
    print(
        f"{summary['scenes']} scenes of {least} to {most} sources in {arguments.out} ({summary['bytes'] / 1e6:.1f} MB)"
    )
    print(f"SNR of a source: {snr['least']:.1f} to {snr['most']:.1f} dB, median {snr['median']:.1f} dB")
    print(f"configuration {summary['digest']}")


def write(
    experiment: Experiment, path: Path, dtype: torch.dtype, *, overwrite: bool
) -> tuple[Scenes, dict[str, Any]]:  # fmt: skip
    """Simulate an experiment into a file.

    Args:
        experiment: what to draw.
        path: the scene file.
        dtype: precision kept.
        overwrite: replace an existing file.

    Returns:
        The scenes, and the JSON document of `ris simulate`.
    """
    with Bar("simulating") as bar:
        scenes = simulate(experiment.scenario, experiment.scenes, experiment.seed, dtype, bar)
    config = experiment.to_plain()
    save_scenes(path, scenes.observation, scenes.truth, config=config, note="simulated", overwrite=overwrite)
    snr = scenes.truth.source_snr_db[scenes.truth.present].double()
    counts = scenes.truth.sources
    return scenes, {
        "file": str(path),
        "scenes": len(scenes),
        "sources": {"least": int(counts.min()), "most": int(counts.max())},
        "source_snr_db": {"least": snr.min().item(), "median": snr.median().item(), "most": snr.max().item()},
        "bytes": path.stat().st_size,
        "config": config,
        "digest": experiment.digest,
    }
