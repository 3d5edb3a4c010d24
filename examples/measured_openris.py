"""Where was the receiver? Locates every receiver position of a measured OpenRIS far-field capture with `PilotMl`.

    python examples/measured_openris.py openris_tx120_vv.npz [--plot angles.png] [--json] [--calibrate]

Data: OpenRIS, 16 x 16 one-bit cells, transmit and receive horn 8.3 m away on a horizontal semicircle (DOI
10.5281/zenodo.7415741, measurements/ff_singletile), read as an .npz file with the fields that `mapping` names; not
shipped here.

By reciprocity a receiver position is one unknown source p, heard by one known antenna at the transmitter:
y_c = Σ_n g_n code_cn a_n(p) s with c = 1..11, g the exact spherical wave from the transmit horn and s constant. The
mean over the codes is taken from codes and measurements alike: it removes every path that no code changes.

With `--calibrate` every second position teaches `ris_pytorch_pipeline.calibrate` what the tile's codes really are and
how far its ± is to be trusted, and the others are located with that; then the reverse. No position is located with
gains that have seen it.
"""

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ris_pytorch_pipeline.calibrate import Calibration, calibrate, coverage, deviation_scale, known_scenes
from ris_pytorch_pipeline.errors import InputError, RisError
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, SearchRegion, Status
from ris_pytorch_pipeline.importing import Folder, Imported, mapping_of, scenes_of

BROADSIDE_DEG = 90.0
WINDOW_DEG = (15.0, 165.0)
"""Receiver angles that are located and searched."""
SPACING_HZ = 40e6
"""Spacing of the frequencies whose likelihoods are joined."""
WRONG_DEG, WRONG_DEVIATIONS = 3.0, 5.0
"""An answer is wrong if it is off by more than the step of the positions, or by more than so many of its ±."""


@dataclass(frozen=True, eq=False)
class Located:
    """Receiver angles and their ± in degrees as the campaign counts them, and which answers carry a finding."""

    angle: Tensor
    deviation: Tensor
    marked: Tensor

    @classmethod
    def of(cls, estimate: Estimate, scale: Tensor | None = None) -> "Located":
        """The angles of an estimate; its ± times a scale that other positions taught."""
        deviations = estimate.deviations if scale is None else estimate.deviations * scale
        angle = estimate.positions[:, 0, 0].rad2deg() + BROADSIDE_DEG
        marked = torch.tensor([status is not Status.CONVERGED for status in estimate.status])
        return cls(angle, deviations[:, 0, 0].rad2deg(), marked)


def load(path: Path, frequency_ghz: float | None) -> Imported:
    """The receiver positions inside the window, one scene each, at one frequency or one every 40 MHz.

    Raises:
        RisError: a file that cannot be read, or lacks a field.
    """
    folder = Folder(path=path.parent)
    angles = torch.from_numpy(folder.read(path.name, "rx_angle_deg", "rx_angle_deg").values.astype(float))
    hertz = torch.from_numpy(folder.read(path.name, "frequency_hz", "frequency_hz").values.astype(float))
    inside = (angles >= WINDOW_DEG[0]) & (angles <= WINDOW_DEG[1])
    distance = float(folder.read(path.name, "distance_m", "distance_m").values)
    spacing = float(folder.read(path.name, "element_spacing_m", "element_spacing_m").values)
    frequencies, scenes = pick_frequencies(hertz, frequency_ghz), inside.nonzero().flatten().tolist()
    text = mapping(path.name, scenes, frequencies, distance, spacing)
    return scenes_of(mapping_of(text), folder)


def mapping(file: str, scenes: list[int], frequencies: list[int], distance: float, spacing: float) -> dict[str, object]:
    """What each field of the capture is; the same as TOML would do for `ris import`."""
    angle = {"unit": "deg", "offset": -BROADSIDE_DEG}
    far = {"value": distance, "unit": "m"}
    return {
        "file": file,
        "symbols": "pilot",
        "remove_mean": True,
        "panel": {"horizontal": 16, "vertical": 16, "spacing": spacing, "unit": "m"},
        "frequency": {"array": "frequency_hz", "unit": "Hz", "axes": ["frequency"], "pick": {"frequency": frequencies}},
        "measurements": {
            "array": "s43", "axes": ["scene", "snapshot", "frequency"],
            "pick": {"scene": scenes, "frequency": frequencies},
        },
        # Columns are numbered as seen from the front: the first is at the largest y.
        "codes": {"array": "codes", "axes": ["snapshot", "vertical", "horizontal"], "reverse": ["horizontal"]},
        "antennas": {"azimuth": {"array": "tx_angle_deg", **angle}, "distance": far},
        "truth": {
            "azimuth": {"array": "rx_angle_deg", "axes": ["scene"], "pick": {"scene": scenes}, **angle},
            "distance": far,
        },
    }  # fmt: skip


def pick_frequencies(hertz: Tensor, frequency_ghz: float | None) -> list[int]:
    """The nearest frequency to the one asked for, or one every 40 MHz over the band.

    Raises:
        InputError: a frequency outside the captured band.
    """
    if frequency_ghz is None:
        wanted = torch.arange(float(hertz[0]), float(hertz[-1]) + 1, SPACING_HZ, dtype=torch.float64)
        return (hertz[:, None] - wanted).abs().argmin(0).unique().tolist()
    if not float(hertz[0]) <= frequency_ghz * 1e9 <= float(hertz[-1]):
        raise InputError(
            f"a frequency from {float(hertz[0]) / 1e9:g} to {float(hertz[-1]) / 1e9:g} GHz",
            f"{frequency_ghz:g}",
            "another unit, or a frequency that was not captured",
            "pass gigahertz, or leave it out to use the whole band",
        )
    return [int((hertz - frequency_ghz * 1e9).abs().argmin())]


