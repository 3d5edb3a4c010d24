"""What does a GPU do with this package? Its tests there, scenes a second by batch size against its limits, a training.

    python benchmarks/gpu.py tests --out kept
    python benchmarks/gpu.py speed --out kept
    python benchmarks/gpu.py train kept/run --preset reference --minutes 7
    python benchmarks/gpu.py train kept/robust --errors hard positions codes

`tests` runs what is skipped without CUDA. `speed` prints a table: scenes a second of drawing, a training step, the
network with its polish, and the search, and which part of the card's own float32 products and copies that is. `train`
measures how long an update takes and plans as many epochs as fit into the minutes; the run's folder is what
`ris train` writes, and `ris train --resume` goes on with it.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from panel_errors import ERRORS
from torch.utils.flop_counter import FlopCounterMode

from ris_pytorch_pipeline.data import Inputs, Labels, SceneSource
from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.experiment import TrainingExperiment, training_preset
from ris_pytorch_pipeline.files import stopping
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.losses import HybridLoss
from ris_pytorch_pipeline.nets import HybridNet
from ris_pytorch_pipeline.physics import Impairments, Scenario, draw, preset
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import Reporter, Trainer

ROOT = Path(__file__).parents[1]
TESTS = (
    "tests/estimate/test_on_cuda.py",
    "tests/train/test_devices.py",
    "trainlint/tests/during/test_watch_on_cuda.py",
)
PLAN = {"batch": "batch", "scenes": "n_train", "validate": "n_val"}
NET = ("width", "blocks", "passes", "rank")
MOST_SECONDS = 3.0
"""Of one measurement."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the card itself does: floating-point operations a second in float32 products, bytes a second in copies."""

    products: float
    copies: float


def settled(device: str) -> None:
    """Wait until the device has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], device: str, most: float = MOST_SECONDS) -> float:
    """Median time of a call after two that are not counted."""
    times: list[float] = []
    begun = time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - begun < most and len(times) < 30):
        settled(device)
        start = time.perf_counter()
        work()
        settled(device)
        times.append(time.perf_counter() - start)
    return sorted(times[2:])[len(times[2:]) // 2]


def limits(device: str) -> Limits:
    """Measured on a product of 8192 x 8192 (1024 on a CPU) random numbers, and on a copy of half a gigabyte."""
    size = 8192 if device == "cuda" else 1024
    a, b = (torch.randn(size, size, device=device) for _ in range(2))
    one = torch.randn(2**27, device=device)
    other = torch.empty_like(one)
    return Limits(
        products=2 * size**3 / seconds(lambda: a @ b, device, 1.0),
        copies=2 * one.numel() * 4 / seconds(lambda: other.copy_(one), device, 1.0),
    )


def batch_of(experiment: TrainingExperiment, size: int, kind: int, device: str) -> tuple[Inputs, Labels]:
    """A training batch on the device."""
    source = SceneSource(
        scenario=experiment.scenario, split="test", seed=0, scenes=2 * size, batch=size, kinds=experiment.kinds
    )
    inputs, labels = source[kind]
    return inputs.to(device), labels.to(device)


def training_step(experiment: TrainingExperiment, inputs: Inputs, labels: Labels, device: str) -> Callable[[], object]:
    """Forward, loss, backward and update, as the Trainer does them, without its bookkeeping."""
    net, loss = HybridNet(experiment.net).to(device), HybridLoss(experiment.loss)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        loss(net(inputs), inputs, labels).total.backward()
        optimizer.step()

    return step


def operations(work: Callable[[], object]) -> int:
    """Floating-point operations of the products and convolutions in a call; one of complex numbers counts as real."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def moved_bytes(inputs: Inputs) -> int:
    """Bytes of a batch, read once: less cannot be moved."""
    tensors = [*vars(inputs).values(), *vars(inputs.observation).values()]
    return sum(x.numel() * x.element_size() for x in tensors if isinstance(x, torch.Tensor))


def speed(out: Path, sizes: list[int], device: str) -> None:
    """Print the table, and keep it as JSON."""
    torch.backends.cuda.matmul.allow_tf32 = False
    experiment, card = training_preset("reference"), limits(device)
    print(f"{card.products / 1e12:.1f} TFLOP/s in float32 products, {card.copies / 1e12:.2f} TB/s in copies")
    rows = []
    for size in sizes:
        for kind, name in enumerate(experiment.kinds):
            rows.append(row(experiment, size, kind, name, device, card))
            print(json.dumps(rows[-1]), flush=True)
    out.mkdir(parents=True, exist_ok=True)
    kept = {"card": vars(card), "device": device_name(device), "torch": torch.__version__, "rows": rows}
    (out / "speed.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")


