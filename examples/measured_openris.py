"""Where was the receiver? Locates every receiver position of a measured OpenRIS far-field capture with `PilotMl`.

    python examples/measured_openris.py openris_tx120_vv.npz [--plot angles.png] [--json] [--calibrate]

Data: OpenRIS, 16 x 16 one-bit cells, transmit and receive horn 8.3 m away on a horizontal semicircle (DOI
10.5281/zenodo.7415741, measurements/ff_singletile), read as an .npz file with the fields of `FIELDS`; not shipped here.

By reciprocity a receiver position is one unknown source p, heard by one known antenna at the transmitter:
y_c = Σ_n g_n code_cn a_n(p) s with c = 1..11, g the exact spherical wave from the transmit horn and s constant. The
mean over the codes is taken from codes and measurements alike: it removes every path that no code changes.
"""

import argparse
import json
import math
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ris_pytorch_pipeline.errors import InputError, RisError, SceneFileError
from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion
from ris_pytorch_pipeline.physics import (
    Observation,
    Panel,
    coded_response,
    cosines_from_positions,
    steering,
    steering_at,
)
from ris_pytorch_pipeline.units import wavelength_of

FIELDS = {
    "s43": 3, "rx_angle_deg": 1, "tx_angle_deg": 0, "frequency_hz": 1, "codes": 3, "element_spacing_m": 0,
    "distance_m": 0,
}  # fmt: skip
"""Fields of the file and their numbers of axes: s43 (position, code, frequency), codes (code, vertical, horizontal)."""
BROADSIDE_DEG = 90.0
WINDOW_DEG = (15.0, 165.0)
"""Receiver angles that are located and searched."""
SPACING_HZ = 40e6
"""Spacing of the frequencies whose likelihoods are joined."""


@dataclass(frozen=True, kw_only=True)
class Capture:
    """One transmitter position of the campaign, receiver angles inside the window.

    Args:
        transfer: (position, code, frequency), complex.
        angles_deg: (position,), true receiver angles; 90 is broadside.
        transmitter_deg: transmitter angle.
        frequencies: (frequency,), Hz.
        codes: (code, element), ±1.
        panel: the tile.
        distance: of both horns, metres.
    """

    transfer: Tensor
    angles_deg: Tensor
    transmitter_deg: float
    frequencies: Tensor
    codes: Tensor
    panel: Panel
    distance: float

    @property
    def region(self) -> SearchRegion:
        """The window at elevation 0 and the known distance."""
        low, high = (math.radians(angle - BROADSIDE_DEG) for angle in WINDOW_DEG)
        return SearchRegion(azimuth=(low, high), elevation=(0.0, 0.0), distance=(self.distance, self.distance))


