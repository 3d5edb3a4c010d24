"""`ris diagnose`: what a training run's ledger, or a plain-text training log, shows."""

import argparse
import os

from trainlint import diagnose

from ...files import is_there
from ...train import read_ledger
from ...train.files.folder import LEDGER


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict.

    Returns:
        The exit code: 0 for a healthy run, 1 otherwise.
    """
    path = arguments.path / LEDGER if os.path.isdir(arguments.path) else arguments.path  # noqa: PTH112  (never raises)
    if path.name == LEDGER and is_there(path):
        read_ledger(path)  # which compares its checksums
    return diagnose(arguments.path, as_json=arguments.json)
