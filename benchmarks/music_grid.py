"""How much faster MUSIC scans a grid with the signal subspace than with the noise subspace: one thread, one run.

The baseline is the textbook's, one scene at a time in NumPy: eigenvectors of R, the N - K of the noise subspace, and
a^H E_n E_n^H a at every grid point, with the steering vectors of the grid given. Ours takes K columns and all scenes in
one product, 1 - ‖U_s^H a‖²/N, and computes the steering vectors itself, tile by tile. Eigenvectors are timed apart, and
the two spectra are compared. Run it with OMP_NUM_THREADS=1, or NumPy may use more threads than one.

    python benchmarks/music_grid.py [--scenes 16] [--sources 3] [--points 20000]
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ris_pytorch_pipeline.covariance import grid_energy, signal_subspace, true_covariance
from ris_pytorch_pipeline.physics import cosines_from_positions, draw, preset, steering_at
from ris_pytorch_pipeline.rng import stream


def noise_subspace_spectrum(vectors: NDArray[Any], noise: NDArray[Any]) -> NDArray[Any]:
    """a^H E_n E_n^H a / ‖a‖² of one scene at every row of `vectors`."""
    projector = noise @ noise.conj().T
    return np.einsum("pn,pn->p", vectors.conj(), vectors @ projector.T).real / vectors.shape[1]


def fastest(run: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Least wall time of some runs, and the last result."""
    times, result = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


def main() -> None:
    """Time both on the same covariances and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in {"scenes": 16, "sources": 3, "points": 20000, "repeats": 3}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    drawn = draw(preset("random", sources=arguments.sources), arguments.scenes, stream(0, "music grid"))
    seen = drawn.observation
    cosines = cosines_from_positions(drawn.truth.positions)
    covariance = true_covariance(cosines, drawn.truth.powers, seen.array, floor=0.01).dense()
    covariance = covariance.to(torch.complex64)
    axis = torch.rand(arguments.points, 3, generator=stream(1, "music grid"), dtype=torch.float64)
    points = axis * torch.tensor([1.6, 1.0, 1.9]) + torch.tensor([-0.8, -0.5, 0.1])
    single = covariance.numpy()
    vectors = steering_at(points.float(), seen.array).numpy()

    def plain_subspaces() -> list[NDArray[Any]]:
        return [np.linalg.eigh(matrix)[1][:, : -arguments.sources] for matrix in single]

    eigen_plain, noise = fastest(plain_subspaces, arguments.repeats)
    scan_plain, slow = fastest(lambda: [noise_subspace_spectrum(vectors, e) for e in noise], arguments.repeats)
    eigen_ours, basis = fastest(lambda: signal_subspace(covariance, arguments.sources), arguments.repeats)
    scan_ours, energy = fastest(lambda: grid_energy(points, basis, seen.array), arguments.repeats)
    difference = np.abs(np.stack(slow) - (1 - energy.numpy() / vectors.shape[1])).max()
    plain, ours = ("noise subspace, NumPy", eigen_plain, scan_plain), ("signal subspace", eigen_ours, scan_ours)
    print(f"{arguments.scenes} scenes, K = {arguments.sources}, {arguments.points} points, one thread, complex64")
    for name, eigen, scan in (plain, ours):
        whole, alone = arguments.scenes / (eigen + scan), arguments.scenes / scan
        print(f"{name:22s} eigenvectors {eigen:6.3f} s, grid {scan:6.3f} s: {whole:6.1f} scenes/s, grid {alone:6.1f}/s")
    print(f"ratio of the grid {scan_plain / scan_ours:.1f}", end=", ")
    print(f"with eigenvectors {(eigen_plain + scan_plain) / (eigen_ours + scan_ours):.1f}", end="; ")
    print(f"largest difference of the spectra {difference:.1e}")


if __name__ == "__main__":
    main()
