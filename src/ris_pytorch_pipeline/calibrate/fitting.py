"""Which gains explain scenes with known positions best: least squares in turns over symbols, elements, antennas."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..errors import InfeasibleError
from .known import KnownScenes

_ROUNDS = 10
_STILL = 1e-3
"""Movement of the gains in a round, root mean square, below which the turns end: far below what they are known to."""
_BYTES = 2**31


@dataclass(frozen=True, kw_only=True)
class Gains:
    """What stands between the sounding as intended and as it is, at one frequency.

    >>> import torch
    >>> gains = Gains(element=torch.polar(torch.ones(3), torch.tensor([0.1, 0.0, -0.1])), antenna=torch.ones(2) + 0j)
    >>> gains.element.angle().rad2deg().round(decimals=1), gains.codes is None  # the codes are as intended
    (tensor([ 5.7000,  0.0000, -5.7000]), True)

    Args:
        element: (element,), complex gains g; mean |g|² = 1, the sum real and positive.
        antenna: (antenna,), complex gains d; the same gauge.
        codes: (snapshot, element), what each code really is, g included; None where codes are as intended.
    """

    element: Complex[Tensor, "element"]  # noqa: F821
    antenna: Complex[Tensor, "antenna"]  # noqa: F821
    codes: Complex[Tensor, "snapshot element"] | None = None

    def coded(self, scenes: KnownScenes) -> Complex[Tensor, "scene snapshot element"]:
        """The codes as they are under these gains.

        >>> import torch
        >>> small = preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1)
        >>> scenes = draw(small, 2, torch.Generator().manual_seed(0))
        >>> known, = known_scenes(scenes.observation, scenes.truth.positions)
        >>> twice = Gains(element=torch.full((16,), 2.0 + 0j), antenna=torch.ones(4) + 0j)
        >>> twice.coded(known).abs().unique()  # codes of unit modulus behind a gain of 2
        tensor([2.], dtype=torch.float64)
        """
        return scenes.codes * self.element if self.codes is None else self.codes.expand_as(scenes.codes)


def no_gains(scenes: KnownScenes) -> Gains:
    """Ones: the sounding as intended."""
    ones = scenes.channel.new_ones
    return Gains(element=ones(scenes.channel.shape[-1]), antenna=ones(scenes.channel.shape[-2]))


def fit_gains(
    scenes: KnownScenes, ridge: float, codes_ridge: float | None = None, start: Gains | None = None
) -> Gains:  # fmt: skip
    """Min over g, d, s of Σ_p ‖y_p - diag(d) H_p diag(c_p g) A_p s_p‖² + ridge · mean power · (‖g - 1‖² + ‖d - 1‖²).

    With `codes_ridge` each code gets a gain of its own at each element, drawn towards c_l ∘ g: couplings between
    elements, and states whose amplitudes differ, are no gain of an element but a change of the code.

    >>> import torch
    >>> from dataclasses import replace
    >>> small = preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1, snr_db=20.0)
    >>> scenes = draw(small, 20, torch.Generator().manual_seed(0))
    >>> late = torch.ones(16) + 0j
    >>> late[3] = 1j  # what nobody knows of element 3
    >>> believed = replace(scenes.observation, channel=scenes.observation.channel / late)
    >>> known, = known_scenes(believed, scenes.truth.positions)
    >>> found = fit_gains(known, ridge=0.01).element
    >>> (found[3] / found[2]).angle().rad2deg().round()  # beside its neighbour
    tensor(90., dtype=torch.float64)

    Args:
        scenes: with known positions, each of unit energy.
        ridge: pull of the gains towards 1, over the mean diagonal of the normal equations.
        codes_ridge: the same of the codes towards c_l ∘ g; None keeps the codes as intended.
        start: gains to begin with, such as those of a stronger pull; None begins with ones.

    Returns:
        The gains, in their gauge: the common scale and phase belong to the symbols.
    """
    first = no_gains(scenes) if start is None else start
    gains = _settled(replace(first, codes=None), lambda held: _element_round(scenes, held, ridge))
    if codes_ridge is None:
        return gains
    intended = scenes.codes[0] * gains.element
    begin = replace(gains, codes=intended if start is None or start.codes is None else start.codes)
    return _settled(begin, lambda held: _code_round(scenes, held, intended, codes_ridge))


def _settled(gains: Gains, another_round: Callable[[Gains], Gains]) -> Gains:
    """Rounds until the gains move by less than a thousandth."""
    for _ in range(_ROUNDS):
        before, gains = gains, another_round(gains)
        moved = gains.element - before.element
        if gains.codes is not None and before.codes is not None:
            moved = (gains.codes - before.codes) / gains.codes.abs().amax()
        if float(torch.view_as_real(moved).square().mean()) < _STILL**2:
            break
    return gains


def _element_round(scenes: KnownScenes, gains: Gains, ridge: float) -> Gains:
    field = _panel_field(scenes, gains)
    gains = replace(gains, element=_gauged(_element_step(scenes, gains, field, ridge)))
    if len(gains.antenna) > 1:
        gains = replace(gains, antenna=_gauged(_antenna_step(scenes, gains, ridge)))
    return gains


def _code_round(scenes: KnownScenes, gains: Gains, intended: Tensor, ridge: float) -> Gains:
    codes = _code_step(scenes, gains, intended, ridge)
    return replace(gains, codes=codes * (intended.norm() / codes.norm()))


def explained(scenes: KnownScenes, gains: Gains) -> Float[Tensor, "scene"]:  # noqa: F821
    """Share of each scene's energy that its sources explain under these gains: 1 - ‖P⊥(B) y‖² / ‖y‖²."""
    response = _response(scenes, gains)
    symbols = _symbols(scenes, response)
    left = scenes.measured - (response * symbols[..., None]).sum(-2)
    return 1 - torch.view_as_real(left).square().sum(dim=(1, 2, 3))


