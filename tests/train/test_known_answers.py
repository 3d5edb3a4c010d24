"""Does the preflight find terms of the wrong sign, and none of the right one, whatever an untrained network says?"""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.data import Inputs, Labels
from ris_pytorch_pipeline.experiment import training_preset
from ris_pytorch_pipeline.losses import HybridLoss, LossReport
from ris_pytorch_pipeline.nets import Prediction, built_network
from ris_pytorch_pipeline.train.parts import drawn_scenes
from ris_pytorch_pipeline.train.watching.oracle import Answers, living_terms

SMALL = training_preset(
    "tiny",
    {
        "scenario": {"horizontal": 2, "vertical": 2, "antennas": 4, "snapshots": 4, "sources": 1, "snr_db": 20.0},
        "net": {"width": 8, "blocks": 1, "passes": 0},
        "plan": {"n_train": 4, "n_val": 4, "batch": 4},
    },
)
LOSS = HybridLoss(SMALL.loss)


def answers(seed: int, apart: float) -> Answers:
    """An untrained network that happens to lie near the truth, by another factor of it, with variances of its own."""
    generator = torch.Generator().manual_seed(seed)
    inputs, labels = drawn_scenes(SMALL).train(0)[0]
    said: Prediction = built_network(SMALL.network, SMALL.net)(inputs)
    other = torch.linalg.qr(torch.randn(2, said.factors.shape[-1], said.factors.shape[-1], generator=generator)[0])[0]
    noise = torch.view_as_complex(torch.randn(*said.factors.shape, 2, generator=generator))
    true = torch.zeros_like(said.factors)
    true[..., : labels.factors.shape[-1]] = labels.factors
    variance = said.log_variance_q + 3 * torch.rand(said.log_variance_q.shape, generator=generator)
    like = replace(said, factors=true @ other.to(true.dtype) + apart * noise, log_variance_q=variance)
    return Answers(like, inputs, labels)


@pytest.mark.parametrize("apart", [0.0, 0.3, 1.0])
def test_no_term_of_the_loss_has_the_wrong_sign(apart: float) -> None:
    for seed in range(3):
        assert not living_terms(LOSS, answers(seed, apart))[1], (seed, apart)


@pytest.mark.parametrize("term", list(SMALL.loss.active))
def test_a_term_of_the_wrong_sign_is_found(term: str) -> None:
    def flipped(prediction: Prediction, inputs: Inputs, labels: Labels) -> LossReport:
        report = LOSS(prediction, inputs, labels)
        return replace(report, terms={**report.terms, term: -report.terms[term]})

    found = living_terms(flipped, answers(0, apart=0.3))[1]
    assert [(each.rule.code, each.subject) for each in found] == [("RT210", term)]
