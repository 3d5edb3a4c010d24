"""Faults injected into our own Trainer: each is named within the first epoch, and the sound twin by nobody."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
import trainers
from trainers import BATCHES, instead, plus, small, sound, with_loss, with_net
from trainlint.errors import ExplainedError

from ris_pytorch_pipeline.errors import ConfigurationError, InfeasibleError, InputError
from ris_pytorch_pipeline.train import Outcome, Trainer
from trainlint import TrainingFault


@dataclass(frozen=True)
class Row:
    """A broken trainer.

    Args:
        build: makes it.
        says: code of the finding, or words of the error or outcome, that a run of one epoch gives.
        within: batches after which it has been said.
        line: line of the preflight that fails; empty where the preflight passes.
        code: its code.
    """

    build: Callable[[], Trainer]
    says: str
    within: int
    line: str = ""
    code: str = ""


def detached(prediction):
    return replace(prediction, factors=prediction.factors.detach())


def dead(report, calls):
    return plus(report, "align", torch.zeros(()))


def hidden(report, calls):
    return replace(report, total=report.total + 1.0)


RUNS = {
    "A1 the gate never steps": Row(lambda: small(trainers.NeverSteps), "RT102", 3, "accumulation", "RT102"),
    "A1 the gate claims to step": Row(lambda: small(trainers.ClaimsToStep), "RT102", 3, "accumulation", "RT102"),
    "A2 warm-up from zero": Row(
        lambda: small(trainers.WarmsUpFromZero), "positive rate", 1, "planned rates", "RT101"
    ),
    "A5 ticks without updates": Row(trainers.ticking, "RT106", 4),
    "A6 dedented loop": Row(lambda: small(plan=trainers.Dedented(**vars(trainers.SMALL.plan))), "RT107", 1),
    "A11 the scaler skips": Row(
        lambda: small(trainers.SkipsSilently), Outcome.UNTOUCHED.value, 1, "accumulation", "RT102"
    ),
    "A12 gradients not finite": Row(with_loss(trainers.poisoned), Outcome.NOT_FINITE.value, 1, "backward", "RT302"),
    "A12 sanitised gradients": Row(trainers.poisoned_and_sanitised, "RT114", 2, "backward", "RT302"),
    "A13 a parameter in no group": Row(
        lambda: small(net=lambda e: trainers.ForgetsAParameter(e.net)), "every parameter in a group", 0
    ),
    "A14 the wrong group": Row(
        lambda: small(net=lambda e: trainers.HeadRateOnBackbone(e.net)), "RT117", 0, "parameter groups", "RT117"
    ),
    "A14 a rate that nobody planned": Row(
        lambda: small(trainers.DoublesTheHead), "RT117", 1, "planned rates", "RT104"
    ),
    "A16 the average stays behind": Row(
        lambda: small(trainers.LeavesAverageBehind), "RT212", 3, "training, validation", "RT212"
    ),
    "A17 detached R_pred": Row(with_net(detached), "RT122", 3, "gradient of R_blend", "RT121"),
    "B3 a dead term": Row(with_loss(dead), "RT207", 10, "terms of the loss", "RT207"),
    "B4 a hidden term": Row(with_loss(hidden), "sum of its reported terms", 0, "forward and loss", "RT509"),
}  # fmt: skip
"""Named by a run of one epoch."""

PREFLIGHT = {
    "A9 accumulation is not divided": (lambda: small(trainers.ForgetsToDivide), "accumulation", "RT110"),
    "B1 a floor": (with_loss(lambda r, _: plus(r, "floor", r.terms["heat"] * 0 + 1)), "known answers", "RT205"),
    "B6 the wrong sign": (
        with_loss(lambda r, _: instead(r, "covariance", 2 - r.terms["covariance"])), "terms of the loss", "RT210"
    ),
    "B7 validation by another loss": (with_loss(trainers.blind), "training, validation", "RT211"),
    "D1 a leaking split": (trainers.leaking, "splits", "RT401"),
    "D5 labels of other inputs": (trainers.mispaired, "labels of the inputs", "RT412"),
}  # fmt: skip
"""Seen before training alone, or there first."""


def told(row: Row) -> tuple[str, int]:
    """All that a run of one epoch says, and how many batches had been used when it was first said."""
    try:
        trainer = row.build()
    except ExplainedError as error:
        return str(error), 0
    failed: list[int] = []
    count = trainer.progress.note_attempt

    def noted(outcome: Outcome, without: tuple[str, ...]) -> None:
        count(outcome, without)
        if outcome.value == row.says:
            failed.append(trainer.progress.batches)

    trainer.progress.note_attempt = noted
    said = ""
    try:
        trainer.fit(epochs=1)
    except (TrainingFault, InputError, ConfigurationError, InfeasibleError) as error:
        said = f"{error} "
    assert trainer.verdict is not None
    found = trainer.verdict.findings
    said += " ".join([*(f.rule.code for f in found), *trainer.progress.failures])
    skipped = sum(trainer.progress.failures.values())
    at = [f.update + skipped for f in found if f.rule.code == row.says and f.update is not None]
    return said, min([*failed, *at, trainer.progress.batches])


@pytest.mark.parametrize("row", RUNS)
def test_a_broken_trainer_is_named_within_the_first_epoch(row: str) -> None:
    said, batches = told(RUNS[row])
    assert RUNS[row].says in said
    assert batches <= RUNS[row].within


def failing(trainer: Trainer) -> dict[str, set[str]]:
    """Codes of the preflight's failing lines, by line."""
    return {line.name: {f.rule.code for f in line.findings} for line in trainer.preflight() if not line.passed}


@pytest.mark.parametrize("row", [name for name, row in RUNS.items() if row.line])
def test_many_are_named_before_the_first_update(row: str) -> None:
    assert RUNS[row].code in failing(RUNS[row].build())[RUNS[row].line]


@pytest.mark.parametrize("row", PREFLIGHT)
def test_some_are_named_by_the_preflight_alone(row: str) -> None:
    build, line, code = PREFLIGHT[row]
    assert code in failing(build())[line]


def test_a_constant_validation_is_named_after_four_epochs_at_the_latest() -> None:
    """The preflight names it before the first update: the same scenes give another number in validation."""
    with pytest.raises(TrainingFault, match="RT212"):
        with_loss(trainers.blind)().fit(epochs=4)


def test_the_sound_twin_stays_clean() -> None:
    trainer = sound()
    assert failing(trainer) == {}
    trainer.fit()
    assert trainer.verdict is not None and trainer.verdict.codes == ()
    assert trainer.progress.updates == 3 * BATCHES and not trainer.progress.failures
