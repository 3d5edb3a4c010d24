"""How does `ris serve` bear a load? Seconds of an answer at 1, 8 and 64 clients, batched or not; none lost or mixed.

Every request is one of 64 scenes; its answer is held against that of the estimator called here. A scene located in a
batch differs in its last bits from one located alone: both are compared to 1e-6 degrees. Azimuths differ by more.

    python benchmarks/serve_load.py --requests 300
"""

import argparse
import json
import math
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import torch

from ris_pytorch_pipeline.bench import region_of
from ris_pytorch_pipeline.data import save_scenes, simulate
from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.physics import Scenario, preset

DISTINCT = 64
CLOSE = 1e-6
"""Degrees; the scenes of one seed are farther apart."""
HEADERS = {"Content-Type": "application/octet-stream"}


@dataclass
class Heard:
    """What the clients of one cell heard."""

    seconds: list[float] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)
    told_to_wait: int = 0
    lost: int = 0
    mixed: int = 0


def scenario() -> Scenario:
    """Small scenes of one source."""
    return preset("random", horizontal=6, vertical=6, antennas=8, snapshots=8, sources=1, snr_db=20.0)


def bodies(folder: Path) -> tuple[list[bytes], list[float]]:
    """Scene files of one scene each, and the azimuth of the source in each, degrees."""
    observation = simulate(scenario(), DISTINCT, 7).observation
    found = Sml(region=region_of(scenario()))(observation.to(dtype=torch.complex128), 1)
    azimuths = torch.rad2deg(found.positions[:, 0, 0]).tolist()
    assert min(b - a for a, b in zip(sorted(azimuths), sorted(azimuths)[1:], strict=False)) > 10 * CLOSE
    contents = []
    for scene in range(DISTINCT):
        save_scenes(folder / "scene", observation[scene : scene + 1], overwrite=True)
        contents.append((folder / "scene").read_bytes())
    return contents, azimuths


@contextmanager
def served(batch: int) -> Iterator[int]:
    """The port of a service."""
    command = [sys.executable, "-m", "ris_pytorch_pipeline", "serve", "--port", "0", "--waiting", "128"]
    command += ["--batch", str(batch), "--answering", "300"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.terminate()


def client(port: int, work: "queue.SimpleQueue[int]", told: Heard, files: list[bytes], true: list[float]) -> None:
    """Send what is in the queue, one after the other, until nothing is left."""
    line = HTTPConnection("127.0.0.1", port, timeout=600)
    while True:
        try:
            number = work.get_nowait()
        except queue.Empty:
            line.close()
            return
        begin = time.perf_counter()
        try:
            beside, azimuth = answer(line, files[number], told)
        except (OSError, HTTPException, ValueError, LookupError):
            line.close()
            continue
        told.seconds.append(time.perf_counter() - begin)
        told.beside.append(beside)
        told.mixed += abs(azimuth - true[number]) > CLOSE


def answer(line: HTTPConnection, content: bytes, told: Heard) -> tuple[int, float]:
    """Scenes of the batch, and the azimuth that was found; sent again as often as the service asks for that."""
    while True:
        line.request("POST", "/v1/locate?sources=1", content, HEADERS)
        response = line.getresponse()
        value = json.loads(response.read())
        if response.status != 503:
            return int(response.headers["X-Batch-Scenes"]), value["scenes"][0]["sources"][0]["azimuth_deg"]
        told.told_to_wait += 1
        time.sleep(float(response.headers["Retry-After"]))


def cell(port: int, clients: int, requests: int, files: list[bytes], true: list[float]) -> tuple[Heard, float]:
    """What so many clients hear, and the seconds that all took."""
    work: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(requests):
        work.put(number % DISTINCT)
    told = [Heard() for _ in range(clients)]
    threads = [threading.Thread(target=client, args=(port, work, each, files, true)) for each in told]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    whole = Heard()
    for each in told:
        whole.seconds += each.seconds
        whole.beside += each.beside
        whole.told_to_wait += each.told_to_wait
        whole.mixed += each.mixed
    whole.lost = requests - len(whole.seconds)
    return whole, seconds


def quantile(values: list[float], share: float) -> float:
    """The value that a share of all does not exceed."""
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else math.nan


def main() -> None:
    """Measure every cell and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300, help="of each cell (300)")
    parser.add_argument("--clients", default="1,8,64", help="cells (1,8,64)")
    parser.add_argument("--batches", default="1,32", help="scenes located together at most (1,32)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files, true = bodies(Path(folder))
    print(f"{'batch':>5} {'clients':>7} {'requests':>8} {'per s':>7} {'p50 s':>7} {'p99 s':>7} {'together':>8} "
          f"{'waited':>6} {'lost':>4} {'mixed':>5}")  # fmt: skip
    wrong = 0
    for clients in map(int, arguments.clients.split(",")):
        for batch in map(int, arguments.batches.split(",")):
            with served(batch) as port:
                cell(port, 1, 2, files, true)
                told, seconds = cell(port, clients, arguments.requests, files, true)
            wrong += told.lost + told.mixed
            print(f"{batch:5} {clients:7} {arguments.requests:8} {arguments.requests / seconds:7.1f} "
                  f"{quantile(told.seconds, 0.5):7.3f} {quantile(told.seconds, 0.99):7.3f} "
                  f"{sum(told.beside) / max(1, len(told.beside)):8.1f} {told.told_to_wait:6} {told.lost:4} "
                  f"{told.mixed:5}", flush=True)  # fmt: skip
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
