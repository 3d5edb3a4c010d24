"""Which of a network's candidates are the sources: those that together explain the measurements best."""

from copy import copy
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ..estimate.ml.scanning.gain import one_source_gain
from ..likelihood import Gram, whiten

_LOUDEST = 4.0
"""Times all the energy of a scene that one source may be thought to have."""
_LEAST = 1e-6
"""Least 1 + p X_rr: rounding can leave less where a loud source is taken out."""


@dataclass(frozen=True, eq=False)
class Choice:
    """K of the candidates of each scene.

    Args:
        index: (scene, K), their numbers.
        powers: (scene, K), mean symbol powers, in the scale of the Grams.
        gains: (scene, K), 2 ΔNLL of each beside those that were there when it was last looked at.
        noise: (scene,), σ².
        chooser: with the chosen ones in.
    """

    index: Int[Tensor, "scene source"]
    powers: Float[Tensor, "scene source"]
    gains: Float[Tensor, "scene source"]
    noise: Float[Tensor, "scene"]  # noqa: F821
    chooser: "Chooser"

    @property
    def spare(self) -> Float[Tensor, "scene"]:  # noqa: F821
        """The largest 2 ΔNLL of a candidate that was left out."""
        return self.chooser.best()[1]


class Chooser:
    """Puts candidates into Γ_l = Σ_k p_k b_lk b_lk^H + σ² I one by one, and takes them out again.

    Constant symbols have one block, in which the snapshots are stacked. Kept are X = B^H Γ⁻¹ B and v = B^H Γ⁻¹ y of all
    candidates: with w = p/(1 + p X_rr), putting candidate r in leaves X - w X_:r X_r: and v - w X_:r v_r.

    Args:
        vectors: B^H B, (scene, block, candidate, candidate).
        measured: B^H y, (scene, block, candidate).
        energy: y^H y, (scene, block).
        noise: (scene,), σ² to begin with.
        favour: (scene, candidate), nats that speak for each candidate beforehand.
    """

    def __init__(
        self,
        vectors: Complex[Tensor, "scene block candidate candidate"],
        measured: Complex[Tensor, "scene block candidate"],
        energy: Float[Tensor, "scene block"],
        noise: Float[Tensor, "scene"],  # noqa: F821
        favour: Float[Tensor, "scene candidate"],
    ) -> None:
        kind = vectors.dtype.to_real()
        self.noise, self.favour = noise.to(kind), favour.to(kind)
        self._joint = torch.cat([vectors, measured[..., None]], dim=-1).mul_(
            self.noise.reciprocal()[:, None, None, None]
        )
        self.quadratic = energy.to(kind).sum(-1) / self.noise
        self.powers = torch.zeros_like(self.favour)
        own = vectors.diagonal(dim1=-2, dim2=-1).real.sum(1)
        self._most = _LOUDEST * energy.to(kind).sum(-1, keepdim=True) / own.clamp_min(1e-30)

    def __getitem__(self, rows: Tensor) -> "Chooser":
        """Of some of the scenes."""
        made = copy(self)
        vars(made).update({name: value[rows] for name, value in vars(self).items()})
        return made

    def replaced(self, rows: Tensor, other: "Chooser") -> None:
        """Take some scenes from another chooser."""
        for name, value in vars(self).items():
            value[rows] = vars(other)[name]

    @property
    def x(self) -> Complex[Tensor, "scene block candidate candidate"]:
        """B^H Γ⁻¹ B."""
        return self._joint[..., :-1]

    @property
    def v(self) -> Complex[Tensor, "scene block candidate"]:
        """B^H Γ⁻¹ y."""
        return self._joint[..., -1]

    def gains(self) -> tuple[Tensor, Tensor]:
        """2 ΔNLL and the likeliest power of one more source at each candidate's place, (scene, candidate)."""
        own = self.x.diagonal(dim1=-2, dim2=-1).real.clamp_min(1e-12)
        gain, power = one_source_gain(_squares(self.v).transpose(0, 1), own.transpose(0, 1))
        return gain, torch.minimum(power, self._most)

    def gains_without(self, index: Int[Tensor, "scene source"]) -> tuple[Tensor, Tensor]:
        """The same with each of some candidates taken out alone, (scene, source, candidate).

        X_cc + w |X_rc|² and v_c + w conj(X_rc) v_r with w = p/(1 - p X_rr): nothing else of X is needed.
        """
        at = index[:, None, :, None].expand(-1, self._joint.shape[1], -1, self._joint.shape[-1])
        rows = self._joint.gather(2, at)  # (scene, block, source, candidate and y)
        own = rows.gather(3, at[..., :1])[..., 0].real
        power = self.powers.gather(1, index)[:, None]
        weight = (power / (1 - power * own).clamp_min(_LEAST))[..., None]
        others, seen = rows[..., :-1], rows[..., -1:]
        each = self.x.diagonal(dim1=-2, dim2=-1).real.unsqueeze(2)
        each = torch.addcmul(each, weight, _squares(others)).clamp_min(1e-12)
        measured = _squares(torch.addcmul(self.v.unsqueeze(2), others.conj(), weight * seen))
        gain, best = one_source_gain(measured.transpose(0, 1), each.transpose(0, 1))
        return gain, torch.minimum(best, self._most[:, None])

    def best(self) -> tuple[Tensor, Tensor, Tensor]:
        """The candidate not in use that is worth most, its gain and its power, (scene,) each."""
        gain, power = self.gains()
        worth = torch.add(self.favour, gain, alpha=0.5).masked_fill(self.powers > 0, -torch.inf)
        index = worth.argmax(1, keepdim=True)
        return index[:, 0], gain.gather(1, index)[:, 0], power.gather(1, index)[:, 0]

    def put(self, index: Tensor, power: Tensor) -> None:
        """Change the power of one candidate of each scene by so much."""
        at = index[:, None, None, None].expand(*self._joint.shape[:2], 1, self._joint.shape[-1])
        row = self._joint.gather(2, at)  # b_r^H Γ⁻¹ [B, y]
        seen, own = row[..., 0, -1], row.gather(3, at[..., :1])[..., 0, 0].real
        weight = power[:, None] / torch.addcmul(torch.ones_like(own), power[:, None], own).clamp_min(_LEAST)
        self._joint.addcmul_(row[..., :-1].mH * weight[..., None, None], row, value=-1)
        self.quadratic = self.quadratic - (weight * torch.view_as_real(seen).square().sum(-1)).sum(-1)
        self.powers = self.powers.scatter_add(1, index[:, None], power[:, None]).clamp_min_(0)

    def losses(self) -> Float[Tensor, "scene candidate"]:
        """2 ΔNLL that taking each candidate out would cost."""
        return _worth(self.x, self.v, self.powers)

    def take(self, index: Tensor) -> None:
        """Take one candidate of each scene out again."""
        self.put(index, -self.powers.gather(1, index[:, None])[:, 0])


