"""What the maximum-likelihood searches cost when written plainly: one scene at a time, in NumPy, formula by formula.

The same algorithm as the package's (greedy addition, cyclic re-detection of the best three, joint Fisher scoring or
Gauss-Newton), with the explicit covariances and projectors of the textbook. It is the baseline of `speed.py`.
Pilots are searched from one start only, without the second one that `PilotMl` takes in doubt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One scene: measurements (L, M), codes (L, N), channel (M, N), elements (N, 3), wavelength, grid (G, 3)."""

    measurements: Array
    codes: Array
    channel: Array
    elements: Array
    wavelength: float
    grid: Array


def steer(cosines: Array, scene: Scene) -> tuple[Array, Array]:
    """Steering vectors (N, K) and their derivatives (3, N, K)."""
    u, w, q = cosines.T
    h, v = scene.elements[:, 1:2], scene.elements[:, 2:3]
    t, rho2 = h * u + v * w, h**2 + v**2
    s = np.sqrt(1 - 2 * q * t + q**2 * rho2)
    delta = (q * rho2 - 2 * t) / (1 + s)
    k0 = 2 * np.pi / scene.wavelength
    a = np.exp(-1j * k0 * delta)
    return a, -1j * k0 * np.stack([-h / s, -v / s, (rho2 + t * delta) / (s * (1 + s))]) * a


def coded(vectors: Array, scene: Scene) -> Array:
    """G_l x for every snapshot: (L, M, K)."""
    return np.einsum("mn,ln,nk->lmk", scene.channel, scene.codes, vectors, optimize=True)