def identified(scenes: KnownScenes, gains: Gains, ridge: float) -> float:
    """Dimensions of the element gains that the scenes decide, not the pull towards 1: Σ λ_i / (λ_i + ridge · mean λ).

    The scenes are as sounded, so a line of positions at one elevation sees only sums over columns.

    >>> import torch
    >>> small = preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1, snr_db=20.0)
    >>> scenes = draw(small, 20, torch.Generator().manual_seed(0))
    >>> known, = known_scenes(scenes.observation, scenes.truth.positions)
    >>> some = [known[torch.arange(count)] for count in (1, 20)]
    >>> [round(identified(each, fit_gains(each, 0.1), 0.1), 1) for each in some]  # of 16 gains, by one scene and by 20
    [13.2, 14.5]
    """
    design = _element_design(scenes, gains, _panel_field(scenes, gains))
    values = torch.linalg.svdvals(design).square()
    return float((values / (values + ridge * values.sum() / design.shape[1])).sum())


def _response(scenes: KnownScenes, gains: Gains) -> Complex[Tensor, "scene snapshot source antenna"]:
    """b_lk = diag(d) H diag(c_l g) a_k."""
    coded = gains.coded(scenes)[:, :, None] * scenes.waves[:, None]
    return torch.einsum("plkn,pmn->plkm", coded, scenes.channel * gains.antenna[:, None])


def _symbols(scenes: KnownScenes, response: Tensor) -> Complex[Tensor, "scene snapshot source"]:
    """Least-squares symbols under a response; zero in slots without a source."""
    y = scenes.measured
    rows = response.mT  # (scene, snapshot, antenna, source)
    if scenes.constant:
        rows, y = rows.flatten(1, 2)[:, None], y.flatten(1, 2)[:, None]
    normal = rows.mH @ rows
    level = normal.diagonal(dim1=-2, dim2=-1).real.amax(-1).clamp_min(1e-300)
    eye = torch.eye(normal.shape[-1], dtype=normal.dtype, device=normal.device)
    loaded = normal + 1e-9 * level[..., None, None] * eye
    symbols = torch.linalg.solve(loaded, (rows.mH @ y[..., None])).squeeze(-1)
    return symbols.expand(-1, scenes.measured.shape[1], -1)


