"""`ris train`: train the hybrid network on simulated scenes."""

import argparse

from ..train import Reporter, Trainer
from .output import Bar
from .training_experiment import training_of


def run(arguments: argparse.Namespace) -> None:
    """Train into the folder; what was counted is printed at the end."""
    experiment = training_of(arguments)
    with Bar("training") as bar:
        reporter = Reporter(quiet=arguments.quiet, log_every=arguments.log_every, progress=bar)
        progress = Trainer(experiment, directory=arguments.out, reporter=reporter).fit(resume=arguments.resume)
    print(f"{progress.updates} updates in {progress.epoch} epochs; checkpoints and ledger in {arguments.out}")
