"""`ris diagnose`: what a training run's ledger, or a plain-text training log, shows."""

import argparse

from trainlint import diagnose


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict.

    Returns:
        The exit code: 0 for a healthy run, 1 otherwise.
    """
    return diagnose(arguments.path, as_json=arguments.json)
