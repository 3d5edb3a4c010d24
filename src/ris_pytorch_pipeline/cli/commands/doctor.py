"""`ris doctor`: will this training run learn? Every check that can be made before its first update."""

import argparse

from trainlint import Preflight, show_preflight

from ...train import Reporter, Trainer
from ..options.own_panel import parts_behind
from ..options.training_experiment import training_of
from ..training_memory import require_batch, require_update


def run(arguments: argparse.Namespace) -> int:
    """Print one line per check, and what its findings mean.

    Returns:
        The exit code: 0 where every line passed, 1 otherwise.
    """
    training = training_of(arguments)
    require_batch(training)
    trainer = Trainer(training, reporter=Reporter(quiet=True), parts=parts_behind(arguments, training))
    require_update(trainer, checked=True)
    return show_preflight(Preflight(lines=trainer.preflight()), as_json=arguments.json)
