"""How good is the covariance that the network predicts, beside that of the search's estimate and of R_samp?

A row is a cell of K and SNR: the mean NMSE of R_pred, of the covariance that the network's polished estimate states, of
the expected one, `Localiser.covariance`, of the one that `Sml` or `PilotMl` states, and of R_samp, on the same scenes;
then what the first three have over the search; then the success (all sources within 3°, K known) of MUSIC on R_pred and
on R_samp, with Wilson's 95 % intervals. Distances are drawn uniformly in their inverse.

    python benchmarks/covariances.py --scenes 200 --kinds random pilot --sources 1 2 3 4 5 --snr-db 0 5 10 20
"""

import argparse

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import Score, joined_scores, score, share, trial_of
from ris_pytorch_pipeline.bench.sweep import BLOCK
from ris_pytorch_pipeline.covariance import LowRank, back_projected, nmse, true_covariance
from ris_pytorch_pipeline.estimate import BackProjected, Music, PilotMl, Sml
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.physics import cosines_from_positions, preset

COLUMNS = (
    *("R_pred", "polished", "expected", "search", "R_samp"),
    *("R_pred / search", "polished / search", "expected / search"),
    *("MUSIC on R_pred", "MUSIC on R_samp"),
)


def cell(kind: str, sources: int, snr_db: float, scenes: int, seed: int) -> tuple[list[Tensor], list[Score]]:
    """NMSE of the five covariances, and scores of both spectra."""
    scenario = preset(kind, distance_law="inverse", sources=sources, snr_db=snr_db)
    search = Sml(fit=False) if kind == "random" else PilotMl(fit=False)
    network = Localiser.reference()
    plain = BackProjected(spectral=Music(), silent=True, fit=False)
    spectra = (Localiser.reference(estimator=Music(), polish=0), plain)
    errors: list[list[Tensor]] = []
    scores: list[list[Score]] = []
    for block, first in enumerate(range(0, scenes, BLOCK)):
        trial = trial_of(scenario, min(BLOCK, scenes - first), seed, block)
        seen, truth = trial.scenes.observation, trial.scenes.truth
        true = true_covariance(cosines_from_positions(truth.positions), truth.powers, seen.array)
        predicted = network.predict(seen).covariance
        wide = LowRank(predicted.factor.to(true.factor), predicted.floor.to(true.floor))
        polished, searched = (each(seen, sources).covariance(seen.array) for each in (network, search))
        several = (wide, polished, network.covariance(seen, sources), searched, back_projected(seen, silent=True))
        errors.append([nmse(each, true) for each in several])
        scores.append([score(truth, trial.bound, spectrum(seen, sources)) for spectrum in spectra])
    return [torch.cat(each) for each in zip(*errors, strict=True)], [
        joined_scores(list(each)) for each in zip(*scores, strict=True)
    ]


def row(kind: str, sources: int, snr_db: float, errors: list[Tensor], scores: list[Score]) -> str:
    """A line of the table in Markdown."""
    means = [float(each.mean()) for each in errors]
    rates = [share(each.success) for each in scores]
    shown = [f"{mean:.4f}" for mean in means] + [f"{mean / means[3]:.2f}" for mean in means[:3]]
    shown += [f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]" for rate in rates]
    return "| " + " | ".join([kind, str(sources), f"{snr_db:g}", *shown]) + " |"


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=["random", "pilot"], choices=["random", "pilot"])
    parser.add_argument("--sources", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--snr-db", type=float, nargs="+", default=[0.0, 5.0, 10.0, 20.0])
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| " + " | ".join(["symbols", "K", "SNR dB", *COLUMNS]) + " |\n" + "|---" * (len(COLUMNS) + 3) + "|")
    for kind in given.kinds:
        for sources in given.sources:
            for snr_db in given.snr_db:
                print(row(kind, sources, snr_db, *cell(kind, sources, snr_db, given.scenes, given.seed)), flush=True)


if __name__ == "__main__":
    main()
