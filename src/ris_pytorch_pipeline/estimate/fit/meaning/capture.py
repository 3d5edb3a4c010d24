"""What in the numbers of a capture would no wave and no noise leave: repeats, zeros, clipping, a part without code?"""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ....physics import Observation
from .preflight import Note, code_rank

_CHANCE = 1e-9
"""Chance below which equal snapshots are no accident of a coarse converter."""
_CLIPPED, _LEAST, _LEVELS = 0.04, 8, 8
"""Share and number of the parts that lie at the largest size, and sizes beyond which that is clipping: a converter of
few bits has few sizes anyhow."""
_FEW_ANTENNAS = 3
"""Of fewer it is not told which one is the odd one."""
_STEADY, _STILL, _RARE = 0.15, 3.0, 8.0
"""Share of the energy that is the same in all snapshots; the most of the codes that may be, times 1/L; and -log of the
chance of as much. Random codes leave 1/L of both: of m antennas a Gamma law's mean of m, with a chance of exp(-t) more
than 1 + sqrt(2 t/m) + t/m of it."""
_DEAF = 1e-5
"""Chance below which an antenna is quieter than its channel: a Gamma law's mean of n is below x with a chance of
exp(-n (x - 1 - log x)) at most."""


def capture_notes(observation: Observation) -> list[Note]:
    """What the measurements and the codes themselves show, without any array or source.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import draw, preset
    >>> seen = draw(preset("pilot", sources=1), 1, torch.Generator().manual_seed(0)).observation
    >>> capture_notes(seen)
    []

    Args:
        observation: the scenes.
    """
    y = observation.measurements if observation.wide else observation.measurements[:, None]
    unreal = _unreal(y)
    if unreal is not None:
        return [unreal]
    found = (
        *_silent(y),
        _deaf(observation, y),
        _repeated(y),
        _clipped(y),
        _without_code(observation),
        _steady(observation, y),
    )
    return [note for note in found if note is not None]


def _unreal(y: Complex[Tensor, "scene frequency snapshot antenna"]) -> Note | None:
    """Measurements without a phase."""
    if bool((y.imag != 0).any()):
        return None
    size = "magnitudes" if bool((y.real >= 0).all()) else "real numbers"
    return Note(
        what=f"the measurements are {size}: their phases are missing",
        cause="a real part or a modulus taken earlier, or an imaginary array that was left out",
        move="pass complex measurements; in a mapping name `imaginary` or `phase`",
    )


def _silent(y: Complex[Tensor, "scene frequency snapshot antenna"]) -> list[Note]:
    """Antennas and snapshots of zeros."""
    notes = []
    for axis, name in ((2, "antenna"), (3, "snapshot")):
        dead = (y == 0).all(axis).flatten(0, 1)
        where = torch.nonzero(dead.any(0)).squeeze(-1).tolist()
        if where:
            notes.append(Note(
                what=f"{name}s {_listed(where)} are zero in {int(dead.any(1).sum())} of {len(dead)} scenes"
                f"{' and frequencies' if y.shape[1] > 1 else ''}",
                cause="a receiver that was off, a lost packet, or a file that was padded",
                move=f"leave those {name}s out, of codes or channel too",
            ))  # fmt: skip
    return notes


def _deaf(observation: Observation, y: Complex[Tensor, "scene frequency snapshot antenna"]) -> Note | None:
    """Antennas that hear less than others, and less than their channel says, too little for a chance of the codes.

    Behind codes of their own |y|² is an exponential law's; symbols that fade leave half as many that count.
    """
    channel = observation.by_frequency()[1]
    heard, open_ = y.abs().square().sum(2), channel.abs().square().sum(-1).expand(*y.shape[:2], -1)
    counted = 0.5 * float((code_rank(observation) * (code_rank(observation) > 1)).sum())
    if y.shape[-1] < _FEW_ANTENNAS or not counted:
        return None
    ratios = torch.stack([heard.sum((0, 1)), (heard / open_.clamp_min(torch.finfo(heard.dtype).tiny)).sum((0, 1))])
    part = (ratios / ratios.median(-1, keepdim=True).values).amax(0).clamp_min(1e-12)
    chance = y.shape[-1] * torch.exp(-counted * (part - 1 - part.log()))
    quiet = (part < 0.5) & (chance < _DEAF) & (heard > 0).any(0).any(0)
    where = torch.nonzero(quiet).squeeze(-1).tolist()
    if not where:
        return None
    return Note(
        what=f"antennas {_listed(where)} hear {float(part[quiet].amax()):.0%} or less of what the others hear",
        cause="a cable, a switch or an amplifier that failed, or a gain that the channel does not know",
        move="leave those antennas out, of the channel too; otherwise calibrate",
    )


