"""How every test runs: shapes and types checked at each call, one thread, and the same examples each time."""

import os
import signal

from jaxtyping import install_import_hook

os.environ["OMP_NUM_THREADS"] = "1"  # for torch, also in the processes that tests start: workers already fill the cores
install_import_hook("ris_pytorch_pipeline", "typechecker.check")  # before the package is first imported

import torch  # noqa: E402
from hypothesis import settings  # noqa: E402

torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in a shell's background is started with it ignored
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")