def load(path: Path) -> Capture:
    """Read a capture.

    Raises:
        SceneFileError: the file is missing, no .npz archive, or lacks a field.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            fields = {name: archive[name] for name in archive.files if name in FIELDS}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SceneFileError(
            "a readable .npz file", f"{path}: {error}", "a wrong path or file", "check both"
        ) from error
    for name, axes in FIELDS.items():
        if name not in fields or fields[name].ndim != axes:
            got = f"{fields[name].ndim}" if name in fields else "no such field"
            raise SceneFileError(f"{name} with {axes} axes", got, "another data set", "see FIELDS in this example")
    angles = torch.from_numpy(fields["rx_angle_deg"].astype(np.float64))
    inside = (angles >= WINDOW_DEG[0]) & (angles <= WINDOW_DEG[1])
    codes, vertical, horizontal = fields["codes"].shape
    if fields["s43"].shape != (len(angles), codes, len(fields["frequency_hz"])):
        raise SceneFileError(
            "s43 of shape (rx_angle_deg, codes, frequency_hz)",
            str(fields["s43"].shape),
            "mixed captures",
            "compare them",
        )
    # Columns are numbered as seen from the front: the first is at the largest y.
    phases = torch.from_numpy(fields["codes"].astype(np.float64)).flip(-1).reshape(codes, -1)
    return Capture(
        transfer=torch.from_numpy(fields["s43"].astype(np.complex128))[inside],
        angles_deg=angles[inside],
        transmitter_deg=float(fields["tx_angle_deg"]),
        frequencies=torch.from_numpy(fields["frequency_hz"].astype(np.float64)),
        codes=phases,
        panel=Panel(horizontal=horizontal, vertical=vertical, spacing=float(fields["element_spacing_m"])),
        distance=float(fields["distance_m"]),
    )


def observe(capture: Capture, frequency: int) -> Observation:
    """The capture at one frequency as coded measurements of one antenna, one scene per receiver position."""
    array = capture.panel.array(wavelength_of(float(capture.frequencies[frequency])))
    toward = math.radians(capture.transmitter_deg - BROADSIDE_DEG)
    horn = torch.tensor([[toward, 0.0, capture.distance]], dtype=torch.float64)
    measured = capture.transfer[:, :, frequency]
    codes = (capture.codes - capture.codes.mean(0)).to(torch.complex128)
    scenes = len(measured)
    return Observation(
        measurements=(measured - measured.mean(1, keepdim=True)).unsqueeze(-1),
        codes=codes.expand(scenes, -1, -1),
        channel=steering(horn, array).expand(scenes, -1, -1),
        array=array,
        symbols="pilot",
    )


def log_likelihood(observation: Observation, positions: Tensor) -> Tensor:
    """-log(1 - |b^H y|² / (‖b‖² ‖y‖²)) of each scene's candidate positions, (scene, candidate).

    The gain in log-likelihood, per measurement, of one source with an unknown amplitude in noise of unknown variance.
    """
    vectors = steering_at(cosines_from_positions(positions), observation.array)
    response = coded_response(vectors, observation.codes, observation.channel)
    measured = observation.measurements.unsqueeze(-2)
    match = (response.conj() * measured).sum(dim=(1, 3)).abs().square()
    energy = response.abs().square().sum(dim=(1, 3)) * measured.abs().square().sum(dim=(1, 3))
    return -torch.log1p(-(match / energy).clamp_max(1 - 1e-12))


def locate(observations: list[Observation], region: SearchRegion) -> Tensor:
    """Positions (scene, 3): each frequency proposes its maximum-likelihood position, all of them together choose.

    Amplitude and noise are free at each frequency, so log-likelihoods add without any phase reference between them.
    """
    estimator = PilotMl(region=region)
    proposals = torch.cat([estimator(observation, sources=1).positions for observation in observations], dim=1)
    joint = torch.stack([log_likelihood(observation, proposals) for observation in observations]).sum(0)
    return proposals[torch.arange(len(proposals)), joint.argmax(1)]


def calibrated(observation: Observation, capture: Capture, shrinkage: float = 0.1, sweeps: int = 6) -> Observation:
    """The observation with one complex gain per column of the tile, fitted on the other half of the positions.

    min over h of Σ_p ‖y_p - s_p Σ_m h_m b_pm‖² / ‖y_p‖² + shrinkage · mean power · ‖h - 1‖², alternating with the
    amplitudes s_p. Every second position teaches the gains with which the rest is located, and the reverse: no position
    is located with gains that have seen it.
    """
    azimuth = torch.deg2rad(capture.angles_deg - BROADSIDE_DEG)
    flat, far = torch.zeros_like(azimuth), torch.full_like(azimuth, capture.distance)
    true = steering(torch.stack([azimuth, flat, far], dim=-1)[:, None], observation.array)
    columns = (observation.codes * observation.channel * true).unflatten(-1, (-1, capture.panel.horizontal)).sum(-2)
    scale = observation.measurements.norm(dim=1, keepdim=True)
    measured = (observation.measurements / scale).squeeze(-1)
    channel = observation.channel.clone()
    for held_out in (0, 1):
        taught = torch.arange(len(measured)) % 2 != held_out
        gains = torch.ones(capture.panel.horizontal, dtype=torch.complex128)
        for _ in range(sweeps):
            response = columns[taught] @ gains
            symbols = (response.conj() * measured[taught]).sum(1) / response.abs().square().sum(1)
            rows = (columns[taught] * symbols[:, None, None]).flatten(0, 1)
            normal = rows.mH @ rows
            loading = shrinkage * normal.diagonal().real.mean()
            right = rows.mH @ measured[taught].flatten() + loading
            gains = torch.linalg.solve(normal + loading * torch.eye(len(gains)), right)
        channel[~taught] *= gains.repeat(capture.panel.vertical)
    return Observation(**{**vars(observation), "channel": channel})


def pick_frequencies(capture: Capture, frequency_ghz: float | None) -> list[int]:
    """The nearest frequency to the one asked for, or one every 40 MHz over the band.

    Raises:
        InputError: a frequency outside the captured band.
    """
    hertz = capture.frequencies
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


def figures(error_deg: Tensor) -> dict[str, float | int]:
    """Number of positions, median, root mean square and 90th percentile of the absolute angle error."""
    size = error_deg.abs()
    return {
        "n": len(size),
        "median_deg": round(float(size.quantile(0.5)), 4),
        "rmse_deg": round(float(size.square().mean().sqrt()), 4),
        "p90_deg": round(float(size.quantile(0.9)), 4),
    }


def draw(capture: Capture, found_deg: Tensor, result: dict[str, float | int], path: Path) -> None:
    """Estimated against true angle, and the error below it."""
    figure = Figure(figsize=(6, 7), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    true = capture.angles_deg
    above.plot(WINDOW_DEG, WINDOW_DEG, color="0.6", linewidth=1, label="no error")
    above.plot(true, found_deg, "o", color="#0072B2", markersize=4, label=f"PilotMl, n = {result['n']}")
    above.axvline(capture.transmitter_deg, color="#D55E00", linestyle=":", label="transmit horn")
    above.set(
        ylabel="estimated receiver angle (degrees)", title=f"OpenRIS tile, transmitter at {capture.transmitter_deg:g}°"
    )
    above.legend(loc="upper left")
    below.axhline(0, color="0.6", linewidth=1)
    below.vlines(true, 0, found_deg - true, color="#0072B2")
    below.set(xlabel="true receiver angle (degrees, 90 is broadside)", ylabel="error (degrees)")
    below.text(
        0.01, 0.05, f"median {result['median_deg']:.2f}°, RMSE {result['rmse_deg']:.2f}°", transform=below.transAxes
    )
    figure.savefig(path, dpi=150)


def main(arguments: list[str] | None = None) -> int:
    """Run the example; returns the exit code."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("capture", type=Path, help="openris_tx120_vv.npz or its like")
    parser.add_argument("--frequency-ghz", type=float, help="one frequency; default: one every 40 MHz, jointly")
    parser.add_argument("--calibrate", action="store_true", help="column gains learnt on the other positions")
    parser.add_argument("--json", action="store_true", help="print only n, median_deg, rmse_deg, p90_deg")
    parser.add_argument("--plot", type=Path, help="draw estimated against true angle into this file")
    options = parser.parse_args(arguments)
    try:
        capture = load(options.capture)
        observations = [observe(capture, f) for f in pick_frequencies(capture, options.frequency_ghz)]
        if options.calibrate:
            observations = [calibrated(observation, capture) for observation in observations]
        found = locate(observations, capture.region)
    except RisError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    found_deg = found[:, 0].rad2deg() + BROADSIDE_DEG
    result = figures(found_deg - capture.angles_deg)
    if options.plot is not None:
        draw(capture, found_deg, result, options.plot)
    if options.json:
        print(json.dumps(result))
        return 0
    print(f"{'true':>7} {'found':>8} {'error':>7}  (degrees)")
    for true, estimate in zip(capture.angles_deg.tolist(), found_deg.tolist(), strict=True):
        print(f"{true:7.1f} {estimate:8.2f} {estimate - true:+7.2f}")
    print(", ".join(f"{name} {value:g}" for name, value in result.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
