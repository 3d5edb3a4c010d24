"""Does any changed file make a reader fail with a foreign exception, hang, or take memory? Counted, reader by reader.

Run: python benchmarks/fuzz_readers.py --inputs 10000 [--reader scene] [--seed 0]

Each input is a good file with random changes of its bytes (flips, cuts, insertions, repetitions, interesting numbers)
or of its JSON (values replaced by hostile ones, keys lost and doubled); half of the changed documents are sealed anew,
so that what lies behind the digest is reached too.
"""

import argparse
import json
import random
import resource
import signal
import struct
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from trainlint.errors import ExplainedError

from ris_pytorch_pipeline.calibrate import Calibration, load_calibration, save_calibration
from ris_pytorch_pipeline.data import ShardPlan, load_scenes, open_shards, save_scenes, simulate, write_shards
from ris_pytorch_pipeline.errors import RisError
from ris_pytorch_pipeline.experiment import experiment_from_toml, plain, training_from_toml
from ris_pytorch_pipeline.files.seal import SEAL, blank, sealed
from ris_pytorch_pipeline.physics import Scenario
from ris_pytorch_pipeline.train import Trainer, load_network, read_checkpoint, read_ledger
from ris_pytorch_pipeline.train.files.sums import CHECKSUM, summed

SCENARIO = Scenario(horizontal=4, vertical=4, antennas=4, snapshots=4, sources=(1, 2), separation=0.4)
TOML = (
    'preset = "tiny"\nseed = 3\n[scenario]\nhorizontal = 4\nvertical = 4\nantennas = 4\nsnapshots = 4\n'
    "sources = [1, 2]\n[net]\nwidth = 8\nblocks = 1\n[plan]\nepochs = 1\nn_train = 8\nn_val = 4\nbatch = 4\n"
)
HOSTILE: list[Any] = [
    None, True, -1, 0, 2**63, 10**400, 1e308, float("nan"), float("inf"), "", "\ud800", "../x", "a" * 5000, [], {},
    [[]], {"a": 1}, [1] * 100, -(10**30), 0.5, "1", "\0", ["x"], {"": {}},
]  # fmt: skip
READERS = (
    "scene", "part of a scene", "manifest", "checkpoint", "network", "training TOML", "TOML", "ledger", "calibration",
)  # fmt: skip
SECONDS = 5
"""After which a reader hangs."""


