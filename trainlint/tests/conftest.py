"""How every test runs: types checked at each call, one thread, and the same examples each time."""

import os
from collections.abc import Iterator

from jaxtyping import install_import_hook

os.environ["OMP_NUM_THREADS"] = "1"  # for torch, also in the processes that tests start: workers already fill the cores
install_import_hook("trainlint", "typechecker.check")  # before the package is first imported

import pytest  # noqa: E402
import torch  # noqa: E402
from hypothesis import settings  # noqa: E402
from nursery import Nursery  # noqa: E402
from scheduling import *  # noqa: E402, F403  (hooks of pytest)

torch.set_num_threads(1)
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Runs scripts and commands in forks of a process that has imported torch, and trainlint as a user installs it."""
    made = Nursery("torch", "torch._dynamo", "torch.utils.data", "trainlint.cli", "trainlint.during.unedited.session")
    yield made
    made.close()
