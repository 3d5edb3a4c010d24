"""What the command line says: one parser for every command, built without torch."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from .. import __version__
from ..errors import ConfigurationError
from ..experiment import Experiment, parse_toml_value, resolve
from ..experiment.strict import nearest
from ..experiment.toml import configuration_from_toml
from ..physics.scenes.scenario_presets import PRESETS
from .options.bench_options import add_bench
from .options.choosing_estimator import add_estimator
from .options.data_options import add_calibrate, add_import
from .options.examples import epilog_of
from .options.executing import add_cluster, add_folder
from .options.report_options import add_report
from .options.scenes.array_option import array_of_option
from .options.scenes.hardware_options import OF_METHODS, add_hardware
from .options.scenes.scenario_options import add_scenario_options
from .options.search_options import add_search
from .options.serve_options import add_serve
from .options.training_options import add_demo, add_doctor, add_overfit, add_train

COMMANDS = {
    "simulate": "draw scenes and write them to a scene file, or to shards for training",
    "import": "other people's files (.mat, .npz, .csv, HDF5, Touchstone, SigMF) as a scene file",
    "calibrate": "what gains the hardware really has, from known positions or blindly",
    "locate": "locate the sources of a scene file, simulated or measured",
    "serve": "answer measurements with sources over HTTP, for many clients at a time",
    "check": "which convention (conjugates, order, units) explains the measurements of a scene file?",
    "bound": "the Cramér-Rao bound of drawn scenes",
    "bench": "compare estimators over numbers of sources and SNRs, beside the bound",
    "doctor": "will a training run learn? check one batch, rates, loss and data before the first update",
    "train": "train the hybrid network on simulated scenes",
    "evaluate": "compare a trained network with classical estimators and the bound on unseen scenes",
    "search": "search architecture, rates, losses and phases by GOSPA over the bound; many short trials, the best long",
    "overfit": "can the network learn some scenes by heart? go or no-go, with the reasons",
    "diagnose": "say what a training run's ledger, or a plain-text training log, shows",
    "report": "a page, tables and figures of trainings, benchmarks and searches, from what they kept",
    "demo": "train a small network, locate unseen scenes with it, compare, write a report",
}


class Parser(argparse.ArgumentParser):
    """An argument parser that raises what it cannot read."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(
            f"a command line as `{self.prog} --help` describes it", message, "a missing or misplaced value",
            f"run `{self.prog} --help`",
        )  # fmt: skip


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read a command line.

    Args:
        argv: the arguments after the program's name.

    Returns:
        The command's name as `command`, and its options.

    Raises:
        ConfigurationError: an unknown command or option (the nearest known one is suggested), or a missing value.
    """
    program, commands = build()
    arguments, unknown = program.parse_known_args(_join_negative(argv))
    if unknown:
        known = commands[arguments.command].format_help().split()
        options = sorted({word.strip("[],") for word in known if word.strip("[],").startswith("--")})
        name = next((word for word in unknown if word.startswith("-")), unknown[0]).split("=")[0]
        raise ConfigurationError(
            f"options of `ris {arguments.command}`", name, "a misspelt option, or a value too many",
            nearest(name, options),
        )  # fmt: skip
    return arguments


def build() -> tuple[Parser, dict[str, Parser]]:
    """The parser of `ris`, and those of its commands by name."""
    program = Parser(
        prog="ris",
        description="Near-field localisation of radio sources through a reconfigurable intelligent surface.",
        epilog="A span is a number or [low, high]: --snr-db 10, --azimuth-deg '[-30, 30]'. "
        "Exit codes: 0; 1 no-go, unhealthy, or a part that failed; 2 bad input; 3 nothing judged (diagnose); 74 no "
        "output; 129, 143 SIGHUP, SIGTERM; 130 interrupted; 141 closed pipe. docs/cli.md has more.",
        allow_abbrev=False,
    )
    program.add_argument("--version", action="version", version=f"ris {__version__}")
    choose = program.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    commands = {
        name: choose.add_parser(name, help=text, description=text, epilog=epilog_of(name), allow_abbrev=False)
        for name, text in COMMANDS.items()
    }
    _simulate(commands["simulate"])
    add_import(commands["import"])
    _calibrate(commands["calibrate"])
    _locate(commands["locate"])
    add_serve(commands["serve"])
    _add_view(commands["serve"])
    _check(commands["check"])
    _bound(commands["bound"])
    _bench(commands["bench"])
    add_doctor(commands["doctor"])
    add_train(commands["train"])
    _evaluate(commands["evaluate"])
    add_search(commands["search"])
    add_overfit(commands["overfit"])
    commands["diagnose"].add_argument("path", type=Path, metavar="PATH", help="run folder, ledger or text log")
    commands["diagnose"].add_argument("--json", action="store_true", help="print JSON")
    add_report(commands["report"])
    add_demo(commands["demo"])
    for parser in commands.values():
        parser.add_argument("--threads", type=int, default=1, metavar="N", help="CPU threads; more pay if idle (1)")
        parser.add_argument(
            "--extend", type=Path, action="append", default=[], metavar="FILE.py",
            help="run a Python file that adds codebooks, channels, estimators or presets of one's own; may be repeated",
        )  # fmt: skip
    return program, commands


def _simulate(parser: Parser) -> None:
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT.safetensors", help="scene file to write")
    parser.add_argument("--force", action="store_true", help="write over an existing file")
    parser.add_argument("--double", action="store_true", help="keep complex128 in place of complex64")
    add_hardware(parser, untold="the file keeps nominal codes and channel, and is located with --calibration FILE")
    group = parser.add_argument_group("shards, for training; the same command again goes on after an interruption")
    group.add_argument("--shards", type=Path, metavar="DIR", help="folder of shards to write in place of one file")
    group.add_argument(
        "--split", nargs="+", action="extend", metavar="NAME=N", help="scenes of train, val, test: train=4096 val=512"
    )
    group.add_argument("--batch", type=int, metavar="N", help="scenes per random stream; the batch of training (32)")
    group.add_argument("--per-shard", type=int, metavar="N", help="scenes per shard (as many as fit in 64 MB)")
    add_cluster(group)
    _add_experiment(parser)


def _locate(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="scene file, or a folder of them with --out")
    add_estimator(parser)
    parser.add_argument("--sources", default="auto", metavar="K|auto", help="sources in each scene (auto: estimated)")
    parser.add_argument("--scene", default="0", metavar="I|all", help="which scene (0)")
    parser.add_argument("--calibration", type=Path, metavar="FILE", help="gains that `ris calibrate` found")
    parser.add_argument("--plot", type=Path, metavar="OUT.png", help="draw the first of the scenes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_folder(parser)
    _add_view(parser)


def _calibrate(parser: Parser) -> None:
    add_calibrate(parser)
    _add_view(parser)


def _add_view(parser: Parser) -> None:
    group = parser.add_argument_group("field of view; a single number fixes elevation or distance (the file's own)")
    _add_base(group)
    add_scenario_options(group, only=("azimuth_deg", "elevation_deg", "distance"))


def _check(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="scene file")
    parser.add_argument("--scenes", type=int, default=8, metavar="N", help="scenes to try, from the first on (8)")
    parser.add_argument("--sources", default="auto", metavar="K|auto", help="sources in each scene (auto: estimated)")
    parser.add_argument("--calibration", type=Path, metavar="FILE", help="gains that `ris calibrate` found")
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_view(parser)


def _bound(parser: Parser) -> None:
    add_hardware(parser, untold=None)
    _add_experiment(parser)


def _bench(parser: Parser) -> None:
    add_bench(parser)
    _add_experiment(parser, skip=("sources", "snr_db"))


def _evaluate(parser: Parser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="checkpoint, or the folder of a training run")
    parser.add_argument(
        "--methods", metavar="A,B", default=argparse.SUPPRESS,
        help="out of hybrid, hybrid-search, hybrid-raw, music-pred, mvdr-pred, genie and the names of `ris bench` "
        "(the five, sml or pilot, bp-music, genie)",
    )  # fmt: skip
    parser.add_argument(
        "--sources", metavar="K,K", default=argparse.SUPPRESS, help="one cell each; '[1,3]' mixes (as trained)"
    )
    parser.add_argument(
        "--snr-db", metavar="DB,DB", default=argparse.SUPPRESS, help="one cell each; '[5,20]' mixes (as trained)"
    )
    parser.add_argument(
        "--order", choices=("known", "estimated"), default="known", help="whether methods are told K (known)"
    )
    parser.add_argument("--polish", type=int, default=10, metavar="N", help="likelihood updates of `hybrid` (10)")
    parser.add_argument("--figure", type=Path, metavar="OUT.png", help="draw RMSE against SNR with the bound")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--seed", metavar="N", default=argparse.SUPPRESS, help="of every random stream (0)")
    parser.add_argument("--scenes", metavar="N", default=argparse.SUPPRESS, help="scenes of each cell (200)")
    parser.add_argument("--shards", type=Path, metavar="DIR", help="take the split `test` of `ris simulate --shards`")
    add_hardware(parser, untold=OF_METHODS)
    group = parser.add_argument_group("scenes; as in training unless a preset, a file or a field says otherwise")
    _add_base(group)
    add_scenario_options(group, skip=("sources", "snr_db"))


def _add_base(group: Any) -> None:  # noqa: ANN401
    group.add_argument(
        "--preset",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help=f"scenario to start from: {', '.join(PRESETS)}, or one of one's own (random)",
    )
    group.add_argument("--config", type=Path, metavar="FILE.toml", help="configuration laid over the preset")


def _add_experiment(parser: Parser, skip: tuple[str, ...] = ()) -> None:
    """Options of every command that draws scenes."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--print-config", action="store_true", help="print the resolved configuration as TOML and stop")
    group = parser.add_argument_group("experiment; options win over the file, the file over the preset")
    _add_base(group)
    group.add_argument("--seed", metavar="N", default=argparse.SUPPRESS, help="of every random stream (0)")
    group.add_argument(
        "--scenes", metavar="N", default=argparse.SUPPRESS, help="scenes to draw, per cell in bench (200)"
    )
    add_scenario_options(parser.add_argument_group("scenario, and its value in the preset random"), skip=skip)