def changed_bytes(content: bytes, draw: random.Random) -> bytes:
    """A file with up to four changes of its bytes, most of them near its beginning, where headers are."""
    text = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text) or 1) if draw.random() < 0.4 else min(int(draw.expovariate(1 / 300)), len(text))
        kind = draw.randrange(6)
        if kind == 0 and at < len(text):
            text[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            text[at:at] = draw.randbytes(draw.randint(1, 8))
        elif kind == 2:
            del text[at : at + draw.randint(1, 16)]
        elif kind == 3:
            text[at : at + 8] = struct.pack("<q", draw.choice([0, -1, 2**31, 2**62, 255]))
        elif kind == 4:
            del text[at:]
        else:
            text[at:at] = draw.choice([b"[", b'{"a":', b"9"]) * draw.choice([3, 400, 100_000])
    return bytes(text)


def changed_value(value: Any, draw: random.Random) -> Any:  # noqa: ANN401
    """A document with one of its values, somewhere, replaced, lost or doubled."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        key = draw.choice(list(value))
        kind = draw.random()
        if kind < 0.1:
            return {name: inner for name, inner in value.items() if name != key}
        if kind < 0.2:
            return value | {draw.choice(["x", "", "\ud800", key + "x"]): value[key]}
        return value | {key: changed_value(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.7:
        at = draw.randrange(len(value))
        return [*value[:at], changed_value(value[at], draw), *value[at + 1 :]]
    return draw.choice(HOSTILE)


def changed_tensors(content: bytes, draw: random.Random) -> bytes:
    """A file of tensors with its table or its header changed, and perhaps sealed anew."""
    length = struct.unpack("<Q", content[:8])[0]
    table, rest = json.loads(content[8 : 8 + length]), content[8 + length :]
    if draw.random() < 0.5:
        own = table["__metadata__"]
        own["header"] = json.dumps(changed_value(json.loads(own["header"]), draw))
    elif draw.random() < 0.8:
        name = draw.choice([name for name in table if name != "__metadata__"])
        table[name] = table[name] | {"dtype": draw.choice(["F16", "BF16", "I64", "BOOL", "U8", "F32"])}
        size = table[name]["data_offsets"][1] - table[name]["data_offsets"][0]
        each = {"F16": 2, "BF16": 2, "I64": 8, "BOOL": 1, "U8": 1, "F32": 4}[table[name]["dtype"]]
        table[name]["shape"] = draw.choice([[size // each], [1, size // each], [size // each, 1, 1], []])
    else:
        table = changed_value(table, draw)
    if draw.random() < 0.5:
        rest = bytes(draw.randbytes(1)[0] if draw.random() < 0.01 else byte for byte in rest)
    return sealed_file(table, rest, again=draw.random() < 0.8)


def sealed_file(table: Any, rest: bytes, *, again: bool) -> bytes:  # noqa: ANN401
    """A file of this table, sealed anew or with the old seal."""
    if again and isinstance(table, dict) and isinstance(table.get("__metadata__"), dict):
        table["__metadata__"][SEAL] = blank()
    text = json.dumps(table, separators=(",", ":")).encode("utf-8", "surrogatepass")
    head = struct.pack("<Q", len(text)) + text
    return (sealed(head, [rest]) if again else head) + rest


def changed_manifest(content: bytes, draw: random.Random) -> bytes:
    """A manifest with one value changed, and perhaps sealed anew."""
    values = changed_value(json.loads(content), draw)
    if isinstance(values, dict) and draw.random() < 0.8:
        values[SEAL] = blank()
        return sealed(json.dumps(values, separators=(",", ":")).encode())
    return json.dumps(values).encode()


def changed_lines(content: bytes, draw: random.Random) -> bytes:
    """A ledger with one value of one record changed."""
    lines = content.splitlines()
    at = draw.randrange(len(lines))
    record = json.loads(lines[at])
    del record[CHECKSUM]
    text = json.dumps(changed_value(record, draw))
    lines[at] = (summed(text) if text.endswith("}") and draw.random() < 0.8 else text).encode()
    return b"\n".join(lines) + b"\n"


def as_toml(value: Any) -> str:  # noqa: ANN401
    """A value as TOML has it, or nearly."""
    return json.dumps(value) if not isinstance(value, dict) else "{a = 1}"


def changed_toml(content: bytes, draw: random.Random) -> bytes:
    """A configuration with one value changed."""
    lines = content.decode().splitlines()
    at = draw.choice([number for number, line in enumerate(lines) if "=" in line])
    lines[at] = f"{lines[at].split('=')[0]} = {as_toml(draw.choice(HOSTILE))}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def readers(folder: Path) -> dict[str, tuple[Path, Callable[[], object], Callable[[bytes, random.Random], bytes]]]:
    """By name: the file that is changed, what reads it, and how its structure is changed."""
    scenes = simulate(SCENARIO, 4, 0, torch.complex64)
    config = {"seed": 0, "scenario": plain(SCENARIO)}
    save_scenes(folder / "scene", scenes.observation, scenes.truth, config=config, note="simulated")
    shards = folder / "shards"
    write_shards(shards, ShardPlan(scenario=SCENARIO, config=plain(SCENARIO), seed=0, splits={"train": 8}, batch=4))
    (folder / "toml").write_text(TOML)
    (folder / "scenes.toml").write_text(TOML.split("[net]")[0].replace("tiny", "random"))
    trainer = Trainer(training_from_toml(folder / "toml"), directory=folder / "run")
    trainer.reporter.quiet = True
    trainer.fit()
    nominal = Calibration.nominal(scenes.observation.array, 4)
    save_calibration(folder / "calibration", nominal)
    last, ledger = folder / "run" / "last.safetensors", folder / "run" / "ledger.jsonl"

    def batches() -> None:
        found = open_shards(shards)
        for split in found.manifest.shards:
            found.verify([split])
            _ = found.source(split, 4, 4)[0]

    def configured() -> None:
        experiment_from_toml(folder / "scenes.toml")

    return {
        "scene": (folder / "scene", lambda: load_scenes(folder / "scene"), changed_tensors),
        "part of a scene": (folder / "scene", lambda: load_scenes(folder / "scene", 1, 3), changed_tensors),
        "manifest": (shards / "manifest.json", batches, changed_manifest),
        "checkpoint": (last, lambda: read_checkpoint(last), changed_tensors),
        "network": (last, lambda: load_network(last), changed_tensors),
        "training TOML": (folder / "toml", lambda: training_from_toml(folder / "toml"), changed_toml),
        "TOML": (folder / "scenes.toml", configured, changed_toml),
        "ledger": (ledger, lambda: read_ledger(ledger), changed_lines),
        "calibration": (folder / "calibration", lambda: load_calibration(folder / "calibration"), changed_tensors),
    }


def outcome(read: Callable[[], object]) -> str:
    """How a reader ended: accepted, refused, or by a foreign exception or a hang."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        read()
    except (RisError, ExplainedError):
        return "refused"
    except Exception as error:  # what is counted
        return f"FOREIGN {type(error).__name__}: {str(error)[:80]}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "accepted"


def hang(number: int, frame: object) -> None:
    """End a reader that hangs.

    Raises:
        TimeoutError: always.
    """
    raise TimeoutError(f"over {SECONDS} s")


def fuzz(name: str, inputs: int, seed: int, folder: Path) -> Counter[str]:
    """Outcomes of one reader.

    Raises:
        SystemExit: the unchanged file is not accepted.
    """
    path, read, change = readers(folder)[name]
    good, draw, counts = path.read_bytes(), random.Random(f"{name}/{seed}"), Counter[str]()
    if outcome(read) != "accepted":
        raise SystemExit(f"{name}: the unchanged file ends otherwise")
    slowest, begin = 0.0, time.perf_counter()
    for _ in range(inputs):
        path.write_bytes(changed_bytes(good, draw) if draw.random() < 0.5 else change(good, draw))
        start = time.perf_counter()
        counts[outcome(read)] += 1
        slowest = max(slowest, time.perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    foreign = sum(count for kind, count in counts.items() if kind.startswith("FOREIGN"))
    print(
        f"{name}: n = {inputs}, refused {counts['refused']}, accepted {counts['accepted']}, foreign {foreign}, slowest "
        f"{slowest:.2f} s, peak {memory:.0f} MB, {time.perf_counter() - begin:.0f} s", flush=True,
    )  # fmt: skip
    for kind, count in counts.items():
        if kind.startswith("FOREIGN"):
            print(f"  {count} x {kind}")
    return counts


def main() -> None:
    """Fuzz the readers, one line each.

    Raises:
        SystemExit: with 1 where an exception was foreign.
    """
    parser = argparse.ArgumentParser(description="Changed files, reader by reader.")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reader", default=None)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, hang)
    foreign = 0
    with tempfile.TemporaryDirectory() as place:
        for number, name in enumerate(READERS if given.reader is None else [given.reader]):
            folder = Path(place) / str(number)
            folder.mkdir()
            counts = fuzz(name, given.inputs, given.seed, folder)
            foreign += sum(count for kind, count in counts.items() if kind.startswith("FOREIGN"))
    raise SystemExit(int(foreign > 0))


if __name__ == "__main__":
    main()
