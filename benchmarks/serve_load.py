"""How does `ris serve` bear a load? Seconds of an answer at 1, 8 and 64 clients, batched or not; none lost or mixed.

Every request is one of 64 scenes; its answer is held against that of the estimator called here. A scene located in a
batch differs in its last bits from one located alone, so that both are told apart at 3e-5 degrees; the scenes are ten
times farther from each other. With `--turns` the services of all batches run at once and are asked by turns, so that a
busy machine slows all of them.
Clients that are told to wait do so; with `--kills` the service is killed so many times in each cell and started again,
and clients whose connection breaks send their request again.

    python benchmarks/serve_load.py --requests 300
    python benchmarks/serve_load.py --batches 32 --requests 5000,20000,75000
    python benchmarks/serve_load.py --batches 32 --clients 8 --requests 2000 --kills 5
    python benchmarks/serve_load.py --batches 1,32 --clients 64 --requests 128 --turns 5
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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median

import torch

from ris_pytorch_pipeline.bench import region_of
from ris_pytorch_pipeline.data import save_scenes, simulate
from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.physics import Scenario, preset

DISTINCT = 64
CLOSE = 3e-5
"""Degrees: three times what an answer alone differs from one in a batch; the scenes of one seed are farther apart."""
PATIENCE = 60
"""Seconds in which a client sends a request again whose connection breaks."""
HEADERS = {"Content-Type": "application/octet-stream"}


@dataclass
class Heard:
    """What the clients of one cell heard."""

    seconds: list[float] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)
    told_to_wait: int = 0
    broken: int = 0
    lost: int = 0
    mixed: int = 0

    def add(self, other: "Heard") -> None:
        """Take in what others heard."""
        self.seconds += other.seconds
        self.beside += other.beside
        self.told_to_wait += other.told_to_wait
        self.broken += other.broken
        self.lost += other.lost
        self.mixed += other.mixed


def scenario() -> Scenario:
    """Small scenes of one source."""
    return preset("random", horizontal=4, vertical=4, antennas=2, snapshots=8, sources=1, snr_db=20.0)


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


class Served:
    """A service that may be killed.

    Args:
        batch: scenes located together at most.
    """

    def __init__(self, batch: int) -> None:
        self._batch, self.port = batch, 0
        self._process = self._started()

    def _started(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "ris_pytorch_pipeline", "serve", "--port", str(self.port), "--waiting", "128"]
        command += ["--batch", str(self._batch), "--answering", "300"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        self.port = int(process.stdout.readline().rpartition(":")[2])
        return process

    def kill(self) -> None:
        """Kill it, and start it again at its port."""
        self._process.kill()
        self._process.communicate()
        self._process = self._started()

    def end(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate()


@contextmanager
def served(batch: int) -> Iterator[Served]:
    """A service, until the block ends."""
    service = Served(batch)
    try:
        yield service
    finally:
        service.end()


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
        found = insisted(line, files[number], told)
        if found is None:
            continue
        told.seconds.append(time.perf_counter() - begin)
        told.beside.append(found[0])
        told.mixed += abs(found[1] - true[number]) > CLOSE


def insisted(line: HTTPConnection, content: bytes, told: Heard) -> tuple[int, float] | None:
    """An answer, sent for again where the connection breaks; None where none comes in a minute."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            return answer(line, content, told)
        except (OSError, HTTPException):
            line.close()
            told.broken += 1
            time.sleep(0.1)
        except (ValueError, LookupError):
            line.close()
            return None
    return None


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


def cell(
    service: Served, clients: int, requests: int, files: list[bytes], true: list[float], kills: int = 0
) -> tuple[Heard, float]:  # fmt: skip
    """What so many clients hear, and the seconds that all took; the service is killed at even parts of the work."""
    work: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(requests):
        work.put(number % DISTINCT)
    told = [Heard() for _ in range(clients)]
    threads = [threading.Thread(target=client, args=(service.port, work, each, files, true)) for each in told]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for number in range(1, kills + 1):
        while work.qsize() > requests * (1 - number / (kills + 1)):
            time.sleep(0.05)
        service.kill()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    whole = Heard()
    for each in told:
        whole.add(each)
    whole.lost = requests - len(whole.seconds)
    return whole, seconds


def quantile(values: list[float], share: float) -> float:
    """The value that a share of all does not exceed."""
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else math.nan


def main() -> None:
    """Measure every cell and print it.

    Raises:
        SystemExit: with 1 where an answer was lost or mixed up.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", default="300", help="of each cell, or of the cells of each number of clients")
    parser.add_argument("--clients", default="1,8,64", help="cells (1,8,64)")
    parser.add_argument("--batches", default="1,32", help="scenes located together at most (1,32)")
    parser.add_argument("--kills", type=int, default=0, help="of the service, in each cell")
    parser.add_argument("--turns", type=int, default=0, help="of the services of all batches, each of --requests")
    given = parser.parse_args()
    clients = list(map(int, given.clients.split(",")))
    requests = list(map(int, given.requests.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        files, true = bodies(Path(folder))
    print("| batch | clients | n | per s | p50 s | p99 s | scenes of a batch | told to wait | broken | lost | mixed |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    wrong = 0
    for number, count in enumerate(clients):
        wanted = requests[min(number, len(requests) - 1)]
        if given.turns:
            wrong += by_turns(list(map(int, given.batches.split(","))), count, wanted, given.turns, files, true)
            continue
        for batch in map(int, given.batches.split(",")):
            with served(batch) as service:
                cell(service, 1, 2, files, true)
                told, seconds = cell(service, count, wanted, files, true, given.kills)
            wrong += told.lost + told.mixed
            show(batch, count, told, seconds)
    raise SystemExit(int(wrong > 0))


def by_turns(batches: list[int], clients: int, requests: int, turns: int, files: list[bytes], true: list[float]) -> int:
    """Ask services of several batches by turns; print a row of each, and the ratio of the last to the first.

    Returns:
        How many answers were lost or mixed up.
    """
    whole, seconds, rates = [Heard() for _ in batches], [0.0] * len(batches), list[list[float]]()
    with ExitStack() as stack:
        services = [stack.enter_context(served(batch)) for batch in batches]
        for service in services:
            cell(service, 1, 2, files, true)
        for _ in range(turns):
            heard = [cell(service, clients, requests, files, true) for service in services]
            rates.append([len(told.seconds) / took for told, took in heard])
            for number, (told, took) in enumerate(heard):
                seconds[number] += took
                whole[number].add(told)
    for batch, told, took in zip(batches, whole, seconds, strict=True):
        show(batch, clients, told, took)
    ratios = sorted(each[-1] / each[0] for each in rates)
    print(
        f"batches of {batches[-1]} against {batches[0]}, {clients} clients, {turns} turns of {requests} requests: "
        f"x {median(ratios):.2f} a second ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )
    return sum(told.lost + told.mixed for told in whole)


def show(batch: int, clients: int, told: Heard, seconds: float) -> None:
    """Print the row of a cell."""
    n, beside = len(told.seconds), sum(told.beside) / max(1, len(told.beside))
    print(f"| {batch} | {clients} | {n} | {n / seconds:.1f} | {quantile(told.seconds, 0.5):.3f} | "
          f"{quantile(told.seconds, 0.99):.3f} | {beside:.1f} | {told.told_to_wait} | {told.broken} | {told.lost} | "
          f"{told.mixed} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
