"""How much memory does an update take? Counted is what two scenes keep for their backward pass."""

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import Tensor, UntypedStorage, nn
from torch.autograd.graph import saved_tensors_hooks

from ...data import Inputs, Labels, SceneSource, batch_bytes
from ...physics import ends
from ..parts import Criterion
from ..processes.hardware import Hardware
from ..randomness import seeded
from .budget import budget_of

if TYPE_CHECKING:
    from .trainer import Trainer

_COUNTED = 2
"""Scenes that are tried: the least of which a batch-norm layer takes a mean."""
_MOST = 1.5
"""Times what the forward pass keeps that an update takes at its most, with what its backward pass adds.

1.3 to 1.65 were measured of `tiny` at 128 to 1024 scenes, 1.25 of `desk`; 1.4 and 1.5 of the checks before training.
"""
_DENSE = 6 * 8
"""Bytes an entry of the covariance of one scene, which a check writes out, and of what its gradient needs."""
_COPIES = 5
"""Numbers beside each trained one: its gradient, two moments of AdamW, and two copies by which Δparam is measured."""


@dataclass(frozen=True, kw_only=True)
class UpdateMemory:
    """Memory that an update takes beside the scenes of its batch.

    Args:
        weights: bytes of gradient, moments and copies.
        held: bytes of scenes that are kept for the whole run.
        scene: bytes that the forward pass keeps of a scene for the backward pass.
        dense: bytes of the covariance of a scene and its gradient, which the checks before training take.
    """

    weights: int
    held: int
    scene: int
    dense: int

    def of(self, scenes: int, *, checked: bool = False) -> int:
        """Bytes for a batch of so many scenes; `checked` counts the checks before training too."""
        kept, covariance = self.scene * scenes, self.dense if checked else 0
        return self.weights + self.held + max(int(_MOST * kept), kept + covariance)


def update_memory(trainer: "Trainer") -> UpdateMemory | None:
    """Count on two scenes, and leave the trainer and every random stream as they were.

    They have the most sources of the scenario, as a large batch has.

    >>> from ris_pytorch_pipeline.train import Reporter, Trainer
    >>> needed = update_memory(Trainer(reporter=Reporter(quiet=True)))
    >>> needed.weights // 4 // 5, needed.scene // 10**5  # weights of the network, and tenths of megabytes
    (73310, 11)

    Args:
        trainer: that has not trained yet.

    Returns:
        Its needs, or None where the network or the loss fails on scenes, of which a line says why.
    """
    experiment, trained = trainer.experiment, trainer.groups.parameters
    plan, most = experiment.plan, int(ends(experiment.scenario.sources)[1])
    source = SceneSource(
        scenario=replace(experiment.scenario, sources=most), split="train", seed=experiment.seed, scenes=_COUNTED,
        batch=_COUNTED, kinds=experiment.kinds,
    )  # fmt: skip
    try:
        batch = trainer.hardware.batch(source, 0, _COUNTED)
        with seeded(experiment.seed, "memory", 0, trainer.hardware.device):
            kept = max(_kept(deepcopy(trainer.net), loss, batch, trainer.hardware) for loss in trainer.losses)
    except Exception as error:  # of any network, loss or array, which the checks or the training end with
        trainer.reporter.say(f"[NOTE] what an update takes is not known, as two scenes fail: {error}")
        return None
    stays = (0 if plan.same_scenes else plan.n_val) + (0 if plan.fresh else plan.n_train)
    return UpdateMemory(
        weights=_COPIES * sum(p.numel() * p.element_size() for p in trained),
        held=min(budget_of(experiment).size, stays * (batch_bytes(*batch) // _COUNTED)),
        scene=kept // _COUNTED,
        dense=_DENSE * experiment.scenario.elements**2,
    )


def _kept(net: nn.Module, loss: Criterion, batch: tuple[Inputs, Labels], hardware: Hardware) -> int:
    """Bytes that a forward pass keeps for the backward pass, each storage once; weights and buffers left out."""
    own = {each.untyped_storage().data_ptr() for each in (*net.parameters(), *net.buffers())}
    held: dict[int, UntypedStorage] = {}  # so that no place is counted once for two, of which one was let go

    def pack(kept: Tensor) -> Tensor:
        storage = kept.untyped_storage()
        if storage.data_ptr() not in own:
            held[storage.data_ptr()] = storage
        return kept

    inputs, labels = batch
    with saved_tensors_hooks(pack, lambda kept: kept):
        with hardware.autocast():
            prediction = net.train()(inputs)
        loss(prediction, inputs, labels)
    return sum(storage.nbytes() for storage in held.values())
