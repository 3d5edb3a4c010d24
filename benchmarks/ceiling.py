"""What could a perfect search reach? Where a search fails and the genie succeeds, which of them is likelier?

A row is a cell of K and SNR: success (all sources within 3°, K known) with Wilson's 95 % interval of the search, of the
genie, and of whichever of both has the greater likelihood, scene by scene; and in how many of the scenes in which only
the genie succeeds its answer is the less likely one, so that no search by likelihood finds it. Distances are drawn
uniformly in their inverse, or, with `--distance-law uniform`, uniformly.

    python benchmarks/ceiling.py --scenes 256 [--distance-law uniform] [--candidates 8 --promising 0.25]
"""

import argparse

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import share, trial_of
from ris_pytorch_pipeline.bench.genie import genie_for
from ris_pytorch_pipeline.bench.score import score
from ris_pytorch_pipeline.bench.sweep import BLOCK
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, SearchEffort, SearchRegion, Sml
from ris_pytorch_pipeline.physics import Observation, Scenario, preset, steering

CELLS = (("random", 3, 0.0), ("random", 5, 5.0), ("pilot", 5, 0.0), ("pilot", 5, 5.0))
COLUMNS = ("symbols", "K", "SNR dB", "search", "likelier of both", "genie", "only the genie", "of them less likely")
_SURE = 0.1
"""Nats by which an answer must be likelier to be taken for another optimum."""


def cost(seen: Observation, found: Estimate, scene: int) -> float:
    """NLL of a scene at what an estimate states: of random symbols by the model covariance, of pilots by the residual.

    Σ_l log|Γ_l| + y_l^H Γ_l⁻¹ y_l with Γ_l = B_l P B_l^H + σ² I, or L M log ‖P⊥(B) y‖² with B stacked over snapshots.
    """
    there = found.positions[scene].isfinite().all(-1)
    waves = steering(found.positions[scene][there], seen.array)
    channel, codes, measured = seen.channel[scene], seen.codes[scene], seen.measurements[scene]
    response = torch.einsum("mn,ln,kn->lmk", channel, codes.to(channel), waves.to(channel))
    if seen.symbols == "pilot":
        basis = torch.linalg.qr(response.flatten(0, 1)).Q
        stacked = measured.flatten()
        rest = stacked - basis @ (basis.mH @ stacked)
        return len(stacked) * float(rest.abs().square().sum().log())
    noise = found.noise_variance[scene] * torch.eye(response.shape[1])
    model = (response * found.powers[scene][there].to(response)) @ response.mH + noise
    whitened = torch.linalg.solve(model, measured[..., None])[..., 0]
    return float(torch.linalg.slogdet(model).logabsdet.sum() + (measured.conj() * whitened).real.sum())


def block_of(scenario: Scenario, effort: SearchEffort, scenes: int, seed: int, block: int) -> Tensor:
    """(scene, 4): whether search, likelier and genie succeed, and whether the search is the likelier."""
    sources = scenario.sources
    assert isinstance(sources, int)
    trial = trial_of(scenario, scenes, seed, block)
    seen, truth = trial.scenes.observation, trial.scenes.truth
    search = Sml if scenario.symbols == "random" else PilotMl
    searched = search(fit=False, effort=effort)(seen, sources)
    genie = genie_for(scenario, SearchRegion())(seen, truth)
    right = [score(truth, trial.bound, each).success.bool() for each in (searched, genie)]
    gain = torch.tensor([cost(seen, searched, scene) - cost(seen, genie, scene) for scene in range(scenes)])
    likelier = torch.where(gain > _SURE, right[1], right[0])
    return torch.stack([right[0], likelier, right[1], gain < 0], dim=1)


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--candidates", type=int, default=3, help="places tried for a source that is taken out (3)")
    parser.add_argument("--promising", type=float, default=0.5, help="least part of its gain that a place has (0.5)")
    parser.add_argument("--distance-law", choices=["inverse", "uniform"], default="inverse")
    given = parser.parse_args()
    torch.set_num_threads(1)
    effort = SearchEffort(candidates=given.candidates, promising=given.promising)
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for kind, sources, snr_db in CELLS:
        sizes = [min(BLOCK, given.scenes - at) for at in range(0, given.scenes, BLOCK)]
        scenario = preset(kind, distance_law=given.distance_law, sources=sources, snr_db=snr_db)
        parts = [block_of(scenario, effort, size, given.seed, block) for block, size in enumerate(sizes)]
        searched, likelier, genie, ahead = torch.cat(parts).unbind(1)
        rates = [share(each) for each in (searched, likelier, genie)]
        only = genie & ~searched
        shown = [f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]" for rate in rates]
        cells = [kind, str(sources), f"{snr_db:g}", *shown, str(int(only.sum())), str(int((only & ahead).sum()))]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
