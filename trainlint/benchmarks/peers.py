"""What do the peers from the registry say of the same programs? Skipped where they are not installed.

python -m venv peers && peers/bin/pip install . torch-audit torch-preflight trainproof
peers/bin/python benchmarks/peers.py

torch-audit (at run time, patched in by its own `autopatch` as soon as the model and its optimiser are known) runs over
the strangers' sound programs and mutants; torch-preflight (source) over the scripts.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import forked
from torch import Tensor, nn
from torch.optim import Optimizer

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

    on_scaler = on_loader = on_scheduler

    def on_value(self, name: str, value: Tensor) -> None:
        """It is not asked for."""


def audited(path: Path) -> tuple[int, dict[str, Any]]:
    """A program under torch-audit, in a fork."""
    audit = Audit()
    discovery = Discovery(audit)  # pyright: ignore[reportArgumentType]
    discovery.start()
    ending = run_script(str(path), [])
    discovery.stop()
    found = []
    for auditor in audit.auditors.values():
        for each in auditor.finish(report=False).findings:
            severity = str(each.severity).rpartition(".")[2].lower()
            found.append({"code": each.rule_id, "severity": "note" if severity == "info" else severity})
    return ending.code, {"verdict": {"findings": found}, "weights": ""}


def at_run_time(limit: int) -> None:
    """A table: alarms on sound programs, mutants named."""
    with tempfile.TemporaryDirectory() as folder:
        maker = STRANGERS / "mutants" / "make_mutants.py"
        subprocess.run([sys.executable, maker, "--out", folder], check=True, stdout=subprocess.DEVNULL)
        mutants = sorted(Path(folder).glob("*__*.py"))[:: max(1, limit)]
        sound = sorted((STRANGERS / "sound").glob("*.py"))[:: max(1, limit)]
        peers: dict[str, Callable[[Path], forked.Told]] = {"trainlint run": forked.run}
        if importlib.util.find_spec("torch_audit"):
            peers["torch-audit"] = lambda path: forked.run(path, program=audited)
        print("| | sound programs with an alarm | programs that it broke | mutants named |\n|---|---|---|---|")
        for name, run in peers.items():
            of_sound, of_mutants = [run(path) for path in sound], [run(path) for path in mutants]
            alarms, named = sum(bool(t.codes) for t in of_sound), sum(bool(t.codes) for t in of_mutants)
            broke = sum(t.code != 0 for t in of_sound)
            print(f"| {name} | {alarms} of {len(sound)} | {broke} | {named} of {len(mutants)} |")


def in_the_source() -> None:
    """A table: broken scripts named, sound ones with an alarm."""
    print("\n| | broken scripts with a finding | sound scripts with one |\n|---|---|---|")
    for name, files in {"trainlint check": _ours, "torch-preflight check": _preflight}.items():
        found = {kind: files(SCRIPTS / kind) for kind in ("broken", "sound")}
        if None not in found.values():
            sizes = {kind: len(list((SCRIPTS / kind).glob("*.py"))) for kind in found}
            print(f"| {name} | {len(found['broken'] or ())} of {sizes['broken']} |", end="")
            print(f" {len(found['sound'] or ())} of {sizes['sound']} |")


def _ours(folder: Path) -> set[str] | None:
    command = [sys.executable, "-m", "trainlint", "check", str(folder), "--output", "json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return {Path(each["path"]).name for each in told["findings"] if each["severity"] != "note"}


def _preflight(folder: Path) -> set[str] | None:
    program = Path(sys.executable).with_name("torch-preflight")
    if not program.is_file():
        return None
    command = [str(program), "check", "-f", "json", "-j", "1", str(folder)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return {Path(each["path"]).name for each in told["diagnostics"] if each["severity"] != "note"}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take each n-th program only")
    arguments = parser.parse_args()
    in_the_source()
    print()
    at_run_time(arguments.every)


if __name__ == "__main__":
    main()
