"""Do the networks that the heat-map was compared with answer and learn as they say: a set, and a sequence?"""

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.data import Labels, batch_from, simulate
from ris_pytorch_pipeline.experiment import training_preset
from ris_pytorch_pipeline.losses import LossWeights
from ris_pytorch_pipeline.nets import NETWORKS, NetConfig, built_network
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.train import Parts, Reporter, Trainer

SCENARIO = preset("random", horizontal=4, vertical=4, sources=(1, 2), snr_db=20.0)
SMALL = NetConfig(width=8, blocks=1).fitted_to(SCENARIO)


@pytest.fixture
def rivals(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The two programs, whose kinds are forgotten afterwards."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    for kind in ("set", "sequence"):
        monkeypatch.setitem(NETWORKS, kind, NETWORKS["hybrid"])
    sets, sequences = (importlib.reload(importlib.import_module(f"{name}_network")) for name in ("set", "sequence"))
    return sets, sequences


def scenes(count: int = 4) -> Any:
    return batch_from(simulate(SCENARIO, count, seed=0, dtype=torch.complex64), SMALL.array)


def reversed_sources(labels: Labels) -> Labels:
    order = torch.where(labels.present, labels.sources[:, None] - 1 - torch.arange(labels.present.shape[1]), 1)
    cosines = labels.cosines.gather(1, order[..., None].expand_as(labels.cosines))
    powers = labels.powers.gather(1, order)
    return replace(labels, cosines=torch.where(labels.present[..., None], cosines, torch.nan), powers=powers)


def set_of(sets: Any) -> Any:
    return sets.SetNet(sets.SetConfig(width=8, blocks=1, heads=2).fitted_to(SCENARIO))


def test_slots_are_in_the_order_of_their_scores(rivals: tuple[Any, Any]) -> None:
    net, (inputs, _) = set_of(rivals[0]), scenes()
    seen = net(inputs)
    assert (seen.scores.diff(dim=1) <= 0).all()
    assert torch.allclose(seen.pointed.exp().sum(-1), torch.ones(4, SMALL.rank), atol=1e-5)
    assert torch.allclose(seen.heat.flatten(1).amax(1), seen.scores[:, 0])
    assert torch.allclose(seen.factors.abs().square().sum((1, 2)), torch.tensor(16 * (1 - SMALL.floor)))


def test_the_loss_of_a_set_knows_no_order_of_the_sources(rivals: tuple[Any, Any]) -> None:
    net, (inputs, labels) = set_of(rivals[0]), scenes()
    loss = rivals[0].SetLoss(LossWeights(), rivals[0].SetWeights(pointing=1.0))
    one, other = (loss(net(inputs), inputs, each) for each in (labels, reversed_sources(labels)))
    assert int(labels.sources.max()) == 2
    for name, value in one.raw.items():
        assert torch.isclose(value, other.raw[name], rtol=1e-4), name


def test_a_set_at_the_sources_has_no_error_of_position(rivals: tuple[Any, Any]) -> None:
    net, (inputs, labels) = set_of(rivals[0]), scenes()
    seen = net(inputs)
    scores = torch.where(torch.arange(SMALL.rank) < labels.sources[:, None], 20.0, -20.0)
    candidates = seen.candidates.detach().clone()
    candidates[:, :2] = torch.where(labels.present[..., None], labels.cosines, 0).float().flip(1)
    scores[:, :2] = torch.where(labels.present, 20.0, -20.0).flip(1)
    exact = rivals[0].SetLoss(LossWeights(), rivals[0].SetWeights())(
        replace(seen, candidates=candidates, scores=scores), inputs, labels
    )
    assert float(exact.raw["direction"] + exact.raw["distance"] + exact.raw["presence"]) < 1e-5
    moved = replace(seen, candidates=candidates + torch.tensor([0.1, 0.0, 0.0]), scores=scores)
    assert float(rivals[0].SetLoss(LossWeights(), rivals[0].SetWeights())(moved, inputs, labels).raw["direction"]) > 0.1


def test_what_a_sequence_has_found_is_no_longer_wanted(rivals: tuple[Any, Any]) -> None:
    net, (inputs, labels) = rivals[1].SequenceNet(SMALL), scenes(16)
    turn = net(inputs).turns[0]
    true = torch.where(labels.present[..., None], labels.cosines, 0).float()
    apart = (true[:, 0, :2] - true[:, 1, :2]).abs().amax(-1) > max(turn.grid.step[:2])
    left = rivals[1].left_over(true[:, :1], turn, labels)
    both = (labels.sources == 2) & apart
    assert both.any()
    assert torch.equal(left.sources[both], torch.ones_like(left.sources[both]))
    assert torch.equal(left.cosines[both, 0], labels.cosines[both, 1])
    assert torch.equal(rivals[1].left_over(true[:, :0], turn, labels).sources, labels.sources)


def test_a_sequence_looks_once_more_than_there_may_be_sources(rivals: tuple[Any, Any]) -> None:
    net, (inputs, _) = rivals[1].SequenceNet(SMALL), scenes()
    seen = net(inputs)
    assert len(seen.turns) == 3 and seen.candidates.shape == (4, 6, 3) and seen.places.shape == (4, 3, 3)
    assert torch.equal(seen.candidates[:, :3], torch.stack([turn.candidates[:, 0] for turn in seen.turns], dim=1))


@pytest.mark.parametrize("kind", ["set", "sequence"])
def test_both_are_trained_by_the_trainer(kind: str, rivals: tuple[Any, Any]) -> None:
    sets, sequences = rivals
    values = {"network": kind, "net": {"width": 8, "blocks": 1}, "plan": {"batch": 4, "n_train": 8, "n_val": 4}}
    experiment = replace(training_preset("tiny", values), scenario=SCENARIO)
    assert sum(weights.numel() for weights in built_network(kind, experiment.net).parameters())
    losses = {
        "set": lambda given: sets.SetLoss(given.loss, sets.SetWeights()),
        "sequence": lambda given: sequences.SequenceLoss(given.loss),
    }
    trainer = Trainer(experiment, reporter=Reporter(quiet=True), parts=Parts(loss=losses[kind]))
    before = [weights.detach().clone() for weights in trainer.net.parameters()]
    assert trainer.fit(epochs=1).updates == 2
    assert all(not torch.equal(one, other) for one, other in zip(before, trainer.net.parameters(), strict=True))
