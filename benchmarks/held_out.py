"""Is a source worth keeping for what it predicts of snapshots that it has not seen? Beside the rule that is built in.

Of every four snapshots three are fitted and the fourth is predicted, for two of the four parts: pilots by the
amplitudes of the others, random symbols by the covariance. The k strongest sources with the best prediction are kept,
k = 0, 1, ..., of those that a search finds without a fit ("search"), and of those that the package keeps ("present").
Counted are sources without a true one within 3° (false), true ones without an estimate (missed), those beyond the true
number (extra), and scenes with the right number. Usage:
python benchmarks/held_out.py --scenes 100 --seed 641 --presets pilot --kinds phases
"""

import argparse
from dataclasses import replace

import torch
from kept_rows import keep, row_options
from mismatched_scenes import CHANGES, mismatched
from torch import Tensor

from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.estimate import MaximumLikelihood, PilotMl, Sml
from ris_pytorch_pipeline.estimate.fit import groups_of
from ris_pytorch_pipeline.estimate.fit.counting.scatter import stochastic_value
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Observation, Scenes

_PARTS, _PREDICTED = 4, (0, 2)
"""Snapshot l is in part l modulo four; two parts are predicted, each by a fit to the three others."""
_ITERATIONS = 10
"""Of the fit to three parts, which starts at the places that all of them lead to."""
_BLOCK = 32
RULES = ("search", "held-out of search", "present", "held-out of present")


def counted(positions: Tensor) -> Tensor:
    """(scene,), how many sources."""
    return (~positions[..., 0].isnan()).sum(-1)


def strongest(positions: Tensor, kept: Tensor) -> Tensor:
    """The first sources of each scene, and NaN in the other slots."""
    slots = torch.arange(positions.shape[1])
    return positions.masked_fill((slots >= kept[:, None])[..., None], torch.nan)


def at(seen: Observation, snapshots: Tensor) -> Observation:
    """Some of the snapshots."""
    return replace(seen, measurements=seen.measurements[:, snapshots], codes=seen.codes[:, snapshots])


def fitted(seen: Observation, positions: Tensor, plain: MaximumLikelihood) -> tuple[Tensor, Tensor, Tensor]:
    """Positions, powers and σ² of scenes with any numbers of sources."""
    places, powers = torch.full_like(positions, torch.nan), positions.new_zeros(positions.shape[:2])
    noise = torch.view_as_real(seen.measurements).square().sum(-1).mean((1, 2)).to(positions)
    some = torch.nonzero(counted(positions) > 0).squeeze(-1)
    if some.numel():
        found = plain.refine(seen[some], positions[some], iterations=_ITERATIONS)
        width = found.positions.shape[1]
        places[some, :width] = found.positions.to(places)
        powers[some, :width] = found.powers.to(powers).masked_fill(found.powers.isnan(), 0)
        noise[some] = found.noise_variance.to(noise)
    return places, powers, noise


def surprise(seen: Observation, positions: Tensor, part: int, plain: MaximumLikelihood) -> Tensor:
    """(scene,), negative log-likelihood of one part of the snapshots after a fit to the others."""
    number = torch.arange(seen.measurements.shape[1]) % _PARTS
    taught = at(seen, torch.nonzero(number != part).squeeze(-1))
    new = at(seen, torch.nonzero(number == part).squeeze(-1))
    places, powers, noise = fitted(taught, positions, plain)
    groups = groups_of(new, places)
    if seen.symbols == "random":
        return stochastic_value(groups, powers, noise[:, None, None].expand(-1, 1, groups.measurements.shape[-1]))
    left = groups.measurements
    if positions.shape[1]:
        amplitudes = groups_of(taught, places).amplitudes * groups.present[:, None]
        left = left - (amplitudes[..., None] * groups.responses).sum(-2)
    return groups.equations * noise.log() + torch.view_as_real(left).square().sum((-1, -2, -3)) / noise


def predicting(seen: Observation, positions: Tensor, plain: MaximumLikelihood) -> Tensor:
    """The k strongest sources of each scene whose prediction is best."""
    orders = range(positions.shape[1] + 1)
    each = [strongest(positions, torch.full((len(seen),), k)) for k in orders]
    values = torch.stack([sum((surprise(seen, p, n, plain) for n in _PREDICTED), torch.zeros(())) for p in each], 1)
    more = torch.arange(len(orders)) > counted(positions)[:, None]
    return strongest(positions, values.masked_fill(more, torch.inf).argmin(1))


def tally(scenes: Scenes) -> Tensor:
    """(rule, count): scenes, false, missed, extra, and with the right number."""
    seen, truth = scale(scenes.observation).observation, scenes.truth
    kind = Sml if seen.symbols == "random" else PilotMl
    plain = kind(fit=False)
    found = [plain(seen).positions.double(), kind()(seen).positions.double()]
    rows = []
    for positions in (end for each in found for end in (each, predicting(seen, each, plain))):
        hits, order = (match_directions(truth.positions, positions) >= 0).sum(), counted(positions)
        extra, right = (order - truth.sources).clamp_min(0).sum(), (order == truth.sources).sum()
        rows.append(
            torch.stack([torch.tensor(len(seen)), order.sum() - hits, truth.sources.sum() - hits, extra, right])
        )
    return torch.stack(rows)


def main() -> None:
    """Print four rows for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--kinds", default=",".join(CHANGES))
    parser.add_argument("--presets", default="random,pilot")
    parser.add_argument("--snr-db", type=float, default=10.0)
    parser.add_argument("--sources", default="1,3")
    row_options(parser, seed=641)
    given = parser.parse_args()
    torch.set_num_threads(1)
    least, most = (int(k) for k in given.sources.split(","))
    keep(f"{'preset, kind, rule':44}{'n':>6}{'false':>7}{'missed':>8}{'extra':>7}{'right':>7}", given.out)
    for name in given.presets.split(","):
        for kind in given.kinds.split(","):
            total = torch.zeros(len(RULES), 5)
            for block in range(-(-given.scenes // _BLOCK)):
                count = min(_BLOCK, given.scenes - block * _BLOCK)
                total += tally(mismatched(kind, name, given.snr_db, (least, most), count, block, given.seed))
            for rule, (n, *rest) in zip(RULES, total.tolist(), strict=True):
                false, missed, extra, right = (value / n for value in rest)
                label = f"{name}, {kind}, {rule}"
                keep(f"{label:44}{n:6.0f}{false:7.2f}{missed:8.2f}{extra:7.2f}{right:7.2f}", given.out)


if __name__ == "__main__":
    main()
