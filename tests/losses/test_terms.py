"""Is each term zero at the truth, independent of the order of sources, and equal to a slow calculation?"""

import math
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.data import Inputs, Labels, batch_from
from ris_pytorch_pipeline.losses import (
    coded_likelihood,
    covariance_nmse,
    direction_error,
    heat_focal,
    inverse_distance_nll,
    measure_prediction,
    order_cross_entropy,
    peak_contrast,
    subspace_distance,
    targets_on,
)
from ris_pytorch_pipeline.nets import HybridNet, NetConfig, Prediction, R_pred
from ris_pytorch_pipeline.physics import coded_operator, draw, preset, scenario_array, steering_at
from ris_pytorch_pipeline.rng import stream

SCENARIO = preset(
    "random", horizontal=6, vertical=5, antennas=6, snapshots=5, sources=(1, 3), separation=0.4, snr_db=15.0
)
NET = HybridNet(NetConfig(width=8, blocks=1, rank=5).fitted_to(SCENARIO))
SCENES = draw(SCENARIO, 6, stream(0, "losses"), torch.complex64)
INPUTS, LABELS = batch_from(SCENES, scenario_array(SCENARIO))


def guess() -> Prediction:
    return NET(INPUTS)


def perfect(inputs: Inputs = INPUTS, labels: Labels = LABELS, floor: float = 1e-6) -> Prediction:
    """The prediction that knows the truth: its heat stands in the sources' cells, its offsets lead to the sources."""
    blank = NET(inputs)
    grid, targets = blank.grid, targets_on(blank.grid, labels)
    centres = torch.stack(torch.meshgrid(grid.u, grid.w, grid.q, indexing="ij"), dim=-1).float()
    index = targets.nearest.flatten(1)[..., None].expand(-1, -1, 3)
    nearest = labels.cosines.gather(1, index).unflatten(1, targets.nearest.shape[1:])
    factors = torch.zeros_like(blank.factors)
    factors[..., : labels.factors.shape[-1]] = labels.factors * (1 - floor) ** 0.5
    slots = torch.zeros_like(blank.candidates)
    slots[:, : labels.cosines.shape[1]] = labels.cosines.nan_to_num(0)
    scores = torch.full_like(blank.scores, -torch.inf)
    scores[:, : labels.cosines.shape[1]] = torch.where(labels.present, 5.0, -torch.inf)
    return replace(
        blank,
        factors=factors,
        candidates=slots,
        scores=scores,
        heat=torch.where(targets.heat == 1, 15.0, -15.0),
        offsets=(nearest[:, :, :, None] - centres) / torch.tensor(grid.step),
        log_variance_q=torch.full_like(blank.log_variance_q, -8.0),
        order_logits=30.0 * torch.nn.functional.one_hot(labels.sources, blank.order_logits.shape[1]),
        floor=floor,
    )


def turned(labels: Labels) -> Labels:
    """The same sources of scenes with three of them, in another order."""
    order = [1, 2, 0]
    return replace(labels, cosines=labels.cosines[:, order], powers=labels.powers[:, order])


def test_nmse_is_what_the_full_matrices_say() -> None:
    answer = guess()
    difference = R_pred(answer) - LABELS.covariance
    slow = difference.abs().square().sum(dim=(1, 2)) / LABELS.covariance.abs().square().sum(dim=(1, 2))
    torch.testing.assert_close(covariance_nmse(answer, LABELS), slow, rtol=1e-3, atol=1e-4)


def test_nmse_of_the_truth_is_zero_and_of_a_white_guess_is_near_one() -> None:
    assert bool((covariance_nmse(perfect(), LABELS) < 1e-5).all())
    white = replace(guess(), factors=torch.zeros_like(guess().factors), floor=1.0)
    energy = LABELS.covariance.abs().square().sum(dim=(1, 2))
    torch.testing.assert_close(covariance_nmse(white, LABELS), 1 - 30 / energy, rtol=1e-4, atol=1e-4)


def test_subspace_distance_is_what_a_projector_says() -> None:
    answer = guess()
    for scene in range(len(LABELS)):
        a = LABELS.steering[scene, : int(LABELS.sources[scene])].mT.to(torch.complex128)
        projector = a @ torch.linalg.pinv(a)
        f = answer.factors[scene].to(torch.complex128)
        slow = 1 - (f.mH @ projector @ f).diagonal().real.sum() / f.abs().square().sum()
        torch.testing.assert_close(subspace_distance(answer, LABELS)[scene].double(), slow, rtol=0, atol=2e-3)
    assert bool((subspace_distance(perfect(), LABELS) < 1e-3).all())


def test_contrast_is_what_the_inverse_says() -> None:
    answer = guess()
    fast = peak_contrast(answer, LABELS).detach()
    covariance = (answer.factors @ answer.factors.mH).detach().to(torch.complex128) + 0.05 * torch.eye(30)
    for scene in range(len(LABELS)):
        values = []
        for u, w, q in LABELS.cosines[scene, : int(LABELS.sources[scene])].tolist():
            turns = [k * torch.pi / 4 for k in range(8)]
            step_u, step_w = answer.grid.step[:2]
            ring = [(u + step_u * math.cos(t), w + step_w * math.sin(t), q) for t in turns]
            a = steering_at(torch.tensor([(u, w, q), *ring]).double(), INPUTS.observation.array)
            height = 1 / (a.conj() * torch.linalg.solve(covariance[scene], a.mT).mT).sum(-1).real
            values.append(-float((height[0] / height.sum()).log()))
        assert float(fast[scene]) == pytest.approx(sum(values) / len(values), rel=1e-2)


