"""How fast are MUSIC with cached steering vectors and the deterministic bound on a line, beside plain NumPy?

The formulas as doatools and any textbook have them, written here in NumPy: MUSIC's 1 / ‖E_n^H a‖² with the N - K noise
eigenvectors, of one covariance after the other on steering vectors that were made before; and the deterministic bound
of far sources, σ²/(2 L) [Re{(D^H P⊥(A) D) ∘ S^T}]⁻¹ (Stoica and Nehorai 1989). A line of half wavelengths, 2 sources,
complex128 on both sides, one thread, by turns; CPU time, the ratio is the median over the turns with its 95 % interval.
Ours: MUSIC as it is, with the ‖a‖² of the vectors kept as well, and in complex64; the bound in one call for all scenes.

    python benchmarks/line_peers.py [--elements 15] [--side 202] [--turns 15]
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from against_checkout import median_interval

from ris_pytorch_pipeline.bounds import deterministic_bound
from ris_pytorch_pipeline.covariance import energies, music, signal_subspace
from ris_pytorch_pipeline.physics import Array, Sounding

ANGLES = np.array([-0.3, 0.2])
NOISE = 0.01
SOURCES = len(ANGLES)
SNAPSHOTS = 16


def waves(elements: int, angles: Any) -> Any:  # noqa: ANN401
    """Steering vectors, (element, angle)."""
    places = (np.arange(elements) - (elements - 1) / 2) / 2
    return np.exp(2j * np.pi * np.outer(places, np.sin(angles)))


def noise_subspace_music(covariances: Any, vectors: Any) -> Any:  # noqa: ANN401
    """1 / ‖E_n^H a‖², (covariance, point), in NumPy; vectors are (element, point)."""
    spectra = []
    for covariance in covariances:
        noise = np.linalg.eigh(covariance)[1][:, : -len(ANGLES)]
        seen = noise.T.conj() @ vectors
        spectra.append(np.reciprocal((seen * seen.conj()).sum(axis=0).real))
    return np.stack(spectra)


def textbook_bound(elements: int, moments: Any) -> Any:  # noqa: ANN401
    """Standard deviations of the angles, (scene, source), in NumPy; moments are (scene, source, source)."""
    places = (np.arange(elements) - (elements - 1) / 2) / 2
    deviations = []
    for each in moments:
        a = waves(elements, ANGLES)
        slopes = a * (2j * np.pi * np.outer(places, np.cos(ANGLES)))
        beside = slopes - a @ np.linalg.lstsq(a, slopes, rcond=None)[0]
        inverse = np.linalg.inv(((slopes.conj().T @ beside) * each.T).real)
        deviations.append(np.sqrt(np.diag(inverse) * NOISE / (2 * SNAPSHOTS)))
    return np.stack(deviations)


def told(name: str, ours: Callable[[], Any], theirs: Callable[[], Any], turns: int, difference: float) -> None:
    """Time both by turns and print the ratio."""
    for each in (ours, theirs):
        each()
    ratios, times = [], []
    for _ in range(turns):
        start = time.process_time()
        ours()
        middle = time.process_time()
        theirs()
        times.append(middle - start)
        ratios.append((time.process_time() - middle) / times[-1])
    ratio, low, high = median_interval(ratios)
    milliseconds = 1e3 * sorted(times)[len(times) // 2]
    shown = f"NumPy / ours {ratio:.2f} [{low:.2f}, {high:.2f}] n={turns}, ours {milliseconds:.2f} ms"
    print(f"{name:42s} {shown}, difference {difference:.0e}", flush=True)


def spectra(elements: int, side: int, turns: int) -> None:
    """MUSIC of one covariance and of sixteen."""
    angles = np.random.default_rng(0).uniform(-1, 1, side * side)
    vectors, source = waves(elements, angles), waves(elements, ANGLES)
    cached = torch.tensor(vectors.T.copy())
    kept, single = energies(cached), cached.to(torch.complex64)
    for count in (1, 16):
        some = np.stack([source @ source.conj().T + NOISE * np.eye(elements)] * count)
        mine, few, most = torch.tensor(some), torch.tensor(some).to(torch.complex64), elements

        def theirs(some: Any = some) -> Any:  # noqa: ANN401
            return noise_subspace_music(some, vectors)

        ways: dict[str, Callable[[], Any]] = {
            "": lambda mine=mine: music(signal_subspace(mine, SOURCES), cached),
            ", ‖a‖² kept": lambda mine=mine: music(signal_subspace(mine, SOURCES), cached, kept),
            ", complex64": lambda few=few: music(signal_subspace(few, SOURCES), single),
        }
        for way, ours in ways.items():
            apart = np.abs(ours().numpy() * most - 1 / theirs()).max() / most
            told(f"MUSIC, {count} covariances, {side} x {side}{way}", ours, theirs, turns, apart)


def bounds(elements: int, turns: int) -> None:
    """The deterministic bound of one scene, of 64 and of 1024."""
    places = torch.zeros(elements, 3, dtype=torch.float64)
    places[:, 1] = (torch.arange(elements, dtype=torch.float64) - (elements - 1) / 2) / 2
    array = Array(places, 1.0)
    for count in (1, 64, 1024):
        positions = torch.tensor([[angle, 0.0, torch.inf] for angle in ANGLES], dtype=torch.float64).expand(
            count, -1, -1
        )
        symbols = torch.randn(count, SNAPSHOTS, len(ANGLES), dtype=torch.complex128, generator=torch.manual_seed(0))
        moments = (symbols.mH @ symbols / SNAPSHOTS).mT.numpy()
        sounding = Sounding(
            array=array,
            codes=torch.ones(count, SNAPSHOTS, elements, dtype=torch.complex128),
            channel=torch.eye(elements, dtype=torch.complex128).expand(count, -1, -1),
        )
        noise = torch.full((count,), NOISE, dtype=torch.float64)

        def ours(positions=positions, symbols=symbols, noise=noise, sounding=sounding) -> Any:  # noqa: ANN001, ANN401
            return deterministic_bound(positions, symbols, noise, sounding, known=("elevation", "distance"))

        def theirs(moments: Any = moments) -> Any:  # noqa: ANN401
            return textbook_bound(elements, moments)

        apart = np.abs(ours().deviations[..., 0].numpy() / theirs() - 1).max()
        told(f"deterministic bound, {count} scenes", ours, theirs, turns, apart)


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, default=15)
    parser.add_argument("--side", type=int, default=202)
    parser.add_argument("--turns", type=int, default=15)
    given = parser.parse_args()
    torch.set_num_threads(1)
    spectra(given.elements, given.side, given.turns)
    bounds(given.elements, given.turns)


if __name__ == "__main__":
    main()
