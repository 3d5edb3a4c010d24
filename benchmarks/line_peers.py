"""How fast are MUSIC with cached steering vectors and the bounds of far sources on an array, beside plain NumPy?

The formulas as doatools and any textbook have them, written here in NumPy, on one scene after the other. MUSIC is
1 / ‖E_n^H a‖² with the N - K noise eigenvectors, on steering vectors that were made before: of directions on a line, of
directions on a panel of 12 x 12, and of near places on a line, angles by distances, where learned subspaces are
searched. The deterministic bound is σ²/(2 L) [Re{(D^H P⊥(A) D) ∘ S^T}]⁻¹ (Stoica and Nehorai 1989), the
stochastic one of independent sources the inverse of F_ij = L tr(R⁻¹ ∂_iR R⁻¹ ∂_jR) over angles, powers and σ².
Half wavelengths, 2 sources, complex128, one thread, by turns; CPU time, the ratio is the median over the turns with
its 95 % interval. Ours: MUSIC as it is, with the ‖a‖² of the vectors kept as well, and in complex64, and its parts
alone; a bound in one call for all scenes, in torch's inference mode, and in single precision, with the number of
torch's operations.

    python benchmarks/line_peers.py [--elements 15] [--side 202] [--points 19513] [--near 481 85] [--turns 15]
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from against_checkout import median_interval
from torch.utils._python_dispatch import TorchDispatchMode

from ris_pytorch_pipeline.bounds import deterministic_bound, stochastic_bound
from ris_pytorch_pipeline.covariance import energies, music, signal_subspace
from ris_pytorch_pipeline.physics import Array, Sounding

ANGLES = np.array([-0.3, 0.2])
POWERS = np.array([1.0, 0.5])
NOISE = 0.01
SOURCES = len(ANGLES)
SNAPSHOTS = 16
PANEL_SIDE = 12
FAR = ("elevation", "distance")
"""What nobody asks of far sources before a line."""


def places_of(elements: int) -> Any:  # noqa: ANN401
    """Along a line, in wavelengths."""
    return (np.arange(elements) - (elements - 1) / 2) / 2


def waves(elements: int, angles: Any) -> Any:  # noqa: ANN401
    """Steering vectors of a line, (element, angle)."""
    return np.exp(2j * np.pi * np.outer(places_of(elements), np.sin(angles)))


def panel_waves(directions: Any) -> Any:  # noqa: ANN401
    """Steering vectors of a square panel, (element, direction); directions are (direction, 2), cosines."""
    across, up = np.meshgrid(places_of(PANEL_SIDE), places_of(PANEL_SIDE), indexing="ij")
    return np.exp(2j * np.pi * (np.outer(across, directions[:, 0]) + np.outer(up, directions[:, 1])))


def near_waves(elements: int, angles: Any, distances: Any) -> Any:  # noqa: ANN401
    """Steering vectors of a line, (element, place), with the exact wave; distances in wavelengths."""
    across, ahead = distances * np.sin(angles), distances * np.cos(angles)
    return np.exp(2j * np.pi * (distances - np.hypot(across - places_of(elements)[:, None], ahead)))


def noise_subspace_music(covariances: Any, vectors: Any) -> Any:  # noqa: ANN401
    """1 / ‖E_n^H a‖², (covariance, point), in NumPy; vectors are (element, point)."""
    spectra = []
    for covariance in covariances:
        noise = np.linalg.eigh(covariance)[1][:, :-SOURCES]
        seen = noise.T.conj() @ vectors
        spectra.append(np.reciprocal((seen * seen.conj()).sum(axis=0).real))
    return np.stack(spectra)


def slopes_of(elements: int) -> tuple[Any, Any]:
    """Steering vectors of the sources, and their derivatives by the angles."""
    a = waves(elements, ANGLES)
    return a, a * (2j * np.pi * np.outer(places_of(elements), np.cos(ANGLES)))


def textbook_bound(elements: int, moments: Any) -> Any:  # noqa: ANN401
    """Standard deviations of the angles, (scene, source), in NumPy; moments are (scene, source, source)."""
    deviations = []
    for each in moments:
        a, slopes = slopes_of(elements)
        beside = slopes - a @ np.linalg.lstsq(a, slopes, rcond=None)[0]
        inverse = np.linalg.inv(((slopes.conj().T @ beside) * each.T).real)
        deviations.append(np.sqrt(np.diag(inverse) * NOISE / (2 * SNAPSHOTS)))
    return np.stack(deviations)


def textbook_stochastic(elements: int, powers: Any) -> Any:  # noqa: ANN401
    """Standard deviations of the angles, (scene, source), in NumPy; powers are (scene, source)."""
    deviations = []
    for p in powers:
        a, d = slopes_of(elements)
        inverse = np.linalg.inv((a * p) @ a.conj().T + NOISE * np.eye(elements))
        ra, rd = inverse @ a, inverse @ d
        aa, ad, dd = a.conj().T @ ra, a.conj().T @ rd, d.conj().T @ rd
        angle = 2 * np.outer(p, p) * (ad * ad.T + aa * dd.T).real
        mixed = 2 * p[:, None] * (aa * ad.T).real
        rest = [2 * p * (ra.conj() * rd).sum(0).real, (ra.conj() * ra).sum(0).real]
        corner = np.array([[(inverse * inverse.conj()).sum().real]])
        power = [mixed.T, np.abs(aa) ** 2, rest[1][:, None]]
        whole = [[angle, mixed, rest[0][:, None]], power, [rest[0][None], rest[1][None], corner]]
        deviations.append(np.sqrt(np.diag(np.linalg.inv(SNAPSHOTS * np.block(whole)))[:SOURCES]))
    return np.stack(deviations)


def told(name: str, ours: Callable[[], Any], theirs: Callable[[], Any], turns: int, more: str) -> None:
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
    print(f"{name:48s} {shown}, {more}", flush=True)


def spectra(name: str, vectors: Any, source: Any, turns: int) -> None:  # noqa: ANN401
    """MUSIC of one covariance and of sixteen; vectors are (element, point), those of the sources (element, source)."""
    elements = len(vectors)
    cached = torch.tensor(vectors.T.copy())
    kept, single = energies(cached), cached.to(torch.complex64)
    for count in (1, 16):
        some = np.stack([source @ source.conj().T + NOISE * np.eye(elements)] * count)
        mine, few = torch.tensor(some), torch.tensor(some).to(torch.complex64)

        def theirs(some: Any = some) -> Any:  # noqa: ANN401
            return noise_subspace_music(some, vectors)

        ways: dict[str, Callable[[], Any]] = {
            "": lambda mine=mine: music(signal_subspace(mine, SOURCES), cached),
            ", ‖a‖² kept": lambda mine=mine: music(signal_subspace(mine, SOURCES), cached, kept),
            ", complex64": lambda few=few: music(signal_subspace(few, SOURCES), single),
        }
        for way, ours in ways.items():
            apart = np.abs(ours().numpy() * elements - 1 / theirs()).max() / elements
            told(f"MUSIC, {count} covariances, {name}{way}", ours, theirs, turns, f"difference {apart:.0e}")
        basis = signal_subspace(mine, SOURCES)
        parts: dict[str, Callable[[], Any]] = {
            "a^H U_s": lambda basis=basis: cached.conj() @ basis,
            "‖U_s^H a‖² by products of real numbers": lambda basis=basis: by_real_products(cached, basis),
            "‖a‖²": lambda: energies(cached),
        }
        for part, ours in parts.items():
            told(f"{part} alone, {count} covariances, {name}", ours, theirs, turns, "a part of ours")


def by_real_products(vectors: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """‖U_s^H a‖², (covariance, point): complex vectors of N are real ones of 2 N, and a basis of K is one of 2 K."""
    parts = torch.view_as_real(basis)  # Re(a^* u) = a_r u_r + a_i u_i, Im(a^* u) = a_r u_i - a_i u_r
    turned = torch.stack([parts[..., 1], -parts[..., 0]], dim=-1)
    real = torch.stack([parts, turned], dim=-1).movedim(-2, -3).flatten(-4, -3).flatten(-2)
    return (torch.view_as_real(vectors).flatten(-2) @ real).square().sum(-1)


def sounding_of(elements: int, count: int, dtype: torch.dtype) -> Sounding:
    """A line of half wavelengths, each element an antenna of its own."""
    places = torch.zeros(elements, 3, dtype=dtype.to_real())
    places[:, 1] = torch.tensor(places_of(elements))
    codes = torch.ones(count, SNAPSHOTS, elements, dtype=dtype)
    return Sounding(
        array=Array(places, 1.0), codes=codes, channel=torch.eye(elements, dtype=dtype).expand(count, -1, -1)
    )


class Counted(TorchDispatchMode):
    """Counts the operations of torch."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        """Count one, and do it."""
        self.count += 1
        return func(*args, **(kwargs or {}))


def operations(call: Callable[[], Any]) -> int:
    """How many operations of torch a call is."""
    with Counted() as seen:
        call()
    return seen.count


def bounds(elements: int, turns: int) -> None:
    """Both bounds of one scene, of 64 and of 1024."""
    for count in (1, 64, 1024):
        symbols = torch.randn(count, SNAPSHOTS, SOURCES, dtype=torch.complex128, generator=torch.manual_seed(0))
        moments, powers = (symbols.mH @ symbols / SNAPSHOTS).mT.numpy(), np.tile(POWERS, (count, 1))
        for name, bound, sent, theirs in (
            ("deterministic", deterministic_bound, symbols, lambda moments=moments: textbook_bound(elements, moments)),
            ("stochastic", stochastic_bound, torch.tensor(powers), lambda p=powers: textbook_stochastic(elements, p)),
        ):
            for way, ours in ways_of(bound, sent, elements).items():
                apart = np.abs(ours().deviations[..., 0].numpy() / theirs() - 1).max()
                more = f"difference {apart:.0e}, {operations(ours)} operations"
                told(f"{name} bound, {count} scene{'s' * (count > 1)}{way}", ours, theirs, turns, more)


def ways_of(bound: Callable[..., Any], sent: torch.Tensor, elements: int) -> dict[str, Callable[[], Any]]:
    """A bound as it is, in torch's inference mode, and in single precision; `sent` are symbols or powers."""

    def ours(dtype: torch.dtype) -> Callable[[], Any]:
        real, count = dtype.to_real(), len(sent)
        places = torch.tensor([[angle, 0.0, torch.inf] for angle in ANGLES], dtype=real).expand(count, -1, -1)
        values, noise = sent.to(dtype if sent.is_complex() else real), torch.full((count,), NOISE, dtype=real)
        sounding = sounding_of(elements, count, dtype)
        return lambda: bound(places, values, noise, sounding, known=FAR)

    plain = ours(torch.complex128)
    return {"": plain, ", inference mode": torch.inference_mode()(plain), ", float32": ours(torch.complex64)}


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, default=15)
    parser.add_argument("--side", type=int, default=202)
    parser.add_argument("--points", type=int, default=19_513, help="directions of the panel (19513)")
    parser.add_argument("--near", type=int, nargs=2, default=[481, 85], help="angles and distances (481 85)")
    parser.add_argument("--turns", type=int, default=15)
    given = parser.parse_args()
    torch.set_num_threads(1)
    draws, elements = np.random.default_rng(0), given.elements
    far = waves(elements, draws.uniform(-1, 1, given.side**2))
    spectra(f"{given.side} x {given.side}", far, waves(elements, ANGLES), given.turns)
    panel = panel_waves(draws.uniform(-0.7, 0.7, (given.points, 2)))
    sources = panel_waves(np.stack([np.sin(ANGLES), [0.1, -0.2]], axis=-1))
    spectra(f"panel, {given.points} points", panel, sources, given.turns)
    axes = np.linspace(-1, 1, given.near[0]), np.linspace(5, 50, given.near[1])
    near = near_waves(elements, *(each.ravel() for each in np.meshgrid(*axes, indexing="ij")))
    sources = near_waves(elements, ANGLES, np.array([10.0, 20.0]))
    spectra(f"near, {given.near[0]} x {given.near[1]}", near, sources, given.turns)
    bounds(elements, given.turns)


if __name__ == "__main__":
    main()