def test_contrast_prefers_the_truth() -> None:
    other = perfect(labels=LABELS[[1, 2, 3, 4, 5, 0]])
    assert bool((peak_contrast(perfect(), LABELS) < peak_contrast(other, LABELS)).all())
    assert bool((peak_contrast(perfect(), LABELS) < math.log(9) - 0.5).all())


def test_every_term_is_least_at_the_truth() -> None:
    targets, known, blind = targets_on(guess().grid, LABELS), perfect(), guess()
    assert bool((heat_focal(known, targets) < 1e-3 * heat_focal(blind, targets)).all())
    assert bool((direction_error(known, targets) < 1e-4).all())
    assert bool((inverse_distance_nll(known, targets) < inverse_distance_nll(blind, targets)).all())
    assert bool((order_cross_entropy(known, LABELS) < 1e-6).all())


def test_the_likelihood_prefers_the_truth() -> None:
    true, other = perfect(), perfect(labels=LABELS[[1, 2, 3, 4, 5, 0]])
    assert bool((coded_likelihood(true, INPUTS) < coded_likelihood(other, INPUTS)).all())


def test_the_likelihood_is_what_full_matrices_say() -> None:
    answer, seen = guess(), INPUTS.observation
    y = seen.measurements / seen.measurements.abs().square().mean(dim=(1, 2), keepdim=True).sqrt()
    noise = INPUTS.log_noise.exp()[:, None, None, None]
    g = coded_operator(seen.codes, seen.channel)
    signal = g @ (answer.factors @ answer.factors.mH)[:, None] @ g.mH
    power = signal.diagonal(dim1=-2, dim2=-1).real.mean(dim=(1, 2))[:, None, None, None]
    gamma = signal * (1 - noise) / power + noise * torch.eye(6)
    distribution = torch.linalg.solve(gamma, y[..., None])
    quadratic = (y[..., None].mH @ distribution).real.sum(dim=(1, 2, 3))
    slow = (torch.linalg.slogdet(gamma)[1].sum(1) + quadratic) / 30
    torch.testing.assert_close(coded_likelihood(answer, INPUTS), slow, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["nmse", "subspace", "heat", "direction", "distance"])
def test_the_order_of_the_sources_does_not_matter(name: str) -> None:
    rows = LABELS.sources == 3
    assert bool(rows.any())
    answer, labels = NET(INPUTS[rows]), LABELS[rows]

    def value(of: Labels) -> torch.Tensor:
        targets = targets_on(answer.grid, of)
        return {
            "nmse": lambda: covariance_nmse(answer, of),
            "subspace": lambda: subspace_distance(answer, of),
            "heat": lambda: heat_focal(answer, targets),
            "direction": lambda: direction_error(answer, targets),
            "distance": lambda: inverse_distance_nll(answer, targets),
        }[name]()

    torch.testing.assert_close(value(turned(labels)), value(labels), rtol=1e-4, atol=1e-5)


def test_targets_stand_where_the_sources_are() -> None:
    grid = guess().grid
    targets = targets_on(grid, LABELS)
    for scene in range(len(LABELS)):
        ones = (targets.heat[scene] == 1).nonzero().tolist()
        own = [
            [int((axis - x).abs().argmin()) for axis, x in zip((grid.u, grid.w, grid.q), source.tolist(), strict=True)]
            for source in LABELS.cosines[scene, : int(LABELS.sources[scene])]
        ]
        assert sorted(ones) == sorted(own)
    assert bool(targets.near.any(dim=(1, 2)).all())
    assert not bool(targets.near.all())


def test_angles_are_measured_in_radians_and_misses_as_half_turns() -> None:
    known = perfect()
    measures = measure_prediction(known, LABELS)
    assert bool((measures.angle[LABELS.present] < 1e-3).all())
    assert bool(measures.angle[~LABELS.present].isnan().all())
    assert bool(measures.order.all())
    moved = known.candidates.clone()
    moved[..., 1] += 0.01
    shifted = measure_prediction(replace(known, candidates=moved), LABELS)
    w = LABELS.cosines[..., 1].double()
    assert bool((shifted.angle[LABELS.present] > 0.0099).all())
    assert bool((shifted.angle[LABELS.present] < 2 * 0.01 / (1 - (w.abs() + 0.01) ** 2).sqrt()[LABELS.present]).all())
    nothing = replace(known, scores=torch.full_like(known.scores, -torch.inf))
    assert bool((measure_prediction(nothing, LABELS).angle[LABELS.present] == torch.pi).all())


def test_no_term_is_poisoned_by_two_sources_in_one_place() -> None:
    labels = replace(LABELS, cosines=LABELS.cosines[:, :1].expand(-1, 3, -1).contiguous(), sources=torch.full((6,), 3))
    labels = replace(labels, powers=torch.ones(6, 3))
    answer = guess()
    value = (covariance_nmse(answer, labels) + subspace_distance(answer, labels)).sum()
    NET.zero_grad()
    value.backward()
    assert bool(torch.isfinite(value))
    assert all(bool(torch.isfinite(p.grad).all()) for p in NET.parameters() if p.grad is not None)


def test_the_fixture_is_what_it_claims() -> None:
    a = steering_at(perfect().candidates[LABELS.present.nonzero(as_tuple=True)], INPUTS.observation.array)
    torch.testing.assert_close(a, LABELS.steering[LABELS.present], rtol=1e-4, atol=1e-4)
