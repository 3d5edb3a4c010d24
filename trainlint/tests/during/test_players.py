"""Is a game told from two networks that pull the same way, and a judge that sees both sides from one that does not?"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainlint import Verdict, Watch

Judge = Callable[[Tensor, Tensor], Tensor]


def bce(answers: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(answers, torch.full_like(answers, label))


def squared(answers: Tensor, label: float) -> Tensor:
    return F.mse_loss(answers, torch.full_like(answers, label))


def critic(answers: Tensor, label: float) -> Tensor:
    return answers.mean() if label == 0 else -answers.mean()


def play(loss: Callable, real: float | None, made: float | None, wanted: float, *, parts: bool = False) -> Verdict:
    torch.manual_seed(0)
    maker, judge = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3)), nn.Linear(3, 1)
    both = nn.ModuleDict({"maker": maker, "judge": judge})
    first, second = torch.optim.Adam(judge.parameters(), 1e-3), torch.optim.Adam(maker.parameters(), 1e-3)
    watch = Watch(both, {"judge": first, "maker": second}, raises=False)
    for _ in range(70):
        samples = maker(torch.randn(16, 4))
        terms = [] if real is None else [loss(judge(torch.randn(16, 3) + 1), real)]
        terms += [] if made is None else [loss(judge(samples.detach()), made)]
        first.zero_grad()
        if parts:
            for term in terms:
                watch.loss(term, name="judged").backward()
        else:
            watch.loss(sum(terms[1:], terms[0]), name="judged").backward()
        first.step()
        second.zero_grad()
        watch.loss(loss(judge(maker(torch.randn(16, 4))), wanted), name="made").backward()
        second.step()
    return watch.close()


@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize("loss", [bce, squared, critic])
def test_a_sound_game_is_let_be(loss: Callable, parts: bool) -> None:
    verdict = play(loss, 1.0, 0.0, 1.0, parts=parts)
    assert not {"RT235", "RT404"} & set(verdict.codes), str(verdict)


@pytest.mark.parametrize("loss", [bce, squared, critic])
def test_players_that_pull_the_same_way_are_named(loss: Callable) -> None:
    for labels in ((0.0, 1.0, 1.0), (1.0, 0.0, 0.0)):
        verdict = play(loss, *labels)
        assert "RT235" in verdict.codes, str(verdict)
        finding = next(f for f in verdict.findings if f.rule.code == "RT235")
        assert "judge is taught label" in finding.evidence
        assert "what maker makes" in finding.evidence


def test_a_maximised_loss_counts_as_the_other_label() -> None:
    assert "RT235" in play(lambda answers, label: bce(answers, label) * (1 if label == 0 else -1), 1.0, 0.0, 1.0).codes


@pytest.mark.parametrize(("real", "made"), [(1.0, None), (None, 0.0)])
def test_a_judge_of_one_side_alone_is_named(real: float | None, made: float | None) -> None:
    assert "RT404" in play(bce, real, made, 1.0).codes


def test_two_parts_that_are_trained_in_turns_to_the_same_labels_are_let_be() -> None:
    torch.manual_seed(0)
    body, head = nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Linear(8, 1)
    first, second = torch.optim.Adam(head.parameters(), 1e-2), torch.optim.Adam(body.parameters(), 1e-2)
    watch = Watch(nn.ModuleDict({"body": body, "head": head}), {"head": first, "body": second}, raises=False)
    for _ in range(60):
        x = torch.randn(32, 4)
        y = (x[:, :1] > 0).float()
        for optimizer, features in ((first, body(x).detach()), (second, body(x))):
            optimizer.zero_grad()
            watch.loss(F.binary_cross_entropy_with_logits(head(features), y)).backward()
            optimizer.step()
    assert watch.close().healthy


def test_a_maker_that_is_stepped_on_the_judges_loss_too_is_named() -> None:
    torch.manual_seed(0)
    maker, judge = nn.Linear(4, 3), nn.Linear(3, 1)
    first, second = torch.optim.Adam(judge.parameters(), 1e-3), torch.optim.Adam(maker.parameters(), 1e-3)
    both = nn.ModuleDict({"maker": maker, "judge": judge})
    watch = Watch(both, {"judge": first, "maker": second}, raises=False)
    for _ in range(70):
        first.zero_grad()
        samples = maker(torch.randn(16, 4))
        watch.loss(bce(judge(torch.randn(16, 3) + 1), 1.0) + bce(judge(samples), 0.0), name="judged").backward()
        first.step()
        second.step()
        second.zero_grad()
        watch.loss(bce(judge(maker(torch.randn(16, 4))), 1.0), name="made").backward()
        second.step()
    assert "RT235" in watch.close().codes
