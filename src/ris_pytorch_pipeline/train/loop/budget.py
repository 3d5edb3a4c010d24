"""How much memory may scenes take? What the plan allows, and never more than half of what is free."""

from dataclasses import dataclass

import torch.distributed as dist

from trainlint import free_bytes

from ...experiment.training import TrainingExperiment


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Memory for scenes, and what limits it.

    Args:
        size: bytes.
        limit: in words.
    """

    size: int
    limit: str

    def __str__(self) -> str:
        return f"at most {self.size / 1e6:.0f} MB ({self.limit})"


def budget_of(experiment: TrainingExperiment) -> Budget:
    """min(`plan.hold_mb`, half of what is free on the device of the run), shared by the processes of a CPU.

    Args:
        experiment: its plan and device.

    Returns:
        The budget of this process. Where the platform does not say what is free, the plan alone decides.
    """
    allowed = experiment.plan.hold_mb * 10**6
    free = free_bytes(experiment.device)
    if free is None:
        return Budget(size=allowed, limit="plan.hold_mb; what is free is not known here")
    sharing = dist.get_world_size() if experiment.device == "cpu" and dist.is_initialized() else 1
    half = free // 2 // sharing
    if allowed <= half:
        return Budget(size=allowed, limit="plan.hold_mb")
    among = f", shared by {sharing} processes" if sharing > 1 else ""
    return Budget(size=half, limit=f"half of {free / 1e6:.0f} MB free{among}")
