"""How do several processes stay one run? Shares of each batch, sums over all processes, and checks that they agree."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ...errors import ConfigurationError, InfeasibleError
from ...experiment.optimisation import Plan
from ..loop.average import has_batch_norm
from ..loop.groups import Groups
from .brief import briefly
from .pulse import AFTER_AN_ERROR, EVERY, Pulse, Watched


@dataclass(frozen=True, kw_only=True)
class Processes:
    """The processes of one run, as seen from one of them; the default is a run of a single process.

    >>> second = Processes(rank=1, world=4)
    >>> second.share(32), second.stream("scenes/train"), second.first
    (slice(8, 16, None), 'scenes/train/1', False)

    A run of one process has the same calls, which then need nobody to answer:

    >>> import torch
    >>> from ris_pytorch_pipeline.experiment import Plan
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> net, alone = HybridNet(NetConfig(width=8, blocks=1)), Processes()
    >>> with alone.together():  # all reach the end, or none
    ...     print(alone.sum(torch.tensor([1.0, 2.0])), alone.gathered([3.0, 4.0]), alone.sum_gradients([]))
    tensor([1., 2.]) [[3.0, 4.0]] ()
    >>> alone.check_plan(Plan(), net)  # these three raise where processes differ, or cannot share a batch
    >>> alone.check_weights(Groups(net))
    >>> alone.check_same("start", {"updates": 0.0})

    Args:
        rank: number of this process, from 0.
        world: how many there are.
        device: of this process.
        store: where a process leaves word of why it stopped; None leaves the others without its reason.
        pulse: by which a process that hangs is told from one that takes its time; None waits for either as long.
        launch: its name in the ledger, by which a start anew knows the run as its own; see `launch_of`.

    Raises:
        ConfigurationError: a rank outside the world.
    """

    rank: int = 0
    world: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    store: dist.Store | None = None  # pyright: ignore[reportPrivateImportUsage]
    pulse: Pulse | None = None
    launch: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world:
            raise ConfigurationError(
                "0 <= rank < world", f"rank {self.rank}, world {self.world}", "variables of two launches mixed",
                "let torchrun set them",
            )  # fmt: skip

    @property
    def first(self) -> bool:
        """Whether this process writes files and lines."""
        return self.rank == 0

    def share(self, scenes: int) -> slice:
        """The rows of a batch that are this process's: contiguous, and all shares together are the batch."""
        return slice(scenes * self.rank // self.world, scenes * (self.rank + 1) // self.world)

    def stream(self, name: str) -> str:
        """Name of this process's own random stream; that of process 0 is the name itself."""
        return name if self.first else f"{name}/{self.rank}"

    def sum(self, values: Tensor) -> Tensor:
        """Sum over all processes, in place; the one way in which they talk.

        Args:
            values: of the same shape in every process.

        Returns:
            The same tensor.

        Raises:
            InfeasibleError: another process has gone, or does not answer.
        """
        if self.world > 1:
            silent, cause = self._summed(values)
            if silent or cause is not None:
                raise InfeasibleError(
                    f"an answer from all {self.world} processes", self._why(silent, cause),
                    "another process stopped with an error of its own, was killed, or hangs",
                    "read what the others wrote last",
                ) from cause  # fmt: skip
        return values

    def _summed(self, values: Tensor) -> tuple[list[int], RuntimeError | None]:
        """Sum; or the processes that are silent, and the error that showed it, if one did."""
        watched = None if self.pulse is None else self.pulse.watch()
        try:
            if self.pulse is None or watched is None:
                dist.all_reduce(values)
                return [], None
            work = dist.all_reduce(values, async_op=True)
            with self.pulse.waiting():
                while work is not None and not _done(work, self.pulse.every):
                    if silent := watched.silent():
                        return silent, None
        except RuntimeError as error:
            return [] if self._left() or watched is None else self._lost(watched), error
        return [], None

    def _lost(self, watched: Watched) -> list[int]:
        """The processes that are silent after the connection failed: those that were killed."""
        end = time.monotonic() + 2 * AFTER_AN_ERROR
        while time.monotonic() < end:
            if silent := watched.silent(AFTER_AN_ERROR):
                return silent
            time.sleep(EVERY / 4)
        return []

    def _why(self, silent: list[int], cause: RuntimeError | None) -> str:
        """What the others said before they stopped, or who is silent; where process 0 is, the store does not answer."""
        return ("" if 0 in silent else self._left()) or self._told(silent, cause)

    def _told(self, silent: list[int], cause: RuntimeError | None) -> str:
        names = " and ".join(f"process {rank}" for rank in silent)
        if cause is None:
            return f"no sign of life from {names} for {0 if self.pulse is None else self.pulse.patience:.0f} s"
        return f"{f'no sign of life from {names}: ' if silent else ''}{str(cause).splitlines()[0]}"

    @contextmanager
    def together(self) -> Iterator[None]:
        """End a block in all processes: where one ends with an error, it leaves word of it for the others.

        Yields:
            Nothing.

        Raises:
            InfeasibleError: another process did not come to the end, with what it said.
        """
        try:
            yield
        except BaseException as error:
            self._leave_word(f"{type(error).__name__}: {error}")
            raise
        self.sum(torch.zeros(1, device=self.device))

    def _leave_word(self, text: str) -> None:
        """Tell the others why this process stops, if there is still anybody to tell."""
        store = self.store
        if store is not None:
            briefly(lambda: store.set(f"stopped/{self.rank}", text), None)

    def _left(self) -> str:
        """What the other processes said before they stopped; empty where they said nothing."""
        store = self.store
        if store is None:
            return ""

        def said() -> str:
            others = [f"{rank}" for rank in range(self.world) if rank != self.rank and store.check([f"stopped/{rank}"])]
            return "; ".join(f"process {rank} stopped with {store.get(f'stopped/{rank}').decode()}" for rank in others)

        return briefly(said, "no answer, and process 0 is gone or hangs")

    def gathered(self, values: Sequence[float]) -> list[list[float]]:
        """What each process has, for as many numbers in all of them; one row per process."""
        table = torch.zeros((self.world, len(values)), dtype=torch.float64, device=self.device)
        table[self.rank] = table.new_tensor(values)
        return self.sum(table).tolist()

    def sum_gradients(self, parameters: Sequence[nn.Parameter]) -> tuple[int, ...]:
        """Give every parameter the sum of its gradients over all processes, in one flat buffer.

        A parameter that has a gradient in some process has one in all of them afterwards; one that has it in none
        still has none.

        Args:
            parameters: in the same order in every process.

        Returns:
            The processes whose own gradients are not finite, which makes the sum so too; none of a process alone.
        """
        if self.world == 1:
            return ()
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        present = grads[0].new_tensor([p.grad is not None for p in parameters])
        spoils = grads[0].new_zeros(self.world)
        spoils[self.rank] = ~torch.stack([grad.isfinite().all() for grad in grads]).all()
        flat = self.sum(torch.cat([*(grad.flatten() for grad in grads), present, spoils]))
        *pieces, present, spoils = flat.split([*(p.numel() for p in parameters), len(parameters), self.world])
        for parameter, piece, count in zip(parameters, pieces, present.tolist(), strict=True):
            parameter.grad = piece.view_as(parameter).to(parameter.dtype) if count else None
        return tuple(rank for rank, spoilt in enumerate(spoils.tolist()) if spoilt)

    def check_weights(self, groups: Groups) -> None:
        """Stop a run whose processes hold different weights, by their sum and sum of squares in each group.

        Args:
            groups: of the network.

        Raises:
            InfeasibleError: weights that are not the same in every process, with their group and the process.
        """
        if self.world == 1:
            return
        sums: dict[str, float] = {}
        with torch.no_grad():
            for name, named in groups.named.items():
                flat = torch.cat([p.double().flatten() for _, p in named]) if named else torch.zeros(1)
                sums[f"sum of {name}"], sums[f"squares of {name}"] = torch.stack([flat.sum(), flat.dot(flat)]).tolist()
        self.check_same("weights", sums)

    def check_same(self, what: str, values: Mapping[str, float]) -> None:
        """Stop a run whose processes have come apart.

        Args:
            what: the values are, for the message.
            values: by name, the same names in every process.

        Raises:
            InfeasibleError: a value that is not the same in every process, with its name and the process.
        """
        rows = self.gathered(list(values.values()))
        found = [
            f"{name} in process {rank}"
            for rank, row in enumerate(rows)
            for name, mine, first in zip(values, row, rows[0], strict=True)
            if mine != first
        ]
        if found:
            raise InfeasibleError(
                f"the same {what} in all {self.world} processes", f"{', '.join(found[:4])} unlike process 0",
                "something done in one process only, or machines that differ", "do it in every process, or in none",
            )  # fmt: skip

    def check_plan(self, plan: Plan, net: nn.Module) -> None:
        """Refuse what cannot be shared between processes.

        Args:
            plan: of the run.
            net: to be trained.

        Raises:
            ConfigurationError: a batch of fewer scenes than processes, or a network with batch-norm layers.
        """
        if self.world == 1:
            return
        least = plan.sizes().least
        if least < self.world:
            raise ConfigurationError(
                f"a scene of every batch for each of {self.world} processes", f"a batch of {least}",
                "a last batch that is nearly empty, or too many processes",
                "choose n_train and batch so that the last batch is larger, or start fewer processes",
            )  # fmt: skip
        if has_batch_norm(net):
            raise ConfigurationError(
                "a network without batch-norm layers on several processes", "one with them",
                "statistics of a share are not those of the batch", "use layer norm, or one process",
            )  # fmt: skip


def _done(work: dist.Work, seconds: float) -> bool:  # pyright: ignore[reportPrivateImportUsage]
    """Whether a sum is finished after so many seconds; it goes on if not.

    Raises:
        RuntimeError: it failed.
    """
    try:
        work.wait(timedelta(seconds=seconds))
    except RuntimeError as error:
        if "Operation timed out!" in str(error):  # of this wait, not of the sum
            return False
        raise
    return True


ALONE = Processes()
"""A run of one process."""
