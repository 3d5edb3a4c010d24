"""What do the peers from the registry say of the same programs? Skipped where they are not installed.

python -m venv peers && peers/bin/pip install . torch-audit torch-preflight trainproof
peers/bin/python benchmarks/peers.py [--every N] [--jobs N] [--results FOLDER]

torch-audit (at run time, patched in by its own `autopatch` as soon as the model and its optimiser are known) runs over
the strangers' sound programs and mutants; torch-preflight (source) over the scripts; trainproof over the logs of the
tests. Results stay in a folder, benchmarks/results unless another is named, from which evidence.py writes its tables.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import kept
import strangers_mutants
from torch import Tensor, nn
from torch.optim import Optimizer

from trainlint import State, diagnose_path
from trainlint.during.unedited.discovery import Discovery
from trainlint.during.unedited.script import run_script

HERE = Path(__file__).parent
SCRIPTS, STRANGERS = HERE / "scripts", HERE / "strangers"


class Audit:
    """Puts torch-audit on each optimiser and the model whose parameters it holds, at the first backward pass."""

    def __init__(self) -> None:
        self.optimizers: list[Optimizer] = []
        self.roots: list[nn.Module] = []
        self.auditors: dict[int, Any] = {}

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Remember it."""
        self.optimizers.append(optimizer)

    def on_root(self, module: nn.Module, name: str) -> None:
        """Remember it."""
        self.roots.append(module)

    def on_backward(self, loss: Tensor, name: str) -> None:
        """Patch torch-audit into whatever is known by now."""
        from torch_audit import autopatch  # pyright: ignore[reportMissingImports]

        for optimizer in self.optimizers:
            held = {id(p) for group in optimizer.param_groups for p in group["params"]}
            model = next((root for root in self.roots if any(id(p) in held for p in root.parameters())), None)
            if model is not None and id(optimizer) not in self.auditors:
                self.auditors[id(optimizer)] = autopatch(
                    model, optimizer=optimizer, every_n_steps=1, reporters=[], run_static=True, run_init=True
                )

    def on_scheduler(self, scheduler: object) -> None:
        """It is not asked for."""

    def on_scaler(self, scaler: object) -> None:
        """It is not asked for."""

    def on_loader(self, loader: object) -> None:
        """It is not asked for."""

    def on_value(self, name: str, value: Tensor, target: object) -> None:
        """It is not asked for."""


def audited(path: Path) -> tuple[int, dict[str, Any]]:
    """A program under torch-audit, in a fork."""
    audit = Audit()
    discovery = Discovery(audit)
    discovery.start()
    ending = run_script(str(path), [])
    discovery.stop()
    found = []
    for auditor in audit.auditors.values():
        for each in auditor.finish(report=False).findings:
            severity = str(each.severity).rpartition(".")[2].lower()
            found.append({"code": each.rule_id, "severity": "note" if severity == "info" else severity})
    return ending.code, {"verdict": {"findings": found}, "weights": ""}


def at_run_time(plan: kept.Plan, every: int) -> None:
    """Run torch-audit over each n-th mutant and sound program, and over all parents of the mutants.

    Args:
        plan: how many at once, and where rows stay.
        every: n.
    """
    if importlib.util.find_spec("torch_audit") is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = strangers_mutants.make(folder)
        parents = {row["name"].split("__")[0] for row in rows}
        sound = sorted((STRANGERS / "sound").glob("*.py"))
        chosen = [path for i, path in enumerate(sound) if i % every == 0 or path.stem in parents]
        mutants = [Path(folder) / f"{row['name']}.py" for row in rows[::every]]
        for name, programs in (("sound", chosen), ("mutants", mutants)):
            plan.collect(f"torch_audit_{name}", programs, audited)


def in_the_source(folder: Path) -> None:
    """What torch-preflight and trainlint check say of broken and sound scripts.

    Args:
        folder: of the results.
    """
    for name, check in {"trainlint_check": _ours, "torch_preflight": _preflight}.items():
        for kind in ("broken", "sound"):
            told = check(SCRIPTS / kind)
            if told is not None:
                _keep(folder, f"{name}_{kind}", {p.name: p.name in told for p in sorted((SCRIPTS / kind).glob("*.py"))})


def _ours(folder: Path) -> set[str] | None:
    command = [sys.executable, "-m", "trainlint", "check", str(folder), "--output", "json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return {Path(each["path"]).name for each in told["findings"] if each["severity"] != "note"}


def _preflight(folder: Path) -> set[str] | None:
    if importlib.util.find_spec("torch_preflight") is None:
        return None
    command = [sys.executable, "-m", "torch_preflight", "check", "-f", "json", "-j", "1", str(folder)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return {Path(each["path"]).name for each in told["diagnostics"] if each["severity"] != "note"}


def _keep(folder: Path, name: str, told: dict[str, Any]) -> None:
    kept.write(folder, name, {key: {"said": value} for key, value in told.items()}, "w")


def of_logs(results: Path) -> None:
    """What trainproof and trainlint say of the logs of the tests: each is `alarm`, `clean` or `not judged`.

    Args:
        results: folder.
    """
    for kind, logs in _logs().items():
        for name, judge in {"trainlint_log": _our_log, "trainproof": _trainproof}.items():
            told = {}
            for title, suffix, text in logs:
                with tempfile.TemporaryDirectory() as folder:
                    path = Path(folder) / f"{title}{suffix}"
                    path.write_text(text, encoding="utf-8")
                    told[title] = judge(path)
            if None not in told.values():
                _keep(results, f"{name}_{kind}", told)


def _logs() -> dict[str, list[tuple[str, str, str]]]:
    sys.path.insert(0, str(HERE.parent / "tests"))
    from after import foreign_broken, foreign_second, foreign_sound_more, foreign_third

    judged = {log: ends for log, (state, _) in foreign_broken.BROKEN.items() if state != "not judged"
              for ends in [foreign_broken.BROKEN_SUFFIXES.get(log.__name__, ".log")]}  # fmt: skip
    broken = [(log.__name__, ends, log()) for log, ends in judged.items()]
    broken += [(name, ".log", log()) for name, log, *_ in foreign_second.SECOND_BROKEN]
    broken += [(log.__name__, ".log", log()) for log, *_ in foreign_third.THIRD_BROKEN]
    first = [(log, foreign_sound_more.SUFFIXES.get(log.__name__, ".log")) for log in foreign_sound_more.SOUND]
    more = [(log, ".log") for log in (*foreign_second.SECOND_SOUND, *foreign_third.THIRD_SOUND)]
    return {"broken": broken, "sound": [(log.__name__, ends, log()) for log, ends in (*first, *more)]}


def _our_log(path: Path) -> str:
    verdict = diagnose_path(path)
    return "clean" if verdict.healthy else "not judged" if verdict.state is State.NOT_JUDGED else "alarm"


def _trainproof(path: Path) -> str | None:
    if importlib.util.find_spec("trainproof") is None:
        return None
    command = [sys.executable, "-m", "trainproof", "doctor", str(path), "--json"]
    out = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads(out.stdout)
    if not told["not_judged"]["judged"]:
        return "not judged"
    return "clean" if told["worst_verdict"] == "PASS" else "alarm"


def main() -> None:
    """Run what is installed, and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take each n-th program at run time only")
    kept.Plan.options(parser, kept.RESULTS)
    arguments = parser.parse_args()
    in_the_source(arguments.results)
    of_logs(arguments.results)
    plan = kept.Plan.of(arguments)
    at_run_time(plan, arguments.every)


if __name__ == "__main__":
    main()
