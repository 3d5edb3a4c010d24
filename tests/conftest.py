"""How every test runs: shapes and types checked at each call, one thread, and the same examples each time."""

import os
import signal
import sys
from collections.abc import Iterator

import typechecker

os.environ["OMP_NUM_THREADS"] = "1"  # for torch, also in the processes that tests start: workers already fill the cores
typechecker.install("ris_pytorch_pipeline")  # before the package is first imported

import pytest  # noqa: E402
import torch  # noqa: E402
from hypothesis import settings  # noqa: E402
from nursery import Nursery  # noqa: E402
from scheduling import *  # noqa: E402, F403  (hooks of pytest)

torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in a shell's background is started with it ignored
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")


PRELOADED = (
    "torch", "torch._dynamo", "scipy.stats", "ris_pytorch_pipeline.cli", "ris_pytorch_pipeline.cli.commands.bench",
    "ris_pytorch_pipeline.search", "ris_pytorch_pipeline.train",
)  # fmt: skip


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Runs scripts and commands in forks of a process that has imported the package as a user installs it."""
    made = Nursery(*PRELOADED)
    yield made
    made.close()


@pytest.fixture
def quick_python(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Python by whose path commands start their workers, which are forks then; also for torchrun."""
    monkeypatch.setattr(sys, "executable", nursery.python)
    monkeypatch.setenv("PYTHON_EXEC", nursery.python)
    return nursery.python


@pytest.fixture(scope="module")
def quick_workers() -> Iterator[None]:
    """Workers of a cluster that are forks of a process with the package; `tests/tasks` has one as users have it."""
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    from distributed.utils import get_mp_context

    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context().set_forkserver_preload(["distributed", *PRELOADED])
        yield
