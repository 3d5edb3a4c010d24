"""How well does a learned surrogate covariance with MUSIC do on the line of published near-field methods?

The rival, as papers on near-field subspace learning describe it: a network sees the empirical autocorrelation

    R(τ) = 1/(T - τ) Σ_t y_{t+τ} y_tᴴ,  τ = 0..7,

scaled to trace N, as real and imaginary images, and answers with a matrix K; R_pred = K Kᴴ + ε I is a covariance of
full rank in which MUSIC finds two sources, also where one sequence of symbols reaches the array from both. The scenes
are those of `published_line.py`. The loss is the Gaussian likelihood of A Aᴴ + ε I, the covariance which independent
sources at the same places would have:

    L = (tr(R_pred⁻¹ (A Aᴴ + ε I)) + log det R_pred)/N, less its least value.

    python benchmarks/learned_line.py train runs/rival.safetensors [--updates 8000] [--kind coherent]
    python benchmarks/learned_line.py compare runs/rival.safetensors [--scenes 400] [--kind coherent]
"""

import argparse
import itertools
import math
from pathlib import Path

import torch
from published_line import ELEMENTS, SNAPSHOTS, SOURCES, coherent, coherent_bound, covariance, errors, published, row
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ris_pytorch_pipeline.bench import cell_scenes, region_of
from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.estimate import Music
from ris_pytorch_pipeline.physics import Scenario, Scenes, steering
from trainlint import Watch

LAGS, FLOOR, BATCH, BLOCK = 8, 0.01, 128, 100
EVERY = 500
"""Updates between two savings."""
TRAINING_SEED = 1_000_003
"""Far from those of the scenes that are compared on."""


class Surrogate(nn.Module):
    """Autocorrelation -> covariance, by convolutions over its images.

    Args:
        width: channels of the first layer.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        sizes = [2 * LAGS, width, 2 * width, 4 * width]
        self.down = nn.ModuleList(nn.Conv2d(a if i == 0 else 2 * a, b, 3) for i, (a, b) in enumerate(_pairs(sizes)))
        back = [4 * width, 2 * width, width, 2]
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * a, b, 3) for a, b in _pairs(back))

    def forward(self, lags: Tensor) -> Tensor:
        """(scene, lag, element, element) -> R_pred of (scene, element, element)."""
        images = torch.cat([lags.real, lags.imag], 1)
        for layer in self.down:
            images = _both_signs(layer(images))
        for layer in self.up[:-1]:
            images = _both_signs(layer(images))
        factor = torch.complex(*self.up[-1](images).unbind(1))
        return factor @ factor.mH + FLOOR * torch.eye(ELEMENTS)


def _pairs(sizes: list[int]) -> list[tuple[int, int]]:
    return list(itertools.pairwise(sizes))


def _both_signs(images: Tensor) -> Tensor:
    """Positive and negative parts side by side: nothing is rectified away."""
    return torch.cat([images.relu(), (-images).relu()], 1)


def autocorrelation(measurements: Tensor) -> Tensor:
    """(scene, snapshot, element) -> (scene, lag, element, element), scaled so that lag 0 has trace N."""
    found = []
    for lag in range(LAGS):
        late, early = measurements[:, lag:], measurements[:, : SNAPSHOTS - lag]
        found.append(late.mT @ early.conj() / (SNAPSHOTS - lag))
    lags = torch.stack(found, 1)
    scale = lags[:, 0].diagonal(dim1=-2, dim2=-1).real.mean(-1)
    return lags / scale[:, None, None, None]


def loss(predicted: Tensor, scenes: Scenes) -> Tensor:
    """Kullback-Leibler divergence per element of what independent sources would give from the prediction."""
    vectors = steering(scenes.truth.positions, scenes.observation.array).to(predicted.dtype).mT
    eye = torch.eye(ELEMENTS)
    wanted = vectors @ vectors.mH / SOURCES + FLOOR * eye
    factor, own = torch.linalg.cholesky(predicted), torch.linalg.cholesky(wanted)
    trace = torch.cholesky_solve(wanted, factor).diagonal(dim1=-2, dim2=-1).real.sum(-1)
    return ((trace + _log_det(factor) - ELEMENTS - _log_det(own)) / ELEMENTS).mean()


def _log_det(factor: Tensor) -> Tensor:
    return 2 * factor.diagonal(dim1=-2, dim2=-1).real.log().sum(-1)


def drawn(scenario: Scenario, kind: str, count: int, seed: int, block: int) -> Scenes:
    """Scenes of a kind."""
    scenes = cell_scenes(scenario, count, seed, block)
    return coherent(scenes, seed + block) if kind == "coherent" else scenes


def inputs(scenes: Scenes) -> Tensor:
    """What the network sees of them."""
    return autocorrelation(scenes.observation.measurements.to(torch.complex64))


def train(path: Path, kind: str, updates: int) -> None:
    """Train anew, and keep the weights and what they were trained on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    net, scenario = Surrogate(), published(1.0, 0.125)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=updates, pct_start=0.05)
    with Watch(net, optimizer, scheduler=schedule) as watch:
        total, told = 0.0, 0
        for update in range(1, updates + 1):
            scenes = drawn(scenario, kind, BATCH, TRAINING_SEED, update)
            value = watch.loss(loss(net(inputs(scenes)), scenes))
            optimizer.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(value.detach())
            if update % EVERY == 0 or update == updates:
                print(f"{update} of {updates} updates, loss {total / (update - told):.4f}", flush=True)
                total, told = 0.0, update
                save_file(net.state_dict(), path, {"kind": kind, "updates": str(update), "batch": str(BATCH)})
    print(watch.verdict())


@torch.no_grad()
def compare(path: Path, kind: str, count: int) -> None:
    """Print the row of the rival, with MUSIC on the sample covariance and the bound of the same scenes beside it."""
    net, scenario = Surrogate(), published(1.0, 0.125)
    net.load_state_dict(load_file(path))
    music, bounds = Music(region=region_of(scenario)), list[Tensor]()
    collected: dict[str, list[Tensor]] = {"learned": [], "music": []}
    for block, first in enumerate(range(0, count, BLOCK)):
        scenes = drawn(scenario, kind, min(BLOCK, count - first), 0, block)
        seen = scenes.observation
        predicted = net(inputs(scenes)).to(torch.complex128)
        for name, matrix in (("learned", predicted), ("music", covariance(seen))):
            collected[name].append(errors(scenes, music.locate(matrix, seen.array, SOURCES)))
        bound = coherent_bound(scenes) if kind == "coherent" else scene_bound(scenes)
        bounds.append(bound.deviations[..., [0, 2]])
    for name, parts in collected.items():
        print(f"| {kind} | {name} | {row(torch.cat(parts), torch.cat(bounds))} |", flush=True)
    angle, distance = (float(x) for x in torch.cat(bounds).square().mean((0, 1)).sqrt())
    print(f"| {kind} | bound | | {math.degrees(angle):.3f} | | | {distance:.2f} | | | |")


def main() -> None:
    """Train, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "compare"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--updates", type=int, default=8_000)
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--kind", choices=["coherent", "incoherent"], default="coherent")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.what == "train":
        train(given.path, given.kind, given.updates)
    else:
        compare(given.path, given.kind, given.scenes)


if __name__ == "__main__":
    main()