def _repeated(y: Complex[Tensor, "scene frequency snapshot antenna"]) -> Note | None:
    """Snapshots that are those of another to the last digit, which noise never is."""
    rows = torch.view_as_real(y.transpose(1, 2).contiguous()).flatten(2)  # (scene, snapshot, number)
    marks = rows.double() @ torch.linspace(1, 2, rows.shape[-1], dtype=torch.float64, device=y.device)
    ordered = rows.gather(1, marks.argsort(-1)[..., None].expand_as(rows))
    equal = (ordered[:, 1:] == ordered[:, :-1]).all(-1) & (ordered[:, 1:] != 0).any(-1)
    again = equal.sum(-1)
    for scene in torch.nonzero(again).squeeze(-1).tolist():
        accident = rows.shape[1] ** 2 * _levels(rows[scene]) ** float(-rows.shape[2])
        again[scene] *= accident < _CHANCE
    if not bool(again.any()):
        return None
    return Note(
        what=f"up to {int(again.max())} of {rows.shape[1]} snapshots repeat another one to the last digit, in "
        f"{int((again > 0).sum())} of {len(rows)} scenes",
        cause="a buffer that was read twice, or a capture listed again; data without noise do so, too",
        move="keep one of each, with its code: a repeat adds nothing, and makes ± too small",
    )


def _clipped(y: Complex[Tensor, "scene frequency snapshot antenna"]) -> Note | None:
    """Parts at the end of a converter's range."""
    parts = torch.view_as_real(y).abs().flatten(1)
    ended = (parts == parts.amax(-1, keepdim=True)).double()
    share = ended.mean(-1) * (ended.sum(-1) >= _LEAST)
    for scene in torch.nonzero(share >= _CLIPPED).squeeze(-1).tolist():
        share[scene] *= _levels(parts[scene]) > _LEVELS
    if float(share.amax()) < _CLIPPED:
        return None
    return Note(
        what=f"up to {float(share.amax()):.0%} of the real and imaginary parts have the same largest size",
        cause="a converter that was driven beyond its range",
        move="record again with less gain: what is cut off is no noise, and ± does not contain it",
    )


def _without_code(observation: Observation) -> Note | None:
    """Codes of zeros whose snapshots are as loud as others."""
    codes, loud = observation.by_frequency()[0].abs().amax(-1), observation.measurements.abs().square().mean(-1)
    loud = loud if observation.wide else loud[:, None]
    off = (codes == 0).expand(loud.shape)
    typical = loud.masked_fill(off, torch.nan).nanmedian(-1, keepdim=True).values
    lost = off & (loud > 0.5 * typical)
    where = torch.nonzero(lost.flatten(0, 1).any(0)).squeeze(-1).tolist()
    if not where:
        return None
    return Note(
        what=f"the codes of snapshots {_listed(where)} are zero, and their measurements are as loud as others",
        cause="codes that were not recorded",
        move="pass their codes, or leave the snapshots out",
    )


def _steady(observation: Observation, y: Complex[Tensor, "scene frequency snapshot antenna"]) -> Note | None:
    """A part of the energy that is the same in all snapshots although the codes vary."""
    snapshots = y.shape[2]
    codes, channel = observation.by_frequency()[:2]
    varied = _mean_share(codes).mean(-1) < _STILL / snapshots
    shares = _mean_share(y)
    gram = channel @ channel.mH
    alone = gram.diagonal(dim1=-2, dim2=-1).sum(-1).abs().square() / gram.abs().square().sum((-2, -1))
    rare = _RARE / alone
    over = shares * snapshots / (1 + (2 * rare).sqrt() + rare)
    share = float(shares.mean(-1).median())
    if not bool(varied.all()) or share <= _STEADY or float(over.mean(-1).median()) <= 1:
        return None
    return Note(
        what=f"{share:.0%} of the energy is the same in all snapshots, whatever the code",
        cause="a path beside the panel, an offset of the converter, or leakage of the carrier",
        move="take the mean over the snapshots from measurements and codes: `remove_mean = true` in a mapping",
    )


def _mean_share(values: Complex[Tensor, "scene frequency snapshot place"]) -> Float[Tensor, "scene frequency"]:
    """‖mean over snapshots‖² over the mean of ‖·‖²."""
    mean = values.mean(2).abs().square().sum(-1)
    return mean / values.abs().square().sum(-1).mean(2).clamp_min(torch.finfo(mean.dtype).tiny)


def _levels(values: Tensor) -> int:
    """Distinct numbers."""
    return len(values.unique())


def _listed(numbers: list[int]) -> str:
    """A few of them in words."""
    shown = ", ".join(map(str, numbers[:5]))
    return shown if len(numbers) <= 5 else f"{shown} and {len(numbers) - 5} more"
