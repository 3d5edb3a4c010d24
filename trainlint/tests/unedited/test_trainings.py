"""Is each training of a program judged by itself: folds, phases, models in turns?"""

import gc
import weakref

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from trainlint import Verdict
from trainlint.during.unedited.session import Options, Session


def watched(program) -> tuple[Session, Verdict]:
    session = Session(Options())
    session.start()
    try:
        program()
    finally:
        verdict = session.stop()
    assert session.failure == ""
    return session, verdict


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))


def train(net: nn.Module, optimizer: torch.optim.Optimizer, count: int, *, clear: bool = True) -> None:
    for _ in range(count):
        x = torch.randn(16, 3)
        if clear:
            optimizer.zero_grad()
        F.mse_loss(net(x), x[:, :1]).backward()
        optimizer.step()


def test_folds_are_counted_together_and_stay_healthy() -> None:
    def program() -> None:
        torch.manual_seed(0)
        for _ in range(5):
            net = network()
            train(net, SGD(net.parameters(), 0.1), 20)

    session, verdict = watched(program)
    assert verdict.healthy, str(verdict)
    assert verdict.counts["updates"] == 100
    assert len(session.trainings.past) == 5


def test_the_fault_of_one_fold_is_told_of_that_fold() -> None:
    def program() -> None:
        torch.manual_seed(0)
        for fold in range(3):
            net = network()
            train(net, SGD(net.parameters(), 0.01), 20, clear=fold != 1)

    _, verdict = watched(program)
    assert [f.rule.code for f in verdict.findings] == ["RT112"]
    assert verdict.findings[0].subject.startswith("model #2 (Sequential, ")


def test_a_fault_of_all_folds_is_told_once() -> None:
    def program() -> None:
        torch.manual_seed(0)
        for _ in range(3):
            net = network()
            train(net, SGD(net.parameters(), 0.01), 20, clear=False)

    _, verdict = watched(program)
    assert [f.rule.code for f in verdict.findings] == ["RT112"]
    assert verdict.findings[0].evidence.endswith("the same of model #2, #3")


def test_a_later_stage_whose_optimizer_was_made_before_the_first_one_is_watched() -> None:
    def program() -> None:
        torch.manual_seed(0)
        teacher, student = network(), network()
        first, second = SGD(teacher.parameters(), 0.1), SGD(student.parameters(), 0.01)
        train(teacher, first, 80)
        train(student, second, 20, clear=False)

    _, verdict = watched(program)
    assert [f.rule.code for f in verdict.findings] == ["RT112"]
    assert verdict.findings[0].subject.startswith("model #2 (Sequential, ")


def test_a_second_phase_on_top_of_the_first_is_watched() -> None:
    def program() -> None:
        torch.manual_seed(0)
        body, first, second = nn.Sequential(nn.Linear(3, 8), nn.Tanh()), nn.Linear(8, 1), nn.Linear(8, 1)
        early = nn.Sequential(body, first)
        train(early, Adam(early.parameters(), 0.01), 20)
        body.requires_grad_(False)
        late = nn.Sequential(body, second)
        optimizer = Adam(second.parameters(), 0.01)
        for _ in range(20):
            x = torch.randn(16, 3)
            optimizer.zero_grad()
            F.mse_loss(late(x), x[:, :1]).backward()

    _, verdict = watched(program)
    assert "RT102" in verdict.codes
    assert any(f.subject.startswith("model #2") for f in verdict.findings), str(verdict)


def test_players_whose_losses_come_one_by_one_are_watched_together() -> None:
    def program() -> None:
        torch.manual_seed(0)
        maker, judge = nn.Linear(2, 3), nn.Linear(3, 1)
        first, second = Adam(judge.parameters(), 0.01), Adam(maker.parameters(), 0.01)
        ones, zeros = torch.ones(16, 1), torch.zeros(16, 1)
        for _ in range(20):
            first.zero_grad()
            F.binary_cross_entropy_with_logits(judge(torch.randn(16, 3) + 2), ones).backward()
            made = maker(torch.randn(16, 2))
            F.binary_cross_entropy_with_logits(judge(made.detach()), zeros).backward()
            first.step()
            second.zero_grad()
            F.binary_cross_entropy_with_logits(judge(made), ones).backward()
            second.step()

    session, verdict = watched(program)
    assert verdict.healthy, str(verdict)
    assert len(session.trainings.past) == 1
    assert verdict.counts["updates"] == 39


