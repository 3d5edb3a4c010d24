"""`ris simulate`: draw scenes and write them to a scene file, or to shards."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ...data import config_digest, save_scenes, simulate
from ...data.behind import shown_behind
from ...data.writable import check_writable
from ...experiment import Experiment
from ...physics import Hardware
from ...units import counted
from ..arguments import experiment_of
from ..forms.simulate_shards import check_form, write_splits
from ..memory import drawn_bytes, fitting, require
from ..options.scenes.array_option import array_file
from ..options.scenes.hardware import behind_of, hardware_for
from ..showing.output import Bar, print_json


def run(arguments: argparse.Namespace) -> None:
    """Draw, write, and say what was written."""
    check_form(arguments)
    experiment = experiment_of(arguments)
    if arguments.shards is not None:
        write_splits(arguments, experiment)
        return
    check_writable(arguments.out, overwrite=arguments.force, read=_read(arguments))
    dtype = torch.complex128 if arguments.double else torch.complex64
    needed = drawn_bytes(experiment.scenario, experiment.scenes, dtype)
    fits = fitting(needed, experiment.scenes)
    fewer = ("write shards, which are streamed: --shards DIR --split train=N", f"at most --scenes {fits}")
    smaller = ("take a smaller panel or fewer antennas, snapshots or frequencies: one scene does not fit",)
    require(needed, f"{counted(experiment.scenes, 'scene')} in one file", fewer if fits else smaller)
    hardware, behind = hardware_for(arguments, experiment), behind_of(arguments)
    summary = write(experiment, arguments.out, dtype, hardware, behind, overwrite=arguments.force)
    if arguments.json:
        print_json(summary)
        return
    least, most, snr = summary["sources"]["least"], summary["sources"]["most"], summary["source_snr_db"]
    size, drawn = f"{summary['bytes'] / 1e6:.1f} MB", f"{least} to {most} sources{shown_behind(behind)}"
    print(f"{summary['scenes']} scenes of {drawn} in {arguments.out} ({size})")
    print(f"SNR of a source: {snr['least']:.1f} to {snr['most']:.1f} dB, median {snr['median']:.1f} dB")
    print(f"configuration {summary['digest']}")


def _read(arguments: argparse.Namespace) -> tuple[Path | None, ...]:
    """The files that the command reads, which it never replaces."""
    return arguments.config, array_file(arguments), arguments.calibration


def write(
    experiment: Experiment,
    path: Path,
    dtype: torch.dtype,
    hardware: Hardware | None = None,
    behind: Mapping[str, Any] | None = None,
    *,
    overwrite: bool,
) -> dict[str, Any]:
    """Simulate an experiment into a file.

    Args:
        experiment: what to draw.
        path: the scene file.
        dtype: precision kept.
        hardware: that the scenes are drawn behind; None is a nominal panel.
        behind: the same as plain values, for the configuration that the file names.
        overwrite: replace an existing file.

    Returns:
        The JSON document of `ris simulate`.
    """
    with Bar("simulating") as bar:
        scenes = simulate(experiment.scenario, experiment.scenes, experiment.seed, dtype, bar, hardware)
    config, note = experiment.to_plain(), f"simulated{shown_behind(behind)}"
    config |= {} if behind is None else {"behind": dict(behind)}
    save_scenes(path, scenes.observation, scenes.truth, config=config, note=note, overwrite=overwrite)
    snr = scenes.truth.source_snr_db[scenes.truth.present].double()
    counts = scenes.truth.sources
    return {
        "file": str(path),
        "scenes": len(scenes),
        "sources": {"least": int(counts.min()), "most": int(counts.max())},
        "source_snr_db": {"least": snr.min().item(), "median": snr.median().item(), "most": snr.max().item()},
        "bytes": path.stat().st_size,
        "config": config,
        "digest": config_digest(config),
    }
