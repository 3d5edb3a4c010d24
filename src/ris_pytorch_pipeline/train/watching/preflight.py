"""Will this run learn? Every check that can be made before the first update, each as one line with its number."""

import platform
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from trainlint.rules import losses, updates

from trainlint import Finding, Line, accumulation, gradient_path, timed, two_paths
from trainlint import preflight as try_batch

from ...covariance import LowRank, blend
from ...data import Inputs, Labels, batch_bytes
from ...experiment import Phases
from ...nets import Prediction
from ..loop.average import has_batch_norm
from ..loop.evaluate import evaluate
from ..loop.groups import rates_by_module
from ..loop.schedule import warmup_updates
from ..loop.trainer import Trainer
from ..parts import Data
from ..randomness import seeded
from . import contracts, oracle
from .checks import check_report
from .reporter import Reporter

_Batch = tuple[Inputs, Labels]
_MICROBATCHES, _LARGEST = 4, 8
"""Batches that are accumulated in a trial, and the most scenes in each."""
_MOST_LOOKS = 20_000
"""Updates whose rates are asked for: some tenths of a second, where a plan may have tens of millions of updates."""


def preflight(trainer: Trainer) -> tuple[Line, ...]:
    """Try a trainer that has not trained yet, and leave it as it was.

    Args:
        trainer: of any parts; checks of the hybrid network's answers are made where the network gives them.

    Returns:
        One line per check, in the order of a training step: surroundings, one batch, rates, accumulation, loss, data.
    """
    lines = [timed("environment", lambda: _environment(trainer))]
    data = trainer.parts.data(trainer.experiment)
    batch = trainer.hardware.batch(data.train(0), 0, trainer.experiment.plan.sizes()[0])
    lines += _one_batch(trainer, batch, data)
    if any(line.stopped for line in lines):
        return tuple(lines)
    checks = {
        "planned rates": lambda: _rates(trainer),
        "accumulation": lambda: _confirmed(lambda some: _accumulation(trainer, some), batch),
        "training, validation": lambda: _confirmed(lambda some: _paths(trainer, some), batch),
        **_loss_checks(trainer, *batch),
        "splits": lambda: contracts.disjoint(data, trainer.experiment),
        "label ranges": lambda: contracts.in_range(batch[1], trainer.experiment.scenario),
        "fields": lambda: contracts.alive(*batch, trainer.experiment.scenario),
        "labels of the inputs": lambda: contracts.belonging(*batch),
    }
    return *lines, *(timed(name, check) for name, check in checks.items())


def _environment(trainer: Trainer) -> tuple[str, list[Finding]]:
    device = trainer.hardware.device
    with trainer.hardware.autocast():
        one = torch.ones(2, 2, device=device)
        effective = str((one @ one).dtype).removeprefix("torch.")
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} CPU thread(s)"
    return f"Python {platform.python_version()}, torch {torch.__version__}, {where}, products in {effective}", []


def _one_batch(trainer: Trainer, batch: tuple[Inputs, Labels], data: Data) -> Sequence[Line]:
    """Forward, loss, backward, update and its Δ, groups, memory."""

    def step(net: nn.Module, given: object) -> Tensor:
        inputs, labels = batch
        with trainer.hardware.autocast():
            prediction = net(inputs)
        return check_report(trainer.loss(prediction, inputs, labels))

    staged = data.held_bytes + batch_bytes(*batch)
    rates = rates_by_module(trainer.net, trainer.optimizer, trainer.config)
    return try_batch(step, trainer.net, batch, optimizer=trainer.optimizer, rates=rates, staged=staged).lines


