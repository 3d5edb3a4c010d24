"""Where the order test's threshold comes from: the gain of one source too many, on scenes whose order is known.

The true sources are refined from the truth, one more is added and everything is cycled, as the estimators do; the 99 %
quantile of 2 (NLL_K - NLL_{K+1}) is a threshold with 1 % false alarms. Usage: python benchmarks/order_threshold.py
"""

import argparse

import torch

from ris_pytorch_pipeline.estimate import MaximumLikelihood, PilotMl, Sml
from ris_pytorch_pipeline.estimate.ml.search import add_source, better_of, cycle, drop_source
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import cosines_from_positions, draw, preset
from ris_pytorch_pipeline.rng import stream


def gains(estimator: MaximumLikelihood, name: str, sources: int, count: int) -> torch.Tensor:
    """The statistic on `count` scenes at 10 dB."""
    found = []
    for block in range(-(-count // 25)):
        scenes = draw(preset(name, sources=sources, snr_db=10.0), 25, stream(0, f"order threshold/{sources}", block))
        likelihood, rows = estimator.likelihood(scale(scenes.observation).observation), torch.arange(25)
        true = likelihood.start_at(rows, cosines_from_positions(scenes.truth.positions))
        true = likelihood.refine(rows, true, iterations=30, tolerance=1e-6)
        more = cycle(likelihood, rows, add_source(likelihood, rows, true, estimator.effort), estimator.effort)
        fewer = cycle(likelihood, rows, drop_source(likelihood, rows, more, estimator.effort), estimator.effort)
        found.append(2 * (better_of(true, fewer).value - more.value))
    return torch.cat(found)


def main() -> None:
    """Print quantiles for both estimators and each order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=200)
    count = parser.parse_args().scenes
    torch.set_num_threads(1)
    levels = torch.tensor([0.5, 0.95, 0.99], dtype=torch.float64)
    estimators: tuple[tuple[str, MaximumLikelihood], ...] = (("random", Sml()), ("pilot", PilotMl()))
    for name, estimator in estimators:
        values = {sources: gains(estimator, name, sources, count) for sources in (1, 3, 5)}
        for label, part in [*values.items(), ("all", torch.cat(list(values.values())))]:
            text = " / ".join(f"{float(q):.1f}" for q in part.quantile(levels))
            wrong = float((part > estimator.threshold).double().mean())
            above = f"above τ = {estimator.threshold:g}: {wrong:.3f}"
            print(f"{name}, K = {label}, n = {len(part)}: median / 95 % / 99 % {text}; {above}")


if __name__ == "__main__":
    main()
