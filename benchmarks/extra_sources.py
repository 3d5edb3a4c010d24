"""Would errors of the model be heard without the weakest source? Scenes with a source too many, and true weak sources.

`Sml` counts the sources of scenes of a kind of mismatch, at 10 dB with one to three sources; those in which it keeps
more than there are make the first row. The second are right scenes of five sources, at their true places, whose weakest
one gains between 1.2 and 1.7 thresholds over errors of the model, which is what is asked where no errors speak, and
where they do. The weakest source is the one of the least gain. "Beside it" are scenes in which errors speak with all
sources, as they are asked now; "without it" those in which they do once the weakest is left out, beside steady scatter.
"Fades" are those in which its symbols are likelier with a power that follows the other sources than with a steady one.
Usage: python benchmarks/extra_sources.py --scenes 256 --seed 3101
"""

import argparse

import torch
from mismatched_scenes import mismatched
from torch import Tensor

from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.estimate.fit import groups_of
from ris_pytorch_pipeline.estimate.fit.counting import model_error
from ris_pytorch_pipeline.estimate.fit.counting.scatter import scatter_of
from ris_pytorch_pipeline.estimate.fit.groups import Groups
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Observation

_BLOCK = 32
_POWERS = torch.logspace(-2, 1, 40, dtype=torch.float64)
"""Over the mean energy of a source's symbols: which are tried."""


def heard(observation: Observation, positions: Tensor, powers: Tensor) -> Tensor:
    """(scene, 4): least gain over errors, whether they speak beside that source, without it, and whether it fades."""
    seen = scale(observation).observation
    louder = seen.measurements.abs().square().flatten(1).mean(1) / observation.measurements.abs().square().flatten(
        1
    ).mean(1)
    powers = powers.double().nan_to_num(0) * louder[:, None]
    groups = groups_of(seen, positions.double())
    scatter = scatter_of(seen, groups)
    gain = model_error.gain_over_errors(scatter, groups.present, powers).nan_to_num(torch.inf)
    least, weakest = gain.min(-1)
    kept = groups.present.clone()
    kept[torch.arange(len(kept)), weakest] = False
    values = model_error.values(scatter, kept, powers, kept)
    without = 2 * (values[:2].amin(0) - values[2:].amin(0))
    beside = model_error.error_evidence(scatter, groups.present, powers)
    fading = torch.tensor([fades(groups, scene, int(k)) for scene, k in enumerate(weakest)])
    return torch.stack([least, beside > model_error.SPEAKS, without > model_error.SPEAKS, fading.to(least)], dim=-1)


def fades(groups: Groups, scene: int, source: int) -> bool:
    """Whether a source's least-squares symbols are likelier with a power that follows the other sources."""
    there = groups.present[scene]
    responses, y = groups.responses[scene][:, there], groups.measurements[scene]
    inverse = torch.linalg.inv(responses.conj() @ responses.mT)
    symbols = (inverse @ (responses.conj() @ y.unsqueeze(-1))).squeeze(-1)
    left = y - (responses.mT @ symbols.unsqueeze(-1)).squeeze(-1)
    noise = left.abs().square().sum() / (left.numel() - symbols.numel())
    own = int(there[:source].sum())
    spread = inverse[:, own, own].real * noise
    others = symbols.clone()
    others[:, own] = 0
    energy = (responses.mT @ others.unsqueeze(-1)).abs().square().sum((-1, -2))
    size = symbols[:, own].abs().square()
    steady, following = (
        (-(level := _POWERS[:, None] * size.mean() * shape + spread).log() - size / level).sum(-1).amax()
        for shape in (torch.ones_like(energy), energy / energy.mean())
    )
    return bool(following > steady)


def too_many(kind: str, count: int, seed: int) -> Tensor:
    """What is heard in scenes of a mismatch of which more sources are kept than there are."""
    found = []
    for block in range(-(-count // _BLOCK)):
        scenes = mismatched(kind, "random", 10.0, (1, 3), min(_BLOCK, count - block * _BLOCK), block, seed)
        estimate = Sml()(scenes.observation)
        rows = torch.nonzero(estimate.order > scenes.truth.sources).flatten()
        if rows.numel():
            most = int(estimate.order[rows].max())
            positions, powers = estimate.positions[rows, :most], estimate.powers[rows, :most]
            found.append(heard(scenes.observation[rows], positions, powers))
    return torch.cat(found) if found else torch.zeros(0, 4)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=256)
    parser.add_argument("--kind", default="channel 5 %")
    parser.add_argument("--seed", type=int, default=3101)
    given = parser.parse_args()
    torch.set_num_threads(1)
    right = mismatched("right", "random", 10.0, (5, 5), given.scenes, 0, given.seed)
    true = heard(right.observation, right.truth.positions, right.truth.powers)
    asked = Sml().threshold
    weak = true[(true[:, 0] > 1.2 * asked) & (true[:, 0] < 1.7 * asked)]
    print("| scenes | n | of | errors speak beside it | without it | fades |\n" + "|---" * 6 + "|")
    for name, rows in ((f"{given.kind}, a source too many", too_many(given.kind, given.scenes, given.seed)),
                       ("right, five sources, a weak one", weak)):  # fmt: skip
        counts = [int(column) for column in rows[:, 1:].sum(0)]
        print(f"| {name} | {len(rows)} | {given.scenes} | " + " | ".join(map(str, counts)) + " |", flush=True)


if __name__ == "__main__":
    main()
