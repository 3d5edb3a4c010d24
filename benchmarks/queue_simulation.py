"""How busy are very many workers, and what holds them up? A simulation of the queue that `ris --cluster` makes.

python benchmarks/queue_simulation.py

One process hands tasks out and takes results in, `--lead` seconds of work for each task; at most two tasks a worker are
handed out at a time. Durations vary by a log-normal law. A worker that dies loses the task it was at, which goes to
another one, and comes back after `--restart` seconds.
"""

import argparse
import heapq
import math
from dataclasses import dataclass, field
from random import Random

SPREAD = 0.3
"""Standard deviation of the logarithm of a task's duration."""


@dataclass
class Queue:
    """Workers, tasks and the one who hands them out.

    Args:
        workers: how many.
        tasks: how many.
        seconds: mean duration of a task.
        lead: seconds that the one who leads spends on a task.
        deaths: of a worker, an hour.
        restart: seconds until a dead worker is back.
        random: source of durations and deaths.
    """

    workers: int
    tasks: int
    seconds: float
    lead: float
    deaths: float
    restart: float
    random: Random = field(default_factory=lambda: Random(0))

    def run(self) -> dict[str, float]:
        """Seconds in all, share of them in which workers worked on what counted, and tasks that were done again."""
        idle, ready, left, again, now = self.workers, 0, self.tasks, 0, 0.0
        events: list[tuple[float, str]] = []
        leading = finished = 0
        while finished < self.tasks:
            if left and not leading and ready + self.workers - idle < 2 * self.workers:
                heapq.heappush(events, (now + self.lead, "handed"))
                left, leading = left - 1, 1
            while idle and ready:
                heapq.heappush(events, self._started(now))
                idle, ready = idle - 1, ready - 1
            now, what = heapq.heappop(events)
            leading -= what == "handed"
            ready += what in {"handed", "died"}
            idle += what in {"done", "back"}
            finished += what == "done"
            if what == "died":
                again += 1
                heapq.heappush(events, (now + self.restart, "back"))
        return {"seconds": now, "busy": self.tasks * self.seconds / (now * self.workers), "again": again}

    def _started(self, now: float) -> tuple[float, str]:
        """When a task ends or its worker dies, whichever is first."""
        takes = self.seconds * math.exp(self.random.gauss(-SPREAD * SPREAD / 2, SPREAD))
        lives = self.random.expovariate(self.deaths / 3600) if self.deaths else math.inf
        return now + min(takes, lives), "died" if lives < takes else "done"


def main() -> None:
    """Print a row for each number of workers."""
    parser = argparse.ArgumentParser(description="Simulate the queue of very many tasks.")
    parser.add_argument("--tasks", type=int, default=60_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="mean duration of a task")
    parser.add_argument("--lead", type=float, default=0.006, help="seconds of the leading process for each task")
    parser.add_argument("--deaths", type=float, default=0.1, help="of a worker, an hour")
    parser.add_argument("--restart", type=float, default=60.0, help="seconds until a dead worker is back")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 330, 1000])
    options = parser.parse_args()
    print(f"{options.tasks} tasks of {options.seconds:g} s, {1e3 * options.lead:g} ms of the lead each")
    print("| workers | seconds | tasks/s | busy | done again |\n|---|---|---|---|---|")
    for workers in options.workers:
        found = Queue(
            workers=workers, tasks=options.tasks, seconds=options.seconds, lead=options.lead, deaths=options.deaths,
            restart=options.restart,
        ).run()  # fmt: skip
        rate = options.tasks / found["seconds"]
        print(f"| {workers} | {found['seconds']:.0f} | {rate:.1f} | {found['busy']:.0%} | {found['again']:.0f} |")


if __name__ == "__main__":
    main()
