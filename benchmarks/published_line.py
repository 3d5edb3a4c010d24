"""The line-array problem on which near-field networks are published: our estimators, MUSIC and the bound.

15 elements half a wavelength apart, no RIS, T = 100 snapshots, two sources of 20 dB each per sensor, angles within
±60°, 0.125 apart in their sines or more, ranges uniform from the Fresnel distance 0.62 sqrt(D³/λ) to half the
Fraunhofer distance, D²/λ; positions lie off every grid and the wave is exact. `incoherent`: independent CN(0, 1)
symbols. `coherent`: the second source sends the first one's symbols times one complex factor of unit modulus.

- sml: maximum likelihood for independent symbols.
- pilot: maximum likelihood for coherent symbols. The leading eigenvector of the sample covariance is one snapshot of
  T times the energy, y = A g, in which both amplitudes are unknown constants.
- music: MUSIC on the sample covariance, refined off its grid.

The bound is the stochastic one, or for coherent symbols that of y = A g. Estimates are matched to sources by the least
sum of angles, without a cut-off: every source that was reported counts. Intervals are 95 %, bootstrap over scenes.

    python benchmarks/published_line.py --scenes 400
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import Measure, bootstrap, cell_scenes, region_of, share
from ris_pytorch_pipeline.bench.gospa import position_error
from ris_pytorch_pipeline.bounds import Bound, pilot_bound, scene_bound
from ris_pytorch_pipeline.estimate import Estimate, Music, PilotMl, Sml
from ris_pytorch_pipeline.matching import UNMATCHED, gather_found, great_circle, match, occupied
from ris_pytorch_pipeline.physics import (
    Observation,
    Scenario,
    Scenes,
    Sounding,
    complex_normal,
    ends,
    measure,
    steering,
    uniform,
)
from ris_pytorch_pipeline.rng import stream

ELEMENTS, SNAPSHOTS, SOURCES, SNR_DB = 15, 100, 2, 20.0
_DEGREES = 180 / math.pi
_SUCCESS = math.radians(3)
_BLOCK = 100
_COLUMNS = (
    "angle: mean abs. °", "RMSE °", "RMSE/bound", "range: mean abs. m", "RMSE m", "RMSE/bound", "both within 3°",
    "reported",
)  # fmt: skip


def published(wavelength: float, separation: float) -> Scenario:
    """The problem at a wavelength in metres, with which everything scales, and a least separation in sin(angle)."""
    aperture = (ELEMENTS - 1) * wavelength / 2
    return Scenario(
        horizontal=ELEMENTS, vertical=1, antennas=ELEMENTS, wavelength=wavelength, channel="direct", codes="ones",
        snapshots=SNAPSHOTS, sources=SOURCES, snr_db=SNR_DB + 10 * math.log10(SOURCES), elevation_deg=0.0,
        separation=separation,
        distance=(0.62 * math.sqrt(aperture**3 / wavelength), aperture**2 / wavelength),
    )  # fmt: skip


def coherent(scenes: Scenes, seed: int) -> Scenes:
    """The same scenes with the first source's symbols in all, each source by a factor of its own phase."""
    seen, truth = scenes.observation, scenes.truth
    generator = stream(seed, "published line/coherent")
    phase = uniform(0, 2 * math.pi, tuple(truth.powers.shape), generator)
    factor = torch.polar((truth.powers / truth.powers[:, :1]).sqrt(), phase)
    symbols = truth.symbols[..., :1] * factor[:, None]
    clean = measure(steering(truth.positions, seen.array), symbols, seen.codes, seen.channel)
    noise = complex_normal(tuple(clean.shape), generator) * truth.noise_variance.sqrt()[:, None, None]
    return Scenes(observation=replace(seen, measurements=clean + noise), truth=replace(truth, symbols=symbols))


def covariance(seen: Observation) -> Tensor:
    """The sample covariance (1/T) Σ y yᴴ, (scene, element, element)."""
    return seen.measurements.mT @ seen.measurements.conj() / seen.measurements.shape[1]


def one_snapshot(seen: Observation) -> Observation:
    """The leading component of the measurements as one snapshot with the energy of all."""
    values, vectors = torch.linalg.eigh(covariance(seen))
    leading = vectors[..., -1] * (values[:, -1:] * seen.measurements.shape[1]).sqrt()
    return replace(seen, measurements=leading[:, None], codes=seen.codes[:, :1], symbols="pilot")


def coherent_bound(scenes: Scenes) -> Bound:
    """The bound of y = A g: the energy of all snapshots in one."""
    seen, truth = scenes.observation, scenes.truth
    amplitudes = truth.symbols[:, 0] / truth.symbols[:, 0, :1]
    amplitudes = amplitudes * truth.symbols[..., 0].abs().square().sum(-1, keepdim=True).sqrt()
    sounding = Sounding(array=seen.array, codes=seen.codes[:, :1], channel=seen.channel)
    return pilot_bound(truth.positions, amplitudes, truth.noise_variance, sounding)