def chosen(chooser: Chooser, sources: int, sweeps: int, equations: int) -> Choice:
    """Put the best candidate in `sources` times; then put others in the place of one of them while that pays.

    Args:
        chooser: with no candidate in.
        sources: K.
        sweeps: most replacements, in multiples of K.
        equations: complex measurements of a scene: L M.

    Returns:
        The choice; powers and σ² scaled together to their likeliest level.
    """
    picks, gains = [], []
    for _ in range(sources):
        index, gain, power = chooser.best()
        chooser.put(index, power)
        picks.append(index)
        gains.append(gain)
    index, worth = torch.stack(picks, dim=1), torch.stack(gains, dim=1)
    powers = chooser.powers.gather(1, index)
    if sources > 1 and sweeps:
        powers = _exchange(chooser, index, worth, sweeps * sources)
    level = (chooser.quadratic / equations).clamp(0.2, 5.0)
    return Choice(index, powers * level[:, None], worth, chooser.noise * level, chooser)


def _exchange(chooser: Chooser, index: Tensor, worth: Tensor, most: int) -> Float[Tensor, "scene source"]:
    """Exchange in each scene the one candidate that gains most, at most so often; scenes where none does are done.

    Args:
        chooser: with the candidates in; changed.
        index: (scene, source), their numbers; changed.
        worth: (scene, source), what each is worth; changed.
        most: exchanges.

    Returns:
        The likeliest power of each chosen candidate beside the others.
    """
    powers, live, mine = torch.empty_like(worth), torch.arange(len(index), device=index.device), chooser
    for turn in range(most + 1):
        gain, power = mine.gains_without(index[live])
        own = index[live][..., None]
        worth[live], powers[live] = (x.gather(2, own)[..., 0] for x in (gain, power))
        value = torch.add(mine.favour[:, None], gain, alpha=0.5)
        rise = (value - value.gather(2, own)).masked_fill((mine.powers > 0)[:, None], -torch.inf)
        most_rise, flat = rise.flatten(1).max(1, keepdim=True)
        paying = torch.nonzero(most_rise[:, 0] > 0).squeeze(-1)
        if paying.numel() == 0 or turn == most:
            break
        if paying.numel() < len(live):
            live, mine, flat, power = live[paying], mine[paying], flat[paying], power[paying]
        source, place = flat // power.shape[2], flat % power.shape[2]
        mine.take(index[live].gather(1, source)[:, 0])
        mine.put(place[:, 0], power.flatten(1).gather(1, flat)[:, 0])
        index[live] = index[live].scatter(1, source, place)
        if mine is not chooser:
            chooser.replaced(live, mine)
    return powers


def missed(grams: tuple[Tensor, Tensor, Tensor], powers: Tensor, noise: Tensor) -> Float[Tensor, "scene source"]:
    """2 ΔNLL that leaving out each of some sources would cost, the others held.

    Args:
        grams: B^H B, B^H y and y^H y of the sources, as for a `Chooser`.
        powers: (scene, source).
        noise: (scene,), σ².
    """
    vectors, measured, energy = grams
    kind = energy.dtype
    seen = whiten(Gram(vectors, measured, energy, equations=0, kinds=1), powers.to(kind), noise.to(kind))
    return _worth(seen.vectors, seen.measured, powers.to(kind))


def _squares(values: Tensor) -> Tensor:
    """|x|²."""
    return torch.view_as_real(values).square().sum(-1)


def _worth(
    vectors: Complex[Tensor, "scene block source source"],
    measured: Complex[Tensor, "scene block source"],
    powers: Float[Tensor, "scene source"],
) -> Float[Tensor, "scene source"]:
    """2 Σ_l [p |v_r|²/(1 - p X_rr) + log(1 - p X_rr)] with X = B^H Γ⁻¹ B and v = B^H Γ⁻¹ y."""
    power = powers[:, None]
    left = (1 - power * vectors.diagonal(dim1=-2, dim2=-1).real).clamp_min(_LEAST)
    return 2 * (power * torch.view_as_real(measured).square().sum(-1) / left + left.log()).sum(1)
