"""Would sources stay at their places if an estimator were told the bandwidth? Pilots of 10 % within a snapshot, 10 dB.

The scenes of `model_fit.py --kinds "bandwidth within"`, K estimated by `PilotMl`. From its places on, places, powers
and noise are refined by the likelihood of nine carriers of equal power with independent symbols, Γ = σ² I + Σ_k p_k/9
Σ_c b_kc b_kc^H over all numbers of a scene. Told for both: sources without a true one within 3° (false), true ones
without an estimate (missed), and the sources further than 1° from the true one that they are. Usage:
python benchmarks/told_places.py --scenes 64 --seed 977
"""

import argparse
import math
from dataclasses import replace

import torch
from kept_rows import keep, row_options
from mismatched_scenes import mismatched
from torch import Tensor

from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.estimate import PilotMl
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.matching import gather_found
from ris_pytorch_pipeline.physics import Observation, steering_at, to_cosines

_BLOCK, _CARRIERS, _BAND, _ROUNDS = 32, 9, 0.1, 40
_UNITS = torch.tensor([0.01, 0.01, 0.02], dtype=torch.float64)
"""Radians, radians and 1/m: what a parameter of 1 moves a source by."""


def loss(seen: Observation, start: Tensor, moved: Tensor, powers: Tensor, noise: Tensor) -> Tensor:
    """NLL of one scene at places that are moved from the start, by log powers and log σ²."""
    angles, distance = (start + moved * _UNITS).split([2, 1], dim=-1)
    positions = torch.cat([angles, distance.clamp_min(0.02).reciprocal()], dim=-1)
    parts = []
    for shift in torch.linspace(1 - _BAND / 2, 1 + _BAND / 2, _CARRIERS).tolist():
        array = replace(seen.array, wavelengths=(seen.array.wavelength / shift,))
        heard = seen.response(steering_at(to_cosines(positions[None], array), array))[0]
        parts.append(heard.transpose(0, 1).flatten(1) * (powers / 2).exp()[:, None] / math.sqrt(_CARRIERS))
    waves, y = torch.cat(parts), seen.measurements[0].flatten()
    inner = waves.conj() @ waves.mT + noise.exp() * torch.eye(len(waves), dtype=waves.dtype)
    factor = torch.linalg.cholesky(inner)
    through = torch.linalg.solve_triangular(factor, (waves.conj() @ y)[:, None], upper=False)
    energy = (y.abs().square().sum() - through.abs().square().sum()) / noise.exp()
    spread = 2 * factor.diagonal().real.log().sum() + (y.numel() - len(waves)) * noise
    return energy + spread


def refined(seen: Observation, positions: Tensor) -> Tensor:
    """Places of one scene's sources at the optimum that they lead to."""
    start = torch.cat([positions[:, :2], positions[:, 2:].reciprocal()], dim=-1)
    moved, powers = torch.zeros_like(start), torch.full_like(start[:, 0], -math.log(len(start) * len(seen.array)))
    free = [part.requires_grad_() for part in (moved, powers, torch.tensor(math.log(0.1), dtype=torch.float64))]
    search = torch.optim.LBFGS(free, max_iter=_ROUNDS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        search.zero_grad()
        value = loss(seen, start, *free)
        value.backward()
        return value

    search.step(closure)
    angles, distance = (start + moved.detach() * _UNITS).split([2, 1], dim=-1)
    return torch.cat([angles, distance.clamp_min(0.02).reciprocal()], dim=-1)


def counts(true: Tensor, found: Tensor) -> Tensor:
    """False, missed, and further than 1° of the true one, over some scenes."""
    partner = match_directions(true, found)
    hits = int((partner >= 0).sum())
    apart = (gather_found(found, partner) - true)[..., :2].norm(dim=-1).rad2deg()
    there = (int((~each[..., 0].isnan()).sum()) for each in (found, true))
    return torch.tensor([*(count - hits for count in there), int((apart > 1).sum())])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64)
    row_options(parser, seed=977)
    given = parser.parse_args()
    torch.set_num_threads(1)
    totals = torch.zeros(2, 3, dtype=torch.long)
    for block in range(-(-given.scenes // _BLOCK)):
        count = min(_BLOCK, given.scenes - block * _BLOCK)
        scenes = mismatched("bandwidth within", "pilot", 10.0, (1, 3), count, block, given.seed)
        found = PilotMl()(scenes.observation).positions.double()
        seen, true, again = scale(scenes.observation).observation, scenes.truth.positions.double(), found.clone()
        for scene in range(count):
            there = ~found[scene, :, 0].isnan()
            if there.any():
                again[scene, there] = refined(seen[scene : scene + 1], found[scene, there])
        totals += torch.stack([counts(true, found), counts(true, again)])
    heads = ("places of", "n", "false a scene", "missed", "further than 1° a scene")
    keep("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|", given.out)
    for name, row in zip(("one wavelength", "a told band"), totals / given.scenes, strict=True):
        keep("| " + " | ".join([name, str(given.scenes), *(f"{each:.2f}" for each in row.tolist())]) + " |", given.out)


if __name__ == "__main__":
    main()
