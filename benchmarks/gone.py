"""How long does the other of two processes of a training go on when one is killed, stopped, or has gradients of NaN?

python benchmarks/gone.py

Two processes train as torchrun starts them, without a launcher that could end them. After the fourth batch one of
them is killed (SIGKILL), stopped (SIGSTOP), or its loss becomes NaN for good. The seconds are from then until every
process that can end has ended, its interpreter included; the words are the reason that the other one gives. The exit
code is 1 where that does not name the process.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import torch

from ris_pytorch_pipeline.data import Inputs, Labels
from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.experiment import TRAINING_PRESETS
from ris_pytorch_pipeline.losses import HybridLoss, LossReport
from ris_pytorch_pipeline.nets import Prediction
from ris_pytorch_pipeline.train import Parts, Reporter, Trainer, joined

FAULTS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "nan": None}
_READY, _BATCHES = "ready", 4
_SHOWN = 150
"""Characters of a reason."""
_LIBRARY = ": [/"
"""Before what gloo says, which begins with a file of its own."""
_LONGEST = 600.0
"""Seconds after which nothing ends any more."""


class Counted:
    """The loss of an experiment, which says when some batches are done, and is NaN from then on where that is asked.

    Args:
        loss: that is computed.
        spoilt: whether it becomes NaN.
    """

    def __init__(self, loss: HybridLoss, *, spoilt: bool) -> None:
        self.loss, self.spoilt, self.batches = loss, spoilt, 0

    def __call__(self, prediction: Prediction, inputs: Inputs, labels: Labels) -> LossReport:
        """The loss, weighted."""
        self.batches += 1
        if self.batches == _BATCHES:
            print(_READY, flush=True)
        report = self.loss(prediction, inputs, labels)
        if not self.spoilt or self.batches < _BATCHES:
            return report
        terms = {name: value * torch.nan for name, value in report.terms.items()}
        return replace(report, total=report.total * torch.nan, terms=terms)


def train(folder: Path, *, spoilt: bool) -> None:
    """Train as one of two processes, and print why it ended.

    Raises:
        SystemExit: with 1 after an error.
    """
    torch.set_num_threads(1)
    base = TRAINING_PRESETS["tiny"]
    experiment = replace(base, plan=replace(base.plan, epochs=100, n_train=4096, n_val=16, batch=16))
    parts = Parts(loss=lambda given: Counted(HybridLoss(given.loss), spoilt=spoilt))
    try:
        with joined(os.environ, "cpu") as processes:
            Trainer(experiment, processes=processes, parts=parts, directory=folder, reporter=Reporter(quiet=True)).fit()
    except InfeasibleError as error:
        print(error.got, flush=True)
        raise SystemExit(1) from error


def started(rank: int, port: int, folder: Path, *, spoilt: bool) -> subprocess.Popen[str]:
    """One of two processes, with the variables that torchrun sets."""
    told = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    command = [sys.executable, __file__, "--train", str(folder), *(["--spoilt"] if spoilt else [])]
    environment = {**os.environ, **told, "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def ended(fault: str, victim: int) -> tuple[float, str]:
    """Seconds until all have ended, and what the other process says."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    number = FAULTS[fault]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        both = [started(rank, port, folder, spoilt=number is None and rank == victim) for rank in (0, 1)]
        try:
            for process in both:
                assert process.stdout is not None
                assert process.stdout.readline().strip() == _READY, "a process that did not begin"
            begin = time.monotonic()
            if number is not None:
                both[victim].send_signal(number)
            for process in both if number is None else [both[1 - victim]]:
                process.wait(_LONGEST)
            seconds, other = time.monotonic() - begin, both[1 - victim].stdout
        finally:
            for process in both:
                process.kill()
                process.wait()
        assert other is not None
        return seconds, other.read()


def main() -> None:
    """Print a table.

    Raises:
        SystemExit: with 1 where the other process names another one.
    """
    parser = argparse.ArgumentParser(description="One of two processes is gone.")
    parser.add_argument("--faults", nargs="*", default=list(FAULTS), choices=list(FAULTS))
    parser.add_argument("--victims", type=int, nargs="*", default=[0, 1], choices=[0, 1])
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--spoilt", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.train is not None:
        train(given.train, spoilt=given.spoilt)
        return
    wrong = 0
    print("| fault | in process | all ended after | the other one names it | its first words |")
    print("|---|---|---|---|---|")
    for fault in given.faults:
        for victim in given.victims:
            seconds, said = ended(fault, victim)
            named = f"process {victim}" in said
            wrong += not named
            brief = textwrap.shorten(said.partition(_LIBRARY)[0], _SHOWN, placeholder=" ...")
            print(f"| {fault} | {victim} | {seconds:.0f} s | {'yes' if named else 'no'} | {brief} |", flush=True)
    raise SystemExit(int(wrong > 0))


if __name__ == "__main__":
    main()
