"""Are the candidates that the likelihood chooses those that explain the measurements, at the right worth?"""

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.localise.choice import Chooser, chosen, missed
from ris_pytorch_pipeline.rng import stream

SCENES, BLOCKS, EQUATIONS, CANDIDATES = 3, 4, 6, 5
TRUE = (1, 3)


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=stream(0, f"choice/{shape}"), dtype=torch.complex128)


RESPONSES = normal(SCENES, BLOCKS, EQUATIONS, CANDIDATES)
NOISE = torch.full((SCENES,), 0.05, dtype=torch.float64)
SYMBOLS = normal(SCENES, BLOCKS, len(TRUE))
MEASURED = (RESPONSES[..., TRUE] @ SYMBOLS[..., None])[..., 0] + 0.05**0.5 * normal(SCENES, BLOCKS, EQUATIONS)


def grams(responses: Tensor = RESPONSES) -> tuple[Tensor, Tensor, Tensor]:
    conjugate = responses.mH
    return conjugate @ responses, (conjugate @ MEASURED[..., None])[..., 0], MEASURED.abs().square().sum(-1)


def chooser(favour: Tensor | None = None) -> Chooser:
    given = torch.zeros(SCENES, CANDIDATES, dtype=torch.float64) if favour is None else favour
    return Chooser(*grams(), NOISE, given)


def gamma(powers: Tensor, responses: Tensor = RESPONSES) -> Tensor:
    loaded = responses * powers[:, None, None]
    return loaded @ responses.mH + NOISE[:, None, None, None] * torch.eye(EQUATIONS, dtype=torch.complex128)


def nll(powers: Tensor) -> Tensor:
    return nll_of(RESPONSES, powers)


def nll_of(responses: Tensor, powers: Tensor) -> Tensor:
    covariance = gamma(powers, responses)
    quadratic = (MEASURED.conj() * torch.linalg.solve(covariance, MEASURED)).sum(-1).real
    return (torch.linalg.slogdet(covariance)[1] + quadratic).sum(-1)


def test_inner_products_follow_what_is_put_in_and_taken_out() -> None:
    ours, index = chooser(), torch.tensor([1, 3, 0])
    for each, power in ((index, 0.7), (index + 1, 0.2)):
        ours.put(each, torch.full((SCENES,), power, dtype=torch.float64))
    ours.take(index)
    inverse = torch.linalg.inv(gamma(ours.powers))
    torch.testing.assert_close(ours.x, RESPONSES.mH @ inverse @ RESPONSES)
    torch.testing.assert_close(ours.v, (RESPONSES.mH @ inverse @ MEASURED[..., None])[..., 0])
    quadratic = (MEASURED.conj() * (inverse @ MEASURED[..., None])[..., 0]).sum(dim=(-1, -2)).real
    torch.testing.assert_close(ours.quadratic, quadratic)
    assert bool((ours.powers > 0).sum(1).eq(1).all())


def test_gains_and_losses_are_differences_of_the_likelihood() -> None:
    ours, first = chooser(), torch.full((SCENES,), 3)
    gain, power = ours.gains()
    ours.put(first, power[:, 3])
    torch.testing.assert_close(gain[:, 3], 2 * (nll(torch.zeros_like(ours.powers)) - nll(ours.powers)))
    ours.put(torch.full((SCENES,), 1), torch.full((SCENES,), 0.4, dtype=torch.float64))
    without = ours.powers.clone()
    without[:, 3] = 0
    torch.testing.assert_close(ours.losses()[:, 3], 2 * (nll(without) - nll(ours.powers)))
    kept = [1, 3]
    worth = missed(grams(RESPONSES[..., kept]), ours.powers[:, kept], NOISE)
    torch.testing.assert_close(worth, ours.losses()[:, kept])


@pytest.mark.parametrize("sweeps", [0, 1])
def test_the_true_ones_are_chosen_and_the_rest_is_worth_less(sweeps: int) -> None:
    choice = chosen(chooser(), 2, sweeps, BLOCKS * EQUATIONS)
    assert choice.index.sort(1).values.tolist() == [list(TRUE)] * SCENES
    assert bool((choice.gains.amin(1) > choice.spare).all())
    assert bool(((choice.noise / NOISE).log().abs() < 1).all())


def test_what_stands_for_two_sources_is_exchanged_for_them() -> None:
    mixed = RESPONSES.clone()
    error = 0.5 * normal(SCENES, BLOCKS, EQUATIONS, 1)[..., 0]
    mixed[..., 0] = (SYMBOLS[..., None, :] * RESPONSES[..., TRUE]).sum(-1) + error  # nearly both; is picked first
    choices = [
        chosen(Chooser(*grams(mixed), NOISE, torch.zeros(SCENES, CANDIDATES, dtype=torch.float64)), 2, sweeps, 24)
        for sweeps in (0, 1)
    ]
    greedy, swept = (choice.index.sort(1).values.tolist() for choice in choices)
    assert all(0 in scene for scene in greedy)
    assert swept == [list(TRUE)] * SCENES
    before, after = (nll_of(mixed, choice.chooser.powers) for choice in choices)
    assert bool((after < before - 1).all())


def test_gains_beside_all_but_one_are_those_of_a_chooser_without_it() -> None:
    ours, without = chooser(), chooser()
    for index, power in ((1, 0.7), (3, 0.2)):
        ours.put(torch.full((SCENES,), index), torch.full((SCENES,), power, dtype=torch.float64))
    without.put(torch.full((SCENES,), 3), torch.full((SCENES,), 0.2, dtype=torch.float64))
    seen = ours.gains_without(torch.tensor([TRUE] * SCENES))
    for one, other in zip(seen, without.gains(), strict=True):
        torch.testing.assert_close(one[:, 0], other)


def test_what_is_never_a_candidate_is_never_chosen() -> None:
    favour = torch.zeros(SCENES, CANDIDATES, dtype=torch.float64)
    favour[:, 1] = -torch.inf
    assert not bool((chosen(chooser(favour), 3, 1, BLOCKS * EQUATIONS).index == 1).any())
