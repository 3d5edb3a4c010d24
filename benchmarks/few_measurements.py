"""Is anything confident that few measurements cannot hold? One source at 20 dB, drawn by NumPy with exact paths."""

import argparse
from collections import Counter
from typing import Any, Literal

import numpy as np

import ris_pytorch_pipeline as ris
from ris_pytorch_pipeline.estimate import Status

Kind = Literal["random", "pilot"]
SIZES: tuple[tuple[Kind, int, int], ...] = (
    ("random", 2, 3), ("random", 2, 4), ("random", 2, 8), ("random", 4, 1), ("random", 4, 4), ("pilot", 4, 1),
    ("pilot", 1, 6), ("pilot", 1, 8), ("pilot", 4, 4),
)  # fmt: skip
SNR, WAVELENGTH, SPACING = 100.0, 0.3, 0.15


def complex_normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    """CN(0, 1)."""
    return (random.standard_normal(shape) + 1j * random.standard_normal(shape)) / 2**0.5


def scene(random: np.random.Generator, kind: Kind, antennas: int, snapshots: int, places: np.ndarray) -> dict[str, Any]:
    """Measurements, codes and channel of one source, and where it is."""
    azimuth, elevation = np.deg2rad([random.uniform(-50, 50), random.uniform(-25, 25)])
    distance = random.uniform(1, 6)
    ahead = [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
    path = np.linalg.norm(distance * np.array(ahead) - places, axis=1) - distance
    codes = np.exp(2j * np.pi * random.integers(0, 8, (snapshots, len(places))) / 8)
    channel = complex_normal(random, antennas, len(places))
    symbols = complex_normal(random, snapshots, 1) if kind == "random" else np.ones((snapshots, 1))
    clean = symbols * ((codes * np.exp(-2j * np.pi / WAVELENGTH * path)) @ channel.T)
    level = np.sqrt(np.mean(np.abs(clean) ** 2) / SNR)
    measured = clean + level * complex_normal(random, snapshots, antennas)
    return {"measurements": measured, "codes": codes, "channel": channel, "truth": (azimuth, elevation, distance)}


def row(kind: Kind, antennas: int, snapshots: int, scenes: int, sources: int | None, seed: int) -> str:
    """What is said of the scenes of one size, and how far off the converged ones are."""
    random = np.random.default_rng([seed, antennas, snapshots])
    lattice = (np.arange(12) - 5.5) * SPACING
    places = np.array([[0, y, z] for z in lattice for y in lattice])
    drawn = [scene(random, kind, antennas, snapshots, places) for _ in range(scenes)]
    measured, codes, channel, truth = (np.stack([each[name] for each in drawn]) for name in drawn[0])
    seen = ris.Observation(
        measurements=measured, codes=codes, channel=channel, elements=places, wavelength=WAVELENGTH, symbols=kind
    )
    found = (ris.Sml() if kind == "random" else ris.PilotMl())(seen, sources)
    calm = np.array([s is Status.CONVERGED and k == 1 for s, k in zip(found.status, found.order.tolist(), strict=True)])
    if not calm.any():
        return f"{dict(Counter(s.name for s in found.status))}"
    off = np.abs((found.positions[:, 0].numpy() - truth) / found.deviations[:, 0].numpy())[calm]
    return (
        f"{dict(Counter(s.name for s in found.status))}, off {int((off.max(1) > 5).sum())} of {int(calm.sum())}, "
        f"90 % intervals cover {np.mean(off < 1.645):.2f}"
    )


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--estimated", action="store_true", help="leave the number of sources open")
    given = parser.parse_args()
    for kind, antennas, snapshots in SIZES:
        said = row(kind, antennas, snapshots, given.scenes, None if given.estimated else 1, given.seed)
        print(f"{kind} {antennas} x {snapshots}: {said}", flush=True)


if __name__ == "__main__":
    main()