def methods(scenario: Scenario, kind: str) -> dict[str, Callable[[Observation], Estimate]]:
    """Estimators by name, each told K."""
    region = region_of(scenario)
    sml, pilot, music = Sml(region=region), PilotMl(region=region), Music(region=region)
    found: dict[str, Callable[[Observation], Estimate]] = {
        "sml": lambda seen: sml(seen, SOURCES),
        "pilot": lambda seen: pilot(one_snapshot(seen), SOURCES),
        "music": lambda seen: music.locate(covariance(seen), seen.array, SOURCES),
    }
    return {name: run for name, run in found.items() if kind == "coherent" or name != "pilot"}


def errors(scenes: Scenes, found: Estimate) -> Tensor:
    """Found less true (azimuth, elevation, distance), (scene, source, 3); NaN where a source was not reported."""
    true, there = scenes.truth.positions, found.positions.double()
    angle = great_circle(true[:, :, None], there[:, None])
    partner = match(angle, occupied(true), occupied(there), 2 * math.pi)
    assert bool(((partner != UNMATCHED).sum(-1) == found.order.clamp_max(SOURCES)).all())
    return position_error(true, gather_found(there, partner))[..., [0, 2]]


def averaged(values: Tensor, *, squared: bool = False) -> Measure:
    """Mean over reported sources with its interval, or the root of the mean square."""
    kept = ~values.isnan()
    powered = values.square() if squared else values.abs()
    measured = bootstrap(powered.masked_fill(~kept, 0).sum(-1), kept.sum(-1).double(), stream(0, "published line"))
    return measured.sqrt() if squared else measured


def spelled(measured: Measure, digits: int) -> str:
    """A figure with its interval."""
    return f"{measured.value:.{digits}f} [{measured.low:.{digits}f}, {measured.high:.{digits}f}]"


def row(error: Tensor, bound: Tensor) -> str:
    """Angle and range: mean absolute error, RMSE, RMSE over the bound; scenes within 3°; sources reported."""
    parts = []
    for c, (unit, digits) in enumerate(((_DEGREES, 3), (1.0, 2))):
        own, limit = error[..., c], bound[..., c]
        parts += [spelled(averaged(own).times(unit), digits), spelled(averaged(own, squared=True).times(unit), digits)]
        parts += [spelled(averaged(own / limit, squared=True), 2)]
    success = share((error[..., 0].abs() < _SUCCESS).all(-1))
    return " | ".join([*parts, spelled(success, 3), f"{float((~error[..., 0].isnan()).double().mean()):.3f}"])


def compare(kind: str, scenario: Scenario, count: int) -> None:
    """Print the rows of one kind of symbols."""
    runs = methods(scenario, kind)
    collected: dict[str, list[Tensor]] = {name: [] for name in runs}
    bounds: list[Tensor] = []
    for block, first in enumerate(range(0, count, _BLOCK)):
        scenes = cell_scenes(scenario, min(_BLOCK, count - first), 0, block)
        scenes = coherent(scenes, block) if kind == "coherent" else scenes
        bound = coherent_bound(scenes) if kind == "coherent" else scene_bound(scenes)
        bounds.append(bound.deviations[..., [0, 2]])
        for name, run in runs.items():
            collected[name].append(errors(scenes, run(scenes.observation)))
    bound = torch.cat(bounds)
    angle, distance = (float(x) for x in bound.square().mean((0, 1)).sqrt())
    for name, parts in collected.items():
        print(f"| {kind} | {name} | {row(torch.cat(parts), bound)} |", flush=True)
    print(f"| {kind} | bound | | {angle * _DEGREES:.3f} | | | {distance:.2f} | | | |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--wavelength", type=float, default=1.0, help="metres; ranges and their errors scale with it")
    parser.add_argument("--separation", type=float, default=0.125, help="least difference of the sines of the angles")
    parser.add_argument("--kinds", default="incoherent,coherent")
    given = parser.parse_args()
    torch.set_num_threads(1)
    scenario = published(given.wavelength, given.separation)
    near, far = ends(scenario.distance)
    print(
        f"wavelength {given.wavelength:g} m, ranges {near:.2f} to {far:.2f} m, sines {given.separation:g} apart", end=""
    )
    print(f" or more, n = {given.scenes} scenes a row\n")
    print("| symbols | method | " + " | ".join(_COLUMNS) + " |")
    print("|---" * (2 + len(_COLUMNS)) + "|", flush=True)
    for kind in given.kinds.split(","):
        compare(kind, scenario, given.scenes)


if __name__ == "__main__":
    main()