def _rates(trainer: Trainer) -> tuple[str, list[Finding]]:
    """The rates that the run would use: positive from the first update on, warmed up in time, and up to the peak."""
    count = trainer.updates
    planned = {update: _rates_of(trainer, update) for update in _looked_at(count)}
    found = [
        updates.ZERO_RATE.found(f"{name} at {planned[u][name]:.3g} in update {u + 1} of {count}", subject=name)
        for name in planned[0]
        for u in [next((u for u, rates in planned.items() if not rates[name] > 0), None)]
        if u is not None
    ]
    texts = []
    for name, target in trainer.config.peaks(trainer.groups.trained).items():
        course = [rates[name] for rates in planned.values()]
        peak, mean = max(course), sum(course) / len(course)
        texts.append(f"{name} {course[0]:.3g}, peak {peak:.3g}, mean {mean:.3g}")
        if abs(peak - target) > 0.01 * target or mean < 0.2 * target:
            found.append(updates.LOW_RATE.found(f"{texts[-1]}; target {target:.3g}", subject=name))
    told = f"{count} updates" if len(planned) == count else f"{len(planned)} of {count} updates"
    return f"{told}, {warmup_updates(count, trainer.config)} of warm-up: {'; '.join(texts)}", found


def _looked_at(count: int) -> list[int]:
    """The updates whose rates are asked for: all, or as many as are looked at, evenly from the first to the last."""
    looks = min(count, _MOST_LOOKS)
    return [look * (count - 1) // max(1, looks - 1) for look in range(looks)]


@dataclass(frozen=True, eq=False)
class _Given:
    """Batches that are there already.

    Args:
        batches: in order.
    """

    batches: list[tuple[Inputs, Labels]]

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        return self.batches[index]


def _rates_of(trainer: Trainer, update: int) -> dict[str, float]:
    """What the trainer would use, asked of the trainer itself."""
    kept, trainer.progress.updates = trainer.progress.updates, update
    try:
        return trainer._rates()
    finally:
        trainer.progress.updates = kept


def _twin(trainer: Trainer, batches: list[tuple[Inputs, Labels]], accumulation: int) -> Trainer:
    """A trainer of the same network and loss for one pass over given scenes, without dropout, clipping or phases."""
    size, total = len(batches[0][0]), sum(len(inputs) for inputs, _ in batches)
    plan = replace(trainer.experiment.plan, epochs=1, n_train=total, n_val=total, batch=size, fresh=False)
    plan = replace(plan, same_scenes=True, max_train_batches=None, max_val_batches=None)
    experiment = replace(
        trainer.experiment, plan=plan, phases=Phases(), precision="float32",
        optimisation=replace(trainer.config, accumulation=accumulation, clip=None),
    )  # fmt: skip
    net = deepcopy(trainer.net)
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    data = Data(train=lambda epoch: _Given(batches), validation=_Given(batches))
    parts = replace(trainer.parts, net=lambda _: net, data=lambda _: data)
    return type(trainer)(experiment, reporter=Reporter(quiet=True), parts=parts)


def _gradient(twin: Trainer) -> dict[str, Tensor]:
    """The gradient with which a twin steps."""
    seen: dict[str, Tensor] = {}

    def keep(*_: object) -> None:
        seen.update({name: p.grad.clone() for name, p in twin.net.named_parameters() if p.grad is not None})

    twin.optimizer.register_step_pre_hook(keep)
    twin.fit()
    return seen


def _confirmed(check: Callable[[_Batch], tuple[str, list[Finding]]], batch: _Batch) -> tuple[str, list[Finding]]:
    """A check whose finding holds where each half of the scenes shows it.

    Which cells of a heat-map are candidates may turn on the last bit of one scene: cells of an untrained network state
    directions one step apart, which is where two of them become one.
    """
    text, found = check(batch)
    middle = len(batch[0]) // 2
    if not found or middle == 0:
        return text, found
    inputs, labels = batch
    halves = [check((inputs[rows], labels[rows])) for rows in (slice(middle), slice(middle, len(inputs)))]
    if all(each for _, each in halves):
        return text, found
    return f"{text}; in one half of the scenes {' and in the other '.join(said for said, _ in halves)}", []


def _accumulation(trainer: Trainer, batch: tuple[Inputs, Labels]) -> tuple[str, list[Finding]]:
    """The trainer's own gradient over some small batches against that over one large batch of the same scenes."""
    if has_batch_norm(trainer.net):
        return "left out: statistics of batches differ between small and large ones", []
    inputs, labels = batch
    size = min(_LARGEST, max(1, len(inputs) // _MICROBATCHES))
    rows = [slice(first, first + size) for first in range(0, len(inputs), size)][:_MICROBATCHES]
    small = _gradient(_twin(trainer, [(inputs[row], labels[row]) for row in rows], len(rows)))
    scenes = slice(0, rows[-1].stop)
    large = _gradient(_twin(trainer, [(inputs[scenes], labels[scenes])], 1))
    if not small or small.keys() != large.keys():
        text = f"{len(small)} tensors had a gradient at a step after small batches, {len(large)} after a large one"
        return "", [updates.NO_UPDATE.found(text)]
    apart = sum(float((large[n] - small[n]).square().sum()) for n in large) ** 0.5
    norm = sum(float(g.square().sum()) for g in large.values()) ** 0.5
    text = f"{len(rows)} x {size} scenes against {len(rows) * size}: relative difference {apart / max(norm, 1e-30):.1e}"
    return text, accumulation(large, small, tolerance=1e-5)


def _paths(trainer: Trainer, batch: tuple[Inputs, Labels]) -> tuple[str, list[Finding]]:
    """The same scenes through training and through validation, which must also see the update between."""
    if has_batch_norm(trainer.net):
        return "left out: training normalises by the batch, validation does not", []
    scenes = slice(0, _LARGEST * _MICROBATCHES)
    pair = batch[0][scenes], batch[1][scenes]
    twin = _twin(trainer, [pair], 1)
    net = twin.average.net
    before = evaluate(net, twin.loss, None, _Given([pair]), [len(pair[0])], twin.hardware)["total"]
    record = twin.fit().history[0]
    after = record["validation"]["total"]
    found = two_paths(record["train"], before, tolerance=1e-5)
    text = f"{record['train']:.6g} and {before:.6g} on the same scenes, {after:.6g} after an update"
    if after == before:
        found.append(losses.CONSTANT_VALIDATION.found(f"validation {before:.9g} before and after an update"))
    return text, found


def _loss_checks(
    trainer: Trainer, inputs: Inputs, labels: Labels
) -> dict[str, Callable[[], tuple[str, Sequence[Finding]]]]:
    """What the loss must say of known answers, where the network gives covariance factors and a heat-map."""
    net = trainer.net
    with seeded(trainer.experiment.seed, "dropout", 0, trainer.hardware.device):
        prediction = net(inputs)
    checks: dict[str, Callable[[], tuple[str, Sequence[Finding]]]] = {
        "order of the sources": lambda: contracts.unordered(trainer.loss, prediction, inputs, labels)
    }
    if isinstance(prediction, Prediction):
        answers = oracle.Answers(prediction, inputs, labels)
        checks |= {
            "known answers": lambda: oracle.known_answers(trainer.loss, answers),
            "terms of the loss": lambda: oracle.living_terms(trainer.loss, answers),
            "gradient of R_blend": lambda: _blended(net, prediction),
        }
    return checks


def _blended(net: nn.Module, prediction: Prediction) -> tuple[str, list[Finding]]:
    """R_blend = 0.7 R_pred + 0.3 I teaches the factors, and through them the network.

    It is that of the first scene: written out, those of a whole batch of 64 x 64 elements take 0.8 GB a scene.
    """
    whole = prediction.covariance
    predicted = replace(whole, factor=whole.factor[:1], floor=whole.floor[:1])
    eye = LowRank(torch.zeros_like(predicted.factor[..., :1]), torch.ones_like(predicted.floor))
    blended = blend(predicted, eye, beta=0.3).dense()
    found = gradient_path(blended, {"factors": prediction.factors})
    if found:
        return "", found
    held = [p for p in net.parameters() if p.requires_grad]
    reached = torch.autograd.grad(blended.abs().square().sum(), held, allow_unused=True)
    count = sum(g is not None and bool(g.any()) for g in reached)
    text = f"reaches the factors and {count} of {len(held)} tensors of the network"
    if count:
        return text, []
    return text, [updates.GRAPH_CUT.found("the factors do not depend on the network", subject="factors")]
