"""Which numbers an independent NumPy implementation gives: run `python tests/golden/make.py` to rewrite values.json.

Plain loops from the written equations, in 80-bit floats, without an import of the package.
"""

import json
from pathlib import Path

import numpy as np

REAL, COMPLEX = np.longdouble, np.clongdouble
PI = 4 * np.arctan(REAL(1))
WAVELENGTH, SPACING, HORIZONTAL, VERTICAL = 0.3, 0.15, 4, 3
POSITIONS = [[0.5, 0.2, 2.0], [-0.9, -0.4, 0.3], [0.1, 0.05, 50.0]]
SNAPSHOTS, ANTENNAS = 5, 2


def elements() -> np.ndarray:
    """Element n = j N_H + i at (0, (i - (N_H - 1)/2) d, (j - (N_V - 1)/2) d)."""
    return np.array(
        [
            [
                0,
                (REAL(i) - REAL(HORIZONTAL - 1) / 2) * REAL(SPACING),
                (REAL(j) - REAL(VERTICAL - 1) / 2) * REAL(SPACING),
            ]
            for j in range(VERTICAL)
            for i in range(HORIZONTAL)
        ],
        dtype=REAL,
    )


def cartesian(azimuth: float, elevation: float, distance: float) -> np.ndarray:
    """r (cosθ cosφ, cosθ sinφ, sinθ)."""
    phi, theta, r = REAL(azimuth), REAL(elevation), REAL(distance)
    return r * np.array([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)])


def steering(position: list[float]) -> np.ndarray:
    """exp(-j k0 (|p - q_n| - |p|)), from the distances themselves."""
    p, k0 = cartesian(*position), 2 * PI / REAL(WAVELENGTH)
    return np.array([np.exp(-1j * k0 * (np.sqrt(((p - q) ** 2).sum()) - np.sqrt((p**2).sum()))) for q in elements()])


def jacobian(position: list[float]) -> np.ndarray:
    """∂(φ, θ, r)/∂(u, w, q) as the inverse of the elementary ∂(u, w, q)/∂(φ, θ, r)."""
    phi, theta, r = position
    forward = [
        [np.cos(theta) * np.cos(phi), -np.sin(theta) * np.sin(phi), 0],
        [0, np.cos(theta), 0],
        [0, 0, -1 / r**2],
    ]
    return np.linalg.inv(np.array(forward))


def unit(phase: np.ndarray) -> np.ndarray:
    return np.exp(1j * phase)


def main() -> None:
    n = HORIZONTAL * VERTICAL
    # smooth, arbitrary codes, channel and symbols that anyone can write down
    codes = np.array([unit(np.arange(n) * (0.7 + snapshot) + 0.3 * snapshot**2) for snapshot in range(SNAPSHOTS)])
    channel = np.array(
        [(1 + 0.1 * m) * unit(0.4 * m * np.arange(n) + 0.05 * np.arange(n) ** 2) for m in range(ANTENNAS)]
    )
    symbols = np.array(
        [[unit(np.array(k + 0.5 * snapshot)) * (k + 1) for k in range(3)] for snapshot in range(SNAPSHOTS)]
    )
    vectors = np.array([steering(position) for position in POSITIONS])
    clean = np.zeros((SNAPSHOTS, ANTENNAS), dtype=COMPLEX)
    images = np.zeros((SNAPSHOTS, n), dtype=COMPLEX)
    gram = np.zeros((n, n), dtype=COMPLEX)
    power = np.zeros(len(POSITIONS), dtype=REAL)
    for snapshot in range(SNAPSHOTS):
        operator = channel @ np.diag(codes[snapshot])
        for k, vector in enumerate(vectors):
            clean[snapshot] += operator @ vector * symbols[snapshot, k]
            power[k] += (np.abs(operator @ vector) ** 2).sum() / (SNAPSHOTS * ANTENNAS)
        images[snapshot] = operator.conj().T @ clean[snapshot]
        gram += operator.conj().T @ operator
    values = {
        "setting": {"wavelength": WAVELENGTH, "spacing": SPACING, "horizontal": HORIZONTAL, "vertical": VERTICAL},
        "positions": POSITIONS,
        "elements": plain(elements()),
        "cartesian": plain(np.array([cartesian(*position) for position in POSITIONS])),
        "jacobian": plain(np.array([jacobian(position) for position in POSITIONS])),
        "steering": plain(vectors),
        "codes": plain(codes),
        "channel": plain(channel),
        "symbols": plain(symbols),
        "clean": plain(clean),
        "images": plain(images),
        "gram_first_row": plain(gram[0]),
        "received_power": plain(power),
    }
    text = json.dumps(values, indent=None, separators=(",", ":"))
    Path(__file__).with_name("values.json").write_text(text + "\n", encoding="utf-8")


def plain(array: np.ndarray) -> list:
    """Nested lists of 15 digits; a complex number is a pair."""
    if np.iscomplexobj(array):
        array = np.stack([np.real(array), np.imag(array)], axis=-1)
    return np.vectorize(lambda x: float(f"{float(x):.15g}"))(array).tolist()


if __name__ == "__main__":
    main()
