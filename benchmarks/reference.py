"""How the network of the package is made from a training run: its file, and the card that says what it is.

    ris train runs/reference --preset reference
    python benchmarks/hybrid.py --scenes 200 > table.md
    python benchmarks/reference.py runs/reference --table table.md --commit HASH

The table comes from the network that is in the package when it is made: make the file first, then the table, then the
card.
"""

import argparse
import json
from pathlib import Path

from ris_pytorch_pipeline.localise import REFERENCE_FILE
from ris_pytorch_pipeline.train import Trained, load_network, read_ledger, release_network

CARD = """# The reference network

Proposes sources for `Localiser.reference()` and `ris locate --model reference`. Weights: `reference.safetensors`,
{parameters} parameters, {kilobytes} kB.

- **Made for** the presets `random` and `pilot`: a {panel} panel at {wavelength:g} m, {antennas} antennas,
  {snapshots} snapshots, K {sources[0]} to {sources[1]}, {snr[0]:g} to {snr[1]:g} dB. Other scenes are refused.
- **Data**: simulated, symbols {kinds} in turns, distance uniform in its inverse; seed {seed}, streams
  `scenes/train` and `scenes/validation`. None of the scenes of a table below is among them.
- **Budget**: {updates} updates on {samples} scenes in {epochs} epochs; the weights are the {weights} average of the
  best epoch by validation loss ({best:.4f}).
- **Made by** `ris train runs/reference --preset reference` on {hardware}, then
  `benchmarks/reference.py`; the code of the training is that of commit {commit}.
  Run {identity[run]}, package {identity[package]}, torch {identity[torch]}, Python {identity[python]},
  code {identity[code]}, configuration {identity[configuration]}.

## What it does

{table}

Success: every source within 3°, K known, n scenes a cell with Wilson's 95 % interval; see `docs/hybrid.md` for the
columns. Errors are over the Cramér-Rao bound, in scenes that succeed. All three work without the fit, which takes as
long again.

## What it does not do

Below 5 dB and for K = 5 fewer scenes succeed than could: `doubt` sends such scenes to the search. It knows no hardware
errors, two sources closer than 0.125 in (u, w) were never in its training, and powers of the sources were equal at the
receiver.
"""


def card(trained: Trained, run: Path, table: str, commit: str, hardware: str) -> str:
    """The text of the card."""
    header, experiment = trained.header, trained.experiment
    scenario, progress = experiment.scenario, header.progress
    events = read_ledger(run / "ledger.jsonl")
    best = min(event["val"] for event in events if event.get("event") == "epoch")
    return CARD.format(
        parameters=sum(p.numel() for p in trained.net.parameters()),
        kilobytes=round(REFERENCE_FILE.stat().st_size / 1000),
        panel=f"{scenario.horizontal} x {scenario.vertical}", wavelength=scenario.wavelength,
        antennas=scenario.antennas, snapshots=scenario.snapshots, sources=scenario.sources, snr=scenario.snr_db,
        kinds=" and ".join(experiment.kinds), seed=experiment.seed, updates=progress["updates"],
        samples=progress["samples"], epochs=progress["epoch"], weights=header.weights.upper(), best=best,
        hardware=hardware, identity=header.identity, table=table, commit=commit,
    )  # fmt: skip


def main() -> None:
    """Write the file and the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of the training run")
    parser.add_argument("--table", type=Path, help="what benchmarks/hybrid.py printed")
    parser.add_argument("--commit", default="not stated", help="that the training ran from")
    parser.add_argument("--hardware", default="hardware that is not stated", help="that the training ran on")
    arguments = parser.parse_args()
    best = arguments.run / "best.safetensors"
    release_network(best, REFERENCE_FILE)
    table = "Not measured yet." if arguments.table is None else arguments.table.read_text(encoding="utf-8").strip()
    REFERENCE_FILE.with_suffix(".md").write_text(
        card(load_network(best), arguments.run, table, arguments.commit, arguments.hardware), encoding="utf-8"
    )
    print(json.dumps({"file": str(REFERENCE_FILE), "bytes": REFERENCE_FILE.stat().st_size}))


if __name__ == "__main__":
    main()