class Stochastic:
    """NLL = Σ log|Γ_l| + y^H Γ_l⁻¹ y, explicit 16 x 16 covariances; parameters u, w, q, log p per source, log σ²."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.dictionary = coded(steer(scene.grid, scene)[0], scene)

    def empty(self) -> Array:
        """The parameters of no source."""
        return np.array([np.log(np.mean(np.abs(self.scene.measurements) ** 2))])

    def _covariance(self, x: Array) -> tuple[Array, Array, Array, Array]:
        sources, noise = x[:-1].reshape(-1, 4), np.exp(x[-1])
        a, derivatives = steer(sources[:, :3], self.scene)
        b, power = coded(a, self.scene), np.exp(sources[:, 3])
        gamma = (b * power) @ b.conj().swapaxes(1, 2) + noise * np.eye(b.shape[1])
        return gamma, b, derivatives, power

    def value(self, x: Array) -> float:
        """Negative log-likelihood."""
        gamma = self._covariance(x)[0]
        y = self.scene.measurements[..., None]
        quadratic = (y.conj() * np.linalg.solve(gamma, y)).sum().real
        return float(np.linalg.slogdet(gamma)[1].sum() + quadratic)

    def step(self, x: Array) -> tuple[Array, Array]:
        """Gradient and Fisher information through whitened derivatives of every covariance."""
        gamma, b, derivatives, power = self._covariance(x)
        slopes = []
        for k in range(b.shape[2]):
            bk = b[:, :, k : k + 1]
            for d in (coded(derivatives[c][:, k : k + 1], self.scene) for c in range(3)):
                outer = d @ bk.conj().swapaxes(1, 2)
                slopes.append(power[k] * (outer + outer.conj().swapaxes(1, 2)))
            slopes.append(power[k] * bk @ bk.conj().swapaxes(1, 2))
        slopes.append(np.exp(x[-1]) * np.broadcast_to(np.eye(b.shape[1]), gamma.shape))
        inverse = np.linalg.inv(np.linalg.cholesky(gamma))
        white = np.stack([inverse @ s @ inverse.conj().swapaxes(1, 2) for s in slopes])
        y = (inverse @ self.scene.measurements[..., None])[..., 0]
        quadratic = np.einsum("la,ilab,lb->i", y.conj(), white, y, optimize=True)
        gradient = np.real(np.einsum("ilaa->i", white) - quadratic)
        flat = white.reshape(len(slopes), -1)
        return gradient, np.real(flat.conj() @ flat.T)

    def scan(self, x: Array) -> tuple[Array, Array]:
        """Gain and log power of one more source at each grid point, over seven trial powers."""
        inverse = np.linalg.inv(self._covariance(x)[0])
        filtered = (inverse @ self.scene.measurements[..., None])[..., 0]
        alpha = np.abs(np.einsum("lmg,lm->lg", self.dictionary.conj(), filtered, optimize=True)) ** 2
        beta = np.einsum("lmg,lmg->lg", self.dictionary.conj(), inverse @ self.dictionary, optimize=True).real
        centre = np.maximum(alpha.sum(0) / beta.sum(0) / beta.mean(0), 1e-12)
        powers = centre * np.geomspace(0.02, 5, 7)[:, None]
        loaded = powers[:, None, :] * beta
        gains = 2 * (powers[:, None, :] * alpha / (1 + loaded) - np.log1p(loaded)).sum(1)
        best = gains.argmax(0)
        return gains.max(0), np.log(powers[best, np.arange(best.size)])

    def add(self, x: Array, point: Array, log_power: float) -> Array:
        """Parameters with one more source."""
        return np.concatenate([x[:-1], point, [log_power], x[-1:]])

    def drop(self, x: Array, k: int) -> Array:
        """Parameters with source k left out."""
        return np.concatenate([x[: 4 * k], x[4 * k + 4 :]])

    limits = np.array([0.06, 0.06, 0.5, 2.0])

    def clip(self, step: Array) -> Array:
        """Limit one iteration's change."""
        wide = np.append(np.tile(self.limits, (step.size - 1) // 4), 1.0)
        return np.clip(step, -wide, wide)


class Pilot:
    """L M log ‖P⊥(B) y‖² with the stacked B and its projector; parameters (K, 3) of u, w, q."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.dictionary = coded(steer(scene.grid, scene)[0], scene).reshape(-1, len(scene.grid))
        self.y = scene.measurements.reshape(-1)

    def empty(self) -> Array:
        """The parameters of no source."""
        return np.zeros(0)

    def _project(self, x: Array) -> tuple[Array, Array, Array, Array]:
        a, derivatives = steer(x.reshape(-1, 3), self.scene)
        b = coded(a, self.scene).reshape(self.y.size, -1)
        basis = np.linalg.qr(b)[0]
        residual = self.y - basis @ (basis.conj().T @ self.y)
        return b, basis, derivatives, residual

    def value(self, x: Array) -> float:
        """L M log of the residual."""
        return float(self.y.size * np.log(np.sum(np.abs(self._project(x)[3]) ** 2)))

    def step(self, x: Array) -> tuple[Array, Array]:
        """Gradient and Gauss-Newton curvature by the Kaufman Jacobian."""
        b, basis, derivatives, residual = self._project(x)
        symbols = np.linalg.lstsq(b, self.y, rcond=None)[0]
        slopes = np.stack([coded(d, self.scene).reshape(self.y.size, -1) * symbols for d in derivatives], axis=-1)
        jacobian = slopes.reshape(self.y.size, -1)
        jacobian = jacobian - basis @ (basis.conj().T @ jacobian)
        scale = 2 * self.y.size / np.sum(np.abs(residual) ** 2)
        return -scale * (jacobian.conj().T @ residual).real, scale * (jacobian.conj().T @ jacobian).real

    def scan(self, x: Array) -> tuple[Array, Array]:
        """Gain of one more source at each grid point."""
        _, basis, _, residual = self._project(x)
        left = self.dictionary - basis @ (basis.conj().T @ self.dictionary)
        energy = np.maximum((np.abs(left) ** 2).sum(0), 1e-2 * (np.abs(self.dictionary) ** 2).sum(0))
        share = np.abs(left.conj().T @ residual) ** 2 / energy / np.sum(np.abs(residual) ** 2)
        return -2 * self.y.size * np.log1p(-np.minimum(share, 1 - 1e-6)), np.zeros(energy.size)

    def add(self, x: Array, point: Array, log_power: float) -> Array:
        """Parameters with one more source."""
        del log_power
        return np.concatenate([x, point])

    def drop(self, x: Array, k: int) -> Array:
        """Parameters with source k left out."""
        return np.concatenate([x[: 3 * k], x[3 * k + 3 :]])

    def clip(self, step: Array) -> Array:
        """Limit one iteration's change."""
        wide = np.tile([0.06, 0.06, 0.5], step.size // 3)
        return np.clip(step, -wide, wide)


def refine(model: Stochastic | Pilot, x: Array, iterations: int, tolerance: float) -> tuple[Array, float]:
    """Levenberg-Marquardt until the predicted decrease is below the tolerance."""
    value, damping = model.value(x), 1e-2
    gradient, curvature = model.step(x)
    for _ in range(iterations):
        diagonal = np.diag(curvature)
        if gradient @ np.linalg.solve(curvature + 1e-9 * np.diag(diagonal), gradient) / 2 < tolerance:
            break
        trial = x + model.clip(-np.linalg.solve(curvature + damping * np.diag(diagonal), gradient))
        there = model.value(trial)
        if there < value:
            x, value, damping = trial, there, max(damping * 0.2, 1e-6)
            gradient, curvature = model.step(x)
        else:
            damping *= 8
    return x, value


def locate(build: Callable[[Scene], Stochastic | Pilot], scene: Scene, sources: int) -> tuple[Array, float]:
    """Greedy addition, cyclic re-detection of the best three candidates until nothing changes, final polish."""
    model = build(scene)
    x, value = model.empty(), np.inf
    for _ in range(sources):
        gain, power = model.scan(x) if x.size > 1 or isinstance(model, Stochastic) else _first(model)
        best = int(gain.argmax())
        x, value = refine(model, model.add(x, scene.grid[best], power[best]), 5, 1e-2)
    x, value = refine(model, x, 12, 1e-2)
    idle = 0
    while idle < sources:
        rest = model.drop(x, 0)
        gain, power = model.scan(rest) if sources > 1 or isinstance(model, Stochastic) else _first(model)
        own = x[:3]
        x = model.add(rest, own, float(x[3]) if isinstance(model, Stochastic) else 0.0)
        idle += 1
        step = np.array([0.084, 0.084, 0.22])
        near = (np.abs(scene.grid - own) <= step).all(1)
        floor = 0.5 * gain[near].max() if near.any() else -np.inf
        gain[near] = -np.inf
        for _ in range(3):
            best = int(gain.argmax())
            if gain[best] <= floor:
                break
            trial, there = refine(model, model.add(rest, scene.grid[best], power[best]), 4, 1e-2)
            if there < value - 0.25:
                x, value, idle = trial, there, 0
            gain[(np.abs(scene.grid - scene.grid[best]) <= 1.5 * step).all(1)] = -np.inf
    return refine(model, x, 30, 1e-6)


def _first(model: Pilot) -> tuple[Array, Array]:
    energy = (np.abs(model.dictionary) ** 2).sum(0)
    gain = np.abs(model.dictionary.conj().T @ model.y) ** 2 / energy
    return gain, np.zeros(energy.size)