def estimator_for(capture: Imported) -> PilotMl:
    """Maximum likelihood over the window, at elevation 0 and the known distance."""
    low, high = (math.radians(angle - BROADSIDE_DEG) for angle in WINDOW_DEG)
    distance = float(positions_of(capture)[0, 0, 2])
    return PilotMl(region=SearchRegion(azimuth=(low, high), elevation=(0.0, 0.0), distance=(distance, distance)))


def positions_of(capture: Imported) -> Tensor:
    """(scene, 1, 3), where the receivers were."""
    assert capture.truth is not None
    return capture.truth.positions


def locate(capture: Imported) -> Located:
    """Every receiver, with the tile as its makers describe it."""
    return Located.of(estimator_for(capture)(capture.observation, sources=1))


def locate_calibrated(capture: Imported) -> Located:
    """The same, each half of the positions behind a calibration that the other half taught."""
    observation, positions, estimator = capture.observation, positions_of(capture), estimator_for(capture)
    halves, places = [], []
    for held_out in (0, 1):
        odd = torch.arange(len(observation)) % 2
        taught, rows = torch.nonzero(odd != held_out).squeeze(1), torch.nonzero(odd == held_out).squeeze(1)
        learnt = calibrate(known_scenes(observation[taught], positions[taught]))
        scale, _ = deviation_scale(observation[taught], positions[taught], learnt.choice, estimator)
        calibration = Calibration.of(learnt, observation[taught])
        halves.append(Located.of(estimator(calibration.applied(observation[rows]), sources=1), scale))
        places.append(rows)
    order = torch.cat(places).argsort()
    return Located(*(torch.cat([vars(half)[name] for half in halves])[order] for name in vars(halves[0])))


def figures(true: Tensor, located: Located) -> dict[str, float | int]:
    """How many; median, root mean square and 90th percentile of the angle error; coverage of 90 % intervals.

    `wrong` counts the answers that are off by more than `WRONG_DEG` or `WRONG_DEVIATIONS`, and `unmarked` those of
    them whose status is `converged`.
    """
    error, deviation = located.angle - true, located.deviation
    size = error.abs()
    wrong = (size > WRONG_DEG) | (size > WRONG_DEVIATIONS * deviation)
    return {
        "n": len(size),
        "median_deg": round(float(size.quantile(0.5)), 4),
        "rmse_deg": round(float(size.square().mean().sqrt()), 4),
        "p90_deg": round(float(size.quantile(0.9)), 4),
        "coverage": round(coverage(error, deviation), 4),
        "wrong": int(wrong.sum()),
        "unmarked": int((wrong & ~located.marked).sum()),
    }


def draw(true: Tensor, found: Tensor, transmitter: float, result: dict[str, float | int], path: Path) -> None:
    """Estimated against true angle, and the error below it."""
    figure = Figure(figsize=(6, 7), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot(WINDOW_DEG, WINDOW_DEG, color="0.6", linewidth=1, label="no error")
    above.plot(true, found, "o", color="#0072B2", markersize=4, label=f"PilotMl, n = {result['n']}")
    above.axvline(transmitter, color="#D55E00", linestyle=":", label="transmit horn")
    above.set(ylabel="estimated receiver angle (degrees)", title=f"OpenRIS tile, transmitter at {transmitter:g}°")
    above.legend(loc="upper left")
    below.axhline(0, color="0.6", linewidth=1)
    below.vlines(true, 0, found - true, color="#0072B2")
    below.set(xlabel="true receiver angle (degrees, 90 is broadside)", ylabel="error (degrees)")
    words = f"median {result['median_deg']:.2f}°, RMSE {result['rmse_deg']:.2f}°"
    below.text(0.01, 0.05, words, transform=below.transAxes)
    figure.savefig(path, dpi=150)


def main(arguments: list[str] | None = None) -> int:
    """Run the example; returns the exit code."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("capture", type=Path, help="openris_tx120_vv.npz or its like")
    parser.add_argument("--frequency-ghz", type=float, help="one frequency; default: one every 40 MHz, jointly")
    parser.add_argument("--calibrate", action="store_true", help="gains and ± learnt on the other positions")
    parser.add_argument("--json", action="store_true", help="print only the figures of the last line")
    parser.add_argument("--plot", type=Path, help="draw estimated against true angle into this file")
    options = parser.parse_args(arguments)
    try:
        capture = load(options.capture, options.frequency_ghz)
        located = locate_calibrated(capture) if options.calibrate else locate(capture)
        horn = Folder(path=options.capture.parent).read(options.capture.name, "tx_angle_deg", "tx_angle_deg")
    except RisError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    true = positions_of(capture)[:, 0, 0].rad2deg() + BROADSIDE_DEG
    result = figures(true, located)
    found = located.angle
    if options.plot is not None:
        draw(true, found, float(horn.values), result, options.plot)
    if options.json:
        print(json.dumps(result))
        return 0
    print(f"{'true':>7} {'found':>8} {'±':>6} {'error':>7}  (degrees)")
    for row in zip(true.tolist(), found.tolist(), located.deviation.tolist(), strict=True):
        print(f"{row[0]:7.1f} {row[1]:8.2f} {row[2]:6.2f} {row[1] - row[0]:+7.2f}")
    print(", ".join(f"{name} {value:g}" for name, value in result.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