def _panel_field(scenes: KnownScenes, gains: Gains) -> Complex[Tensor, "scene snapshot element"]:
    """What arrives at the elements, A s, with the symbols that fit these gains."""
    return _symbols(scenes, _response(scenes, gains)) @ scenes.waves


def _element_design(scenes: KnownScenes, gains: Gains, field: Tensor) -> Complex[Tensor, "equation element"]:
    """Rows d_m H_mn c_ln x_ln of the linear equations for g.

    Raises:
        InfeasibleError: more memory than 2 GB.
    """
    count, snapshots, antennas = scenes.measured.shape
    needed = 16 * scenes.measured.numel() * scenes.codes.shape[-1]
    if needed > _BYTES:
        raise InfeasibleError(
            f"equations of at most {_BYTES / 1e9:.0f} GB", f"{needed / 1e9:.1f} GB ({count} scenes of {snapshots} "
            f"x {antennas} measurements, {scenes.codes.shape[-1]} elements)", "a large panel", "use fewer scenes",
        )  # fmt: skip
    through = (scenes.channel * gains.antenna[:, None])[:, None]
    return (through * (scenes.codes * field)[:, :, None]).flatten(0, 2)


def _element_step(scenes: KnownScenes, gains: Gains, field: Tensor, ridge: float) -> Tensor:
    design = _element_design(scenes, gains, field)
    return _ridged(design, scenes.measured.flatten(), torch.ones_like(gains.element), ridge)


def _antenna_step(scenes: KnownScenes, gains: Gains, ridge: float) -> Tensor:
    """Gains of the antennas: one scalar equation for each."""
    plain = replace(gains, antenna=torch.ones_like(gains.antenna))
    symbols = _symbols(scenes, _response(scenes, gains))
    expected = (_response(scenes, plain) * symbols[..., None]).sum(-2)
    power = torch.view_as_real(expected).square().sum(dim=(0, 1, 3))
    load = ridge * power.mean()
    return ((expected.conj() * scenes.measured).sum(dim=(0, 1)) + load) / (power + load)


def _code_step(scenes: KnownScenes, gains: Gains, intended: Tensor, ridge: float) -> Tensor:
    """What each code is: for each snapshot the equations Σ_n H_mn x_pn e_n = y_pm over all scenes."""
    field = _panel_field(scenes, gains)
    through = scenes.channel * gains.antenna[:, None]
    rows = (through[:, None] * field[:, :, None]).transpose(0, 1).flatten(1, 2)  # (snapshot, scene antenna, element)
    return _ridged(rows, scenes.measured.transpose(0, 1).flatten(1, 2), intended, ridge)


def _ridged(design: Tensor, right: Tensor, prior: Tensor, ridge: float) -> Tensor:
    """Min ‖A x - b‖² + load ‖x - prior‖², load = ridge · mean diagonal of A^H A, by the smaller of both systems."""
    equations, unknowns = design.shape[-2:]
    load = ridge * torch.view_as_real(design).square().sum(dim=(-1, -2, -3)) / unknowns
    load = load.clamp_min(1e-300)[..., None, None]
    left = right[..., None] - design @ prior[..., None]
    size = min(equations, unknowns)
    eye = torch.eye(size, dtype=design.dtype, device=design.device)
    if equations < unknowns:
        change = design.mH @ torch.linalg.solve(design @ design.mH + load * eye, left)
    else:
        change = torch.linalg.solve(design.mH @ design + load * eye, design.mH @ left)
    return prior + change.squeeze(-1)


def _gauged(gains: Tensor) -> Tensor:
    """Mean |g|² = 1 and a real, positive sum: the common scale and phase are the symbols'."""
    total = gains.sum()
    turn = total / total.abs().clamp_min(1e-300)
    return gains / turn / torch.view_as_real(gains).square().sum(-1).mean().sqrt()
