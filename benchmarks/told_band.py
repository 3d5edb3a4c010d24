"""How many scenes of 10 % bandwidth within a snapshot could a test of the residual name that is told the bandwidth?

Pilots at 10 dB, one to three sources, K known (`model_fit.py`, `bandwidth within`). The residual at the places found is
white noise under one wavelength. Under nine carriers of equal power with independent symbols it has the covariance
σ² + C C^H, C the waves of the carriers beside the sources and their moves. The likelihood ratio of these two is the
most powerful test of them. It is told the carriers and the true mean power of the sources, and is compared with 4000
draws of noise at a level of its own, beside which the findings stay as they are. The last rows are right scenes, in
which all that is said is a false alarm. Usage: python benchmarks/told_band.py --scenes 64 --seed 977
"""

import argparse
import math
from dataclasses import replace

import torch
from kept_rows import keep, row_options
from mismatched_scenes import mismatched
from model_fit import far_off
from torch import Tensor

from ris_pytorch_pipeline.estimate import PilotMl, Status
from ris_pytorch_pipeline.estimate.fit import groups_of, tangents_of
from ris_pytorch_pipeline.estimate.fit.groups import Groups
from ris_pytorch_pipeline.estimate.fit.residual.tangents import Tangents
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Observation, Scenes, complex_normal, steering_at, to_cosines
from ris_pytorch_pipeline.rng import stream

_BLOCK, _DRAWS, _CARRIERS, _BAND = 32, 4000, 9, 0.1
_LEVELS = (0.005, 0.02, 0.05)
_TAIL = 0.05
"""Share of the draws that shape the tail, an exponential law beyond it, as in `structure`."""


def waves(seen: Observation, positions: Tensor, powers: Tensor) -> Tensor:
    """(direction, scene, 1, equation): sqrt(p) G a of each carrier and source, and j times it."""
    safe = torch.where(positions.isnan(), torch.ones_like(positions), positions)
    found = []
    for shift in torch.linspace(1 - _BAND / 2, 1 + _BAND / 2, _CARRIERS).tolist():
        array = replace(seen.array, wavelengths=(seen.array.wavelength / shift,))
        heard = seen.response(steering_at(to_cosines(safe, array), array).to(seen.codes.dtype))
        found.append(heard.permute(2, 0, 1, 3).flatten(2) * (powers.mT[..., None] / _CARRIERS).sqrt())
    stacked = torch.cat(found)[:, :, None]
    return torch.cat([stacked, 1j * stacked])


def real(values: Tensor) -> Tensor:
    """(scene, draw, real) of (draw, scene, 1, equation)."""
    return torch.view_as_real(values).flatten(2).movedim(0, 1)


def chances(seen: Observation, groups: Groups, tangents: Tangents, positions: Tensor, powers: Tensor) -> Tensor:
    """(scene,): p-values of the likelihood ratio."""
    noise = complex_normal((_DRAWS, 1, *groups.measurements.shape[1:]), stream(0, "a band that is told"))
    both = torch.cat([groups.measurements[None], noise.expand(-1, len(seen), -1, -1).to(groups.measurements)])
    wide = replace(tangents, fitted=tangents.fitted.double())
    left = wide.without_fitted(groups.residual(both))
    level = torch.view_as_real(left).square().sum(-1).mean((-1, -2), keepdim=True)
    spare = groups.equations - groups.order
    noise_power = torch.view_as_real(groups.residual(groups.measurements)).square().sum((-1, -2, -3)) / spare
    columns = real(wide.without_fitted(groups.residual(waves(seen, positions, powers))))
    columns = columns / (2 * noise_power).sqrt()[:, None, None]
    gram = columns @ columns.mT
    factor = torch.linalg.cholesky(gram + torch.eye(gram.shape[-1], dtype=gram.dtype) / 2)
    rows = torch.linalg.solve_triangular(factor, columns, upper=False)
    ratios = (real(left / level.sqrt()) @ rows.mT).square().sum(-1).pow(1 / 3)  # nearly normal
    most = round(_TAIL * _DRAWS)
    own, drawn = ratios[:, 0], ratios[:, 1:]
    top = drawn.topk(most, dim=1).values
    start, excess = top[:, -1], (top - top[:, -1:]).mean(1)
    reached = (1 + (drawn >= own[:, None]).sum(1)) / (1 + _DRAWS)
    return torch.where(own > start, most / _DRAWS * (-(own - start) / excess).exp(), reached)


def asked(scenes: Scenes) -> Tensor:
    """(scene, 2 + levels): whether it is off, whether that is said, and whether a test at each level would say so."""
    found = PilotMl()(scenes.observation, scenes.truth.sources)
    scaled = scale(scenes.observation)
    groups = groups_of(scaled.observation, found.positions)
    tangents = tangents_of(scaled.observation, groups, found.positions)
    sent = scenes.truth.powers.nan_to_num(0).sum(-1) / scenes.truth.sources * scaled.channel / scaled.measured
    p = chances(scaled.observation, groups, tangents, found.positions, sent[:, None] * groups.present)
    said = torch.tensor([status != Status.CONVERGED for status in found.status])
    return torch.stack([far_off(scenes, found), said, *(said | (p < level) for level in _LEVELS)], dim=1)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64)
    row_options(parser, seed=977)
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = ["scenes", "seed", "n", "of these", "said now", *(f"with a told test at {level}" for level in _LEVELS)]
    keep("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|", given.out)
    for kind in ("bandwidth within", "right"):
        blocks = range(math.ceil(given.scenes / _BLOCK))
        counts = [min(_BLOCK, given.scenes - block * _BLOCK) for block in blocks]
        scenes = [mismatched(kind, "pilot", 10.0, (1, 3), counts[block], block, given.seed) for block in blocks]
        found = torch.cat([asked(each) for each in scenes])
        some = found[found[:, 0]] if kind != "right" else found
        name = "off" if kind != "right" else "all"
        cells = [kind, str(given.seed), str(len(found)), f"{len(some)} {name}", *map(str, some[:, 1:].sum(0).tolist())]
        keep("| " + " | ".join(cells) + " |", given.out)


if __name__ == "__main__":
    main()