def test_models_that_train_in_turns_are_each_watched_to_the_end() -> None:
    def program() -> None:
        torch.manual_seed(0)
        nets = [network() for _ in range(3)]
        optimizers = [SGD(net.parameters(), 0.1) for net in nets]
        for _ in range(30):
            for net, optimizer in zip(nets, optimizers, strict=True):
                train(net, optimizer, 1)

    _, verdict = watched(program)
    assert verdict.healthy, str(verdict)
    assert verdict.counts["updates"] >= 80


def test_more_models_in_turns_than_are_watched_are_said_not_to_be_judged() -> None:
    def program() -> None:
        torch.manual_seed(0)
        nets = [network() for _ in range(6)]
        optimizers = [SGD(net.parameters(), 0.1) for net in nets]
        for _ in range(20):
            for net, optimizer in zip(nets, optimizers, strict=True):
                train(net, optimizer, 1)

    _, verdict = watched(program)
    assert verdict.healthy, str(verdict)
    assert any(text.startswith("2 more models") for text in verdict.blind)


def test_a_model_that_the_program_lets_go_is_gone_once_the_next_one_trains() -> None:
    held: list[weakref.ReferenceType[nn.Module]] = []

    def program() -> None:
        for _ in range(3):
            net = network()
            train(net, SGD(net.parameters(), 0.1), 3)
            held.append(weakref.ref(net))
        gc.collect()
        assert [ref() is None for ref in held] == [True, True, False]

    watched(program)


def test_each_training_has_a_ledger_of_its_own(tmp_path) -> None:
    session = Session(Options(ledger=tmp_path / "ledger.jsonl"))
    session.start()
    for _ in range(2):
        net = network()
        train(net, SGD(net.parameters(), 0.1), 5)
    session.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.jsonl", "ledger.model2.jsonl"]


def test_steps_without_any_backward_pass_are_named() -> None:
    def program() -> None:
        net = network()
        optimizer = SGD(net.parameters(), 0.1)
        for _ in range(5):
            optimizer.zero_grad()
            F.mse_loss(net(torch.randn(16, 3)), torch.zeros(16, 1))
            optimizer.step()

    _, verdict = watched(program)
    assert verdict.codes == ("RT102",)
    assert "backward() was never called" in verdict.findings[0].evidence


class Walk(torch.optim.Optimizer):
    """Moves its weights without any gradient."""

    def __init__(self, params) -> None:
        super().__init__(params, {"lr": 0.1})

    def step(self, closure=None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        for group in self.param_groups:
            for p in group["params"]:
                p.data.add_(0.01)


def test_gradients_written_by_hand_are_no_fault() -> None:
    def program() -> None:
        net = network()
        optimizer = SGD(net.parameters(), 0.1)
        for _ in range(5):
            for p in net.parameters():
                p.grad = torch.randn_like(p)
            optimizer.step()

    assert watched(program)[1].codes == ()


def test_a_rule_that_needs_no_gradient_is_no_fault() -> None:
    def program() -> None:
        optimizer = Walk(network().parameters())
        for _ in range(5):
            optimizer.step()

    assert watched(program)[1].codes == ()


def test_a_search_may_try_settings_that_fail() -> None:
    def trained(rate: float) -> None:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        optimizer = torch.optim.SGD(net.parameters(), rate)
        for _ in range(60):
            x = torch.randn(16, 4)
            optimizer.zero_grad()
            nn.functional.mse_loss(net(x), x[:, :1]).backward()
            optimizer.step()

    def search(rates: tuple[float, ...]) -> Verdict:
        return watched(lambda: [trained(rate) for rate in rates])[1]

    tried = search((0.05, 0.1, 0.2, 1e30))
    assert tried.healthy, str(tried)
    assert "RT201" in tried.codes
    assert not search((1e30, 1e30, 0.1, 1e30)).healthy
