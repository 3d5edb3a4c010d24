"""Which processes has a launcher started for this run? Read from its variables, and connected."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

import torch
import torch.distributed as dist
import torch.distributed.nn  # noqa: F401  before a group exists: its functions keep the one they find as a default

from ...errors import ConfigurationError, InfeasibleError
from .brief import briefly
from .meeting import meet
from .pulse import Pulse
from .together import Processes

TIMEOUT = timedelta(minutes=5)
"""How long a process waits for the others before it gives up with an error."""
_NEEDED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_PORT", "MASTER_ADDR")
"""The last alone is no number."""


@contextmanager
def joined(environment: Mapping[str, str], device: str, timeout: timedelta = TIMEOUT) -> Iterator[Processes]:
    """The processes that a launcher such as torchrun has started, connected until the block ends.

    >>> with joined({}, "cpu") as processes:  # os.environ under torchrun
    ...     processes.world, processes.first, processes.share(10)
    (1, True, slice(0, 10, None))

    Args:
        environment: of this process; torchrun sets RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT there.
        device: `cpu` (they talk through gloo) or `cuda` (through NCCL; process i of a machine uses its GPU i).
        timeout: how long a process waits for the others.

    Yields:
        This process among them; a single one where nothing was launched.

    Raises:
        ConfigurationError: a launch that is not complete, or more processes on a machine than GPUs.
        InfeasibleError: not all processes came in time, or another number of them.
    """
    processes = processes_of(environment, device)
    if processes.world == 1:
        yield processes
        return
    if device == "cuda":
        _take_gpu(processes.device)
    try:
        store, *_ = next(dist.rendezvous("env://", processes.rank, processes.world, timeout=timeout))  # pyright: ignore[reportPrivateImportUsage]
        name = meet(store, processes.rank, processes.world, timeout)
        store = dist.PrefixStore(name, store)  # pyright: ignore[reportPrivateImportUsage]
        dist.init_process_group(
            "nccl" if device == "cuda" else "gloo", store=store, rank=processes.rank, world_size=processes.world,
            timeout=timeout,
        )  # fmt: skip
    except (RuntimeError, ValueError) as error:
        raise InfeasibleError(
            f"{processes.world} processes that find each other", str(error).splitlines()[0],
            "a process that was not started, or an address that is taken",
            "start all of them within a few minutes, with the same MASTER_ADDR and a free MASTER_PORT",
        ) from error  # fmt: skip
    try:
        with ExitStack() as stack:
            beat = _pulse(environment, processes, name, timeout) if device == "cpu" else None
            pulse = None if beat is None else stack.enter_context(beat)
            yield replace(processes, store=store, pulse=pulse)
    finally:
        briefly(dist.destroy_process_group, None)  # which waits for the others, and one of them may hang


def _pulse(environment: Mapping[str, str], processes: Processes, name: str, timeout: timedelta) -> Pulse:
    """The beat of this process, over a connection of its own: the other one may be waiting for an answer."""
    store = dist.TCPStore(  # pyright: ignore[reportPrivateImportUsage]
        environment["MASTER_ADDR"], int(environment["MASTER_PORT"]), is_master=False, timeout=timeout
    )
    return Pulse(dist.PrefixStore(name, store), processes.rank, processes.world)  # pyright: ignore[reportPrivateImportUsage]


def launch_of(environment: Mapping[str, str]) -> str:
    """The name of the launch that this process is of, the same when torchrun starts it anew; empty for none.

    Args:
        environment: of this process. Where no RANK is set, torchrun's other variables are left from elsewhere.

    Returns:
        `--rdzv-id` of torchrun, which draws one for a launch on one machine; its default `none` tells no launch from
        another and counts as no name.

    >>> launch_of({"RANK": "0", "TORCHELASTIC_RUN_ID": "night-7"})
    'night-7'
    >>> launch_of({"TORCHELASTIC_RUN_ID": "night-7"}), launch_of({"RANK": "0", "TORCHELASTIC_RUN_ID": "none"})
    ('', '')
    """
    name = environment.get("TORCHELASTIC_RUN_ID", "") if "RANK" in environment else ""
    return "" if name == "none" else name


def processes_of(environment: Mapping[str, str], device: str) -> Processes:
    """What a launcher wrote into the environment.

    >>> told = {"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_PORT": "29500", "MASTER_ADDR": "node1"}
    >>> processes = processes_of(told, "cpu")
    >>> processes.rank, processes.world, processes_of({}, "cpu").world
    (1, 4, 1)

    Args:
        environment: of this process.
        device: `cpu` or `cuda`.

    Returns:
        This process among those launched; a single one where neither RANK nor WORLD_SIZE is set.

    Raises:
        ConfigurationError: some of the variables without the others, or no numbers.
    """
    if "RANK" not in environment and "WORLD_SIZE" not in environment:
        return Processes()
    missing = [name for name in _NEEDED if name not in environment]
    rank, world, local, port = (environment.get(name, "") for name in _NEEDED[:4])
    if missing or not all(number.isdecimal() for number in (rank, world, local, port)):
        raise ConfigurationError(
            f"{', '.join(_NEEDED)}, all set and the first four as numbers",
            f"no {', '.join(missing)}" if missing else f"{rank!r}, {world!r}, {local!r}, {port!r}",
            "variables left from another launch", "start the run with torchrun, or unset them",
        )  # fmt: skip
    own = torch.device("cuda", int(local)) if device == "cuda" else torch.device(device)
    return Processes(rank=int(rank), world=int(world), device=own, launch=launch_of(environment))


def _take_gpu(device: torch.device) -> None:
    """Make a GPU this process's own.

    Raises:
        ConfigurationError: there is none of that number.
    """
    count = torch.cuda.device_count()
    if device.index >= count:
        raise ConfigurationError(
            f"a GPU for each process of a machine, {device} too", f"{count} GPUs", "more processes than GPUs",
            "lower --nproc-per-node",
        )  # fmt: skip
    torch.cuda.set_device(device)