def experiment_of(arguments: argparse.Namespace) -> Experiment:
    """The experiment that a command line describes: preset, then configuration file, then options.

    Raises:
        ConfigurationError: an unknown preset or key, or a value that does not fit.
    """
    given = vars(arguments)
    layers = [configuration_from_toml(given["config"])] if given.get("config") is not None else []
    return resolve({}, *layers, overrides_of(arguments))


def overrides_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the options say, as keys of a configuration."""
    given, result = vars(arguments), {}
    for name in ("seed", "scenes"):
        if name in given:
            result[name] = parse_toml_value(given[name])
    if "preset" in given:
        result["preset"] = given["preset"]
    scenario = {k.removeprefix("scenario."): parse_toml_value(v) for k, v in given.items() if k.startswith("scenario.")}
    if "array" in scenario:
        scenario["array"] = array_of_option(given["scenario.array"], scenario)
    return result | ({"scenario": _nested(scenario)} if scenario else {})


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """{"a.b": 1} as {"a": {"b": 1}}."""
    result: dict[str, Any] = {}
    for name, value in flat.items():
        *tables, key = name.split(".")
        inside = result
        for table in tables:
            inside = inside.setdefault(table, {})
        inside[key] = value
    return result


def _join_negative(argv: Sequence[str]) -> list[str]:
    """`--snr-db -5,0` as `--snr-db=-5,0`: argparse takes a word like -5,0 for an option."""
    joined: list[str] = []
    for word in argv:
        negative = len(word) > 1 and word[0] == "-" and (word[1].isdigit() or word[1] == ".")
        if negative and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined
