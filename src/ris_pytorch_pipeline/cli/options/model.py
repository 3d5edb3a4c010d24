"""Which trained network does a command use, and how? The package's, a checkpoint, or the best one of a run's folder."""

import argparse
import os
import warnings
from pathlib import Path

from ...bench import DOUBT, proposer
from ...data import SceneFile
from ...errors import ConfigurationError, InputError
from ...estimate import SearchRegion
from ...files import is_missing, is_there
from ...localise import REFERENCE, REFERENCE_FILE, Explaining, Localiser, Proposer, domain_of
from ...physics.kinds import Kinds, is_mixed, shown_kinds
from ...train import Trained, load_network
from ...train.files.folder import BEST, LAST


def checkpoint_at(path: Path) -> Path:
    """The checkpoint that a path names: of a run's folder that of its best epoch, of `reference` the package's.

    Raises:
        InputError: a folder without a finished epoch.
    """
    if str(path) == REFERENCE:
        return REFERENCE_FILE
    if not os.path.isdir(path):  # noqa: PTH112  (which never raises)
        return path
    best = path / BEST
    if is_missing(best):
        held = "the run has not finished an epoch" if is_there(path / LAST) else "no run was trained there"
        raise InputError(f"a folder with {BEST}", str(path), held, "train with `ris train`, or name a checkpoint")
    return best


def network_at(path: Path) -> Trained:
    """The network of a checkpoint or of a run's folder, with the weights that the validation saw.

    Raises:
        InputError: no such file, a foreign one, or weights of another architecture.
    """
    return load_network(checkpoint_at(path))


def warn_of_symbols(trained: Trained, symbols: Kinds) -> None:
    """Say that scenes have another kind of symbols than the network was trained on.

    Warns:
        UserWarning: they do.
    """
    known = domain_of(trained.experiment).symbols
    blind = symbols == "known" or is_mixed(symbols)  # a network takes known ones, and several kinds, for random ones
    if ("random" if blind else symbols) not in known:
        told, shown = " and ".join(known), shown_kinds(symbols)
        warnings.warn(f"the network was trained on {told} symbols, these scenes have {shown} ones", stacklevel=2)


def localiser(
    trained: Trained, arguments: argparse.Namespace, file: SceneFile, field: SearchRegion
) -> Localiser:  # fmt: skip
    """The trained network as an estimator: where its proposals come from, when it searches, how far it polishes.

    It searches the field of view of the scenes.

    Raises:
        ConfigurationError: `--beta` beside proposals that need no covariance.
        InputError: β outside [0, 1], or a field of view that the network was not made for.

    Warns:
        UserWarning: symbols of another kind than the network was trained on.
    """
    proposer = proposer_of(arguments, field)
    polish = 10 if arguments.polish is None else arguments.polish
    doubt = (DOUBT if polish else 0.0) if arguments.doubt is None else arguments.doubt
    if str(arguments.model) == REFERENCE:
        return Localiser.reference(estimator=proposer, polish=polish, doubt=doubt, fit=polish > 0, field=field)
    warn_of_symbols(trained, file.observation.symbols)
    return Localiser(trained.net, proposer, polish, doubt, fit=polish > 0, field=field)


def proposer_of(arguments: argparse.Namespace, region: SearchRegion) -> Explaining | Proposer:
    """What `--proposals` and `--beta` name.

    Raises:
        ConfigurationError: `--beta` beside proposals that need no covariance.
        InputError: β outside [0, 1].
    """
    name, beta = arguments.proposals or "explaining", arguments.beta
    if beta is not None and name not in ("music", "mvdr"):
        raise ConfigurationError(
            "--beta beside --proposals music or mvdr", f"--beta {beta:g} beside {name}",
            "R_blend is what a spectrum is taken of", "add --proposals music, or leave --beta out",
        )  # fmt: skip
    return proposer(name, 0.0 if beta is None else beta, region)


def refuse_beside_model(arguments: argparse.Namespace) -> None:
    """Refuse options that a trained network leaves nothing to.

    Raises:
        ConfigurationError: an estimator by name, or a field of view, which the network brings along.
    """
    given = vars(arguments)
    fields = [f"--{name.removeprefix('scenario.').replace('_', '-')}" for name in given if name.startswith("scenario.")]
    base = [f"--{name}" for name in ("estimator", "preset", "config") if given.get(name) is not None]
    if fields or base:
        raise ConfigurationError(
            "--model alone", f"--model and {', '.join(base + fields)}",
            "a network brings its own field of view and estimator", f"leave {(base + fields)[0]} out",
        )  # fmt: skip