def row(experiment: TrainingExperiment, size: int, kind: int, name: str, device: str, card: Limits) -> dict:
    """Scenes a second of everything at one batch size, K = 3 at 10 dB where sources are located."""
    inputs, labels = batch_of(experiment, size, kind, device)
    step = training_step(experiment, inputs, labels, device)
    drawn = replace(experiment.scenario, symbols=name)
    scenario = preset(name, sources=3, snr_db=10.0, distance_law="inverse")
    observation = draw(scenario, size, stream(0, "gpu"), torch.complex64).observation.to(device)
    network, search = Localiser.reference(batch=size), Sml(fit=False) if name == "random" else PilotMl(fit=False)
    network.net.to(device)
    train = seconds(step, device)
    work = {
        "draw": lambda: draw(drawn, size, stream(0, "gpu", 1, device), torch.complex64),
        "predict": lambda: network.predict(observation),
        "locate": lambda: network(observation, 3),
        "search": lambda: search(observation, 3),
    }
    rates = {what: round(size / seconds(call, device), 1) for what, call in work.items()}
    return {
        "symbols": name, "batch": size, "train": round(size / train, 1), **rates,
        "of_products": round(operations(step) / train / card.products, 5),
        "of_copies": round(moved_bytes(inputs) / train / card.copies, 5),
    }  # fmt: skip


def device_name(device: str) -> str:
    """Of the card, or the number of threads."""
    return torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} CPU thread(s)"


def planned(experiment: TrainingExperiment, minutes: float) -> TrainingExperiment:
    """The experiment with as many epochs as fit into the minutes, from the time of its updates; half a minute of it.

    The first updates, in which CUDA is set up, are not counted.
    """
    plan = experiment.plan
    trial = replace(experiment, plan=replace(plan, epochs=1, n_train=plan.batch * 40, n_val=plan.batch))
    ends: list[float] = []

    def heard(event: str, values: Mapping[str, Any]) -> None:
        if event == "update":
            ends.append(time.perf_counter())

    Trainer(trial, reporter=Reporter(quiet=True), listeners=[heard]).fit()
    each = (ends[-1] - ends[9]) / (len(ends) - 10)
    updates = 0.92 * minutes * 60 / each
    epochs = max(1, int(updates // (plan.n_train // plan.batch)))
    print(f"{each * 1e3:.0f} ms an update, {plan.batch / each:.0f} scenes/s: {epochs} epochs in {minutes:g} minutes")
    return replace(experiment, plan=replace(plan, epochs=epochs))


def train(arguments: argparse.Namespace) -> None:
    """Train for some minutes; Ctrl-C and SIGTERM leave a checkpoint."""
    experiment = training_preset(arguments.preset)
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    plan = replace(experiment.plan, draw="device", **{PLAN[name]: given[name] for name in PLAN if name in given})
    experiment = replace(
        experiment, plan=plan, device=arguments.device,
        scenario=with_errors(experiment.scenario, arguments.errors) if arguments.errors else experiment.scenario,
        net=replace(experiment.net, **{name: given[name] for name in NET if name in given}),
        optimisation=replace(experiment.optimisation, rate=given.get("rate", experiment.optimisation.rate)),
    )  # fmt: skip
    experiment = planned(experiment, arguments.minutes)
    with stopping() as stop:
        Trainer(experiment, directory=arguments.run, reporter=Reporter(log_every=200), stop=stop).fit()


def with_errors(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """The same with errors by their names, together, and the powers and SNR of the preset `hard`.

    Codes are continuous where the bits that the panel shows are unmodelled.
    """
    hard, hidden, usual = preset("hard"), Impairments(), vars(Impairments())
    for name in names:
        changed = {field: value for field, value in vars(ERRORS[name]).items() if value != usual[field]}
        hidden = replace(hidden, **changed)
    told = scenario.code_bits if hidden.unmodelled_code_bits is None else None
    return replace(scenario, impairments=hidden, code_bits=told, power_db=hard.power_db, snr_db=hard.snr_db)


def tests(out: Path) -> int:
    """Run the tests that need CUDA, and keep what they said."""
    out.mkdir(parents=True, exist_ok=True)
    code = 0
    for file in TESTS:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file], cwd=ROOT, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        (out / f"{Path(file).stem}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
        print(file, done.stdout.strip().splitlines()[-1:], flush=True)
        code = max(code, done.returncode)
    return code


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    tested, timed, trained = (commands.add_parser(name) for name in ("tests", "speed", "train"))
    for one in (timed, trained):
        one.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    for one in (tested, timed):
        one.add_argument("--out", type=Path, default=Path("runs/gpu"))
    timed.add_argument("--sizes", type=int, nargs="+", default=[1, 32, 256, 2048])
    trained.add_argument("run", type=Path)
    trained.add_argument("--preset", default="reference")
    trained.add_argument("--minutes", type=float, default=7.0)
    trained.add_argument("--rate", type=float)
    told = "errors of the hardware, by the names of docs/decisions/robust.md: hard positions codes, together"
    trained.add_argument("--errors", nargs="+", default=[], choices=list(ERRORS), help=told)
    trained.add_argument(
        "--hard", dest="errors", action="store_const", const=["hard"], help="the same as --errors hard"
    )
    for name in (*PLAN, *NET):
        trained.add_argument(f"--{name}", type=int)
    arguments = parser.parse_args()
    if arguments.command == "tests":
        return tests(arguments.out)
    if arguments.command == "speed":
        speed(arguments.out, arguments.sizes, arguments.device)
    else:
        train(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
