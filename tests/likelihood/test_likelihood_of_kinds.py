"""Sources of several kinds: one kind alone gives its own likelihood, and score and information are those of its NLL."""

from collections.abc import Sequence
from itertools import permutations

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.likelihood import (
    Mixed,
    fisher_information,
    mixed_likelihood,
    negative_log_likelihood,
    project,
    sequence_information,
    sequenced_gram,
    snapshot_gram,
    stacked,
    whiten,
)
from ris_pytorch_pipeline.physics import Chart, Scenes, chart_of, complex_normal, draw, preset
from ris_pytorch_pipeline.rng import stream

SNAPSHOTS = 7
KINDS = [("random", "pilot", "known"), ("known", "random"), ("pilot", "known"), ("random", "random", "pilot")]


class Point:
    """Scenes of a small panel, and parameters near the truth."""

    def __init__(self, kinds: Sequence[str], wide: bool = False) -> None:
        band = {"frequencies": 2, "bandwidth": 0.1} if wide else {}
        small = {"horizontal": 6, "vertical": 6, "antennas": 5, "snapshots": SNAPSHOTS, "snr_db": 10.0}
        scenario = preset("random", sources=len(kinds), **small, **band)
        self.scenes: Scenes = draw(scenario, 2, stream(2, "several kinds"))
        self.seen, truth = self.scenes.observation, self.scenes.truth
        self.random = [kind == "random" for kind in kinds]
        blocks = SNAPSHOTS * self.seen.array.frequencies
        self.sent = torch.ones(2, blocks, len(kinds), dtype=torch.complex128)
        for source, kind in enumerate(kinds):
            if kind == "known":
                self.sent[..., source] = complex_normal((2, blocks), stream(3, "sent"))
        self.chart, self.coordinates = chart_of(truth.positions, self.seen.array)
        self.powers, self.noise = 1.3 * truth.powers[:, self.random], 0.8 * truth.noise_variance
        self.point = torch.cat([self.coordinates.flatten(1), self.powers.log(), self.noise.log()[:, None]], dim=1)

    def at(self, point: Tensor, order: Sequence[int] | None = None) -> Mixed:
        count = len(self.random)
        slots = list(range(count)) if order is None else list(order)
        coordinates = point[:, : 3 * count].unflatten(1, (count, 3))
        gram = sequenced_gram(coordinates, self._chart(slots), self.seen, self.sent[..., slots], self.seen.blocks)
        levels, random = point[:, 3 * count :].exp(), [self.random[k] for k in slots]
        return mixed_likelihood(gram, random, levels[:, :-1], levels[:, -1], self.seen.array.frequencies)

    def _chart(self, slots: list[int]) -> Chart:
        chart, _ = chart_of(self.scenes.truth.positions[:, slots], self.seen.array)
        return chart


def test_all_random_is_the_stochastic_likelihood() -> None:
    here = Point(("random",) * 3)
    model = here.at(here.point)
    wanted = whiten(snapshot_gram(here.coordinates, here.chart, here.seen, here.seen.blocks), here.powers, here.noise)
    assert torch.equal(model.value, negative_log_likelihood(wanted))
    assert torch.equal(model.information(), fisher_information(wanted, here.powers))


def test_all_pilots_are_the_projection_at_the_best_noise() -> None:
    here = Point(("pilot",) * 3)
    left = project(stacked(snapshot_gram(here.coordinates, here.chart, here.seen, here.seen.blocks))).residual[:, 0]
    equations = here.seen.blocks[0].numel()
    best = torch.cat([here.coordinates.flatten(1), (left / equations).log()[:, None]], dim=1)
    wanted = equations * ((left / equations).log() + 1)
    assert torch.allclose(here.at(best).value, wanted, rtol=1e-12)
    assert float(here.at(best).score[:, -1].abs().max()) < 1e-8, "σ² is at its optimum"


def test_all_known_have_the_information_of_their_sequences() -> None:
    here = Point(("known",) * 3)
    model = here.at(here.point)
    sent = here.sent * model.projection.symbols
    wanted = sequence_information(here.coordinates, here.chart, here.seen, sent) / here.noise[:, None, None]
    assert torch.allclose(model.information()[:, :9, :9], wanted, rtol=1e-8, atol=1e-8 * float(wanted.abs().max()))


@pytest.mark.parametrize("kinds", KINDS)
@pytest.mark.parametrize("wide", [False, True])
def test_the_score_is_the_gradient(kinds: tuple[str, ...], wide: bool) -> None:
    here = Point(kinds, wide)
    model, step = here.at(here.point), 1e-6
    units = torch.eye(here.point.shape[1], dtype=torch.float64)
    pairs = [(here.at(here.point + step * e).value, here.at(here.point - step * e).value) for e in units]
    slope = torch.stack([(above - below) / (2 * step) for above, below in pairs], dim=1)
    assert torch.allclose(model.score, slope, atol=1e-7 * float(slope.abs().max()))
    assert torch.allclose(model.block_scores().sum(1), model.score, atol=1e-9 * float(slope.abs().max()))


def test_the_order_of_the_sources_does_not_matter() -> None:
    here = Point(("random", "pilot", "known"))
    wanted = here.at(here.point)
    for order in permutations(range(3)):
        places = here.coordinates[:, list(order)].flatten(1)
        model = here.at(torch.cat([places, here.point[:, 9:]], dim=1), order)
        assert torch.allclose(model.value, wanted.value, rtol=1e-12)
        moved = [3 * k + axis for k in order for axis in range(3)] + [9, 10]
        assert torch.allclose(model.score, wanted.score[:, moved], atol=1e-9 * float(wanted.score.abs().max()))
