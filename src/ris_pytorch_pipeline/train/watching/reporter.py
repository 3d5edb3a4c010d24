"""What does a run say while it goes? The lines people search a log for, all through one object."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from trainlint import Finding, Verdict

from ...errors import ConfigurationError
from ...experiment.optimisation import Plan
from ..loop.update import Update
from .speech import Speech


class Reporter:
    """Writes one line per event, and nothing when quiet.

    >>> lines = []
    >>> reporter = Reporter(lines.append)
    >>> reporter.epoch_rates(3, {"backbone": 1e-3, "head": 4e-3})
    >>> lines[0].rstrip()
    "[LR] epoch=3 groups=['backbone', 'head'] lr=[0.001, 0.004]"

    The lines of a run of one update, whose motion is kept for the epoch's summary:

    >>> from trainlint import State, Verdict
    >>> from ris_pytorch_pipeline.experiment import Plan
    >>> from ris_pytorch_pipeline.train import Motion, Outcome, Progress
    >>> motion = Motion(total=0.02, groups={"head": 0.02}, relative=1e-3, beyond_decay=0.0199)
    >>> update = Update(
    ...     attempt=1, applied=1, batch=1, samples=32, outcome=Outcome.APPLIED, loss=0.8, terms={"heat": 0.8},
    ...     norm=2.0, norms={"head": 2.0}, rates={"head": 1e-3}, motion=motion,
    ... )
    >>> shown = Reporter(lambda line: print(line, end=""), progress=lambda done, planned: print(done, "of", planned))
    >>> shown.start("run 1", {"head": 1488}, updates=3, where="nothing")
    [RUN] run 1 parameters head=1488 updates=3 writes to nothing
    >>> shown.update(update)
    [LOSS] batch=1 total=0.800000 heat=0.800000
    [GRAD] batch=1 ||g||_2=2.000e+00 ok=True
    [GRAD] batch=1 head=2.000e+00
    [OPT] step 1 / batch 1 LRs=[1e-03]
    [STEP] Δparam ||·||₂ = 2.000e-02
    >>> shown.advance(1, 3)
    1 of 3
    >>> shown.coverage(without=["head.bias"])
    [GRAD] params with no grad: ['head.bias']
    >>> progress = Progress()
    >>> progress.note_motion(update)
    >>> shown.motions(progress.motions)
    [STEP] Δparam L2: median=2.000e-02  max=2.000e-02
    >>> shown.epoch(1, Plan(epochs=1), phase=0, train=0.8, validation=0.7)
    Epoch 001/001 [phase=0] train 0.800000  val 0.700000
    >>> shown.verdict(Verdict(state=State.HEALTHY, counts={"updates": 1}))
    [VERDICT] Healthy 1 updates
    >>> shown.say("and whatever else")
    and whatever else

    Args:
        write: takes each line, its end included; None writes to standard output.
        quiet: write nothing.
        log_every: after the first few updates, report every so many.
        first: attempts at the start that are reported one by one.
        progress: called after each attempt with those done and those planned, quiet or not; for a bar.

    Raises:
        ConfigurationError: `log_every` below 1.
    """

    def __init__(
        self,
        write: Callable[[str], object] | None = None,
        *,
        quiet: bool = False,
        log_every: int = 50,
        first: int = 3,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        if log_every < 1:
            raise ConfigurationError(
                "log_every >= 1", str(log_every), "0 for silence", "pass quiet=True (--quiet) to say nothing"
            )
        self.write = Speech() if write is None else write
        self.quiet, self.log_every, self.first = quiet, log_every, first
        self.progress = progress

    def say(self, line: str) -> None:
        """Write a line, at once."""
        if not self.quiet:
            self.write(line + "\n")

    def start(self, run: str, parameters: Mapping[str, int], updates: int, where: str, processes: int = 1) -> None:
        """What is about to be trained."""
        sizes = " ".join(f"{name}={count}" for name, count in parameters.items())
        shared = f" processes={processes}" if processes > 1 else ""
        self.say(f"[RUN] {run} parameters {sizes} updates={updates}{shared} writes to {where}")

    def epoch_rates(self, epoch: int, rates: Mapping[str, float]) -> None:
        """The rates of an epoch's first update."""
        self.say(f"[LR] epoch={epoch} groups={list(rates)} lr={[float(f'{rate:.6g}') for rate in rates.values()]}")

    def update(self, update: Update) -> None:
        """An attempt: its gradient, whether it was applied, and how far the weights moved."""
        early = update.attempt <= self.first
        if not early and update.ok and update.attempt % self.log_every:
            return
        if early:
            terms = " ".join(f"{name}={value:.6f}" for name, value in update.terms.items())
            self.say(f"[LOSS] batch={update.batch} total={update.loss:.6f} {terms}")
        if early or not update.ok:
            self.say(f"[GRAD] batch={update.batch} ||g||_2={update.norm:.3e} ok={update.ok}")
            norms = " ".join(f"{name}={norm:.3e}" for name, norm in update.norms.items())
            self.say(f"[GRAD] batch={update.batch} {norms}")
        if not update.ok:
            self.say(f"[SKIP] batch={update.batch} {update.outcome.value}{update.blamed}")
            return
        rates = ", ".join(short(rate) for rate in update.rates.values())
        self.say(f"[OPT] step {update.applied} / batch {update.batch} LRs=[{rates}]")
        if update.motion is not None:
            self.say(f"[STEP] Δparam ||·||₂ = {update.motion.total:.3e}")

    def advance(self, done: int, planned: int) -> None:
        """How far the run is, in attempts."""
        if self.progress is not None:
            self.progress(done, planned)

    def coverage(self, without: Sequence[str]) -> None:
        """Parameters that no attempt so far gave a gradient."""
        self.say(f"[GRAD] params with no grad: {list(without)}")

    def motions(self, motions: Sequence[float]) -> None:
        """The measured Δparam of an epoch."""
        if motions:
            self.say(f"[STEP] Δparam L2: median={statistics.median(motions):.3e}  max={max(motions):.3e}")

    def epoch(self, number: int, plan: Plan, phase: int, train: float, validation: float) -> None:
        """An epoch's mean losses."""
        self.say(f"Epoch {number:03d}/{plan.epochs:03d} [phase={phase}] train {train:.6f}  val {validation:.6f}")

    def verdict(self, verdict: Verdict, raised: Finding | None = None) -> None:
        """How the run ended: one line where it is healthy, each finding otherwise.

        Args:
            verdict: of the watch.
            raised: a finding that is raised as an error and told there.
        """
        counts = verdict.counts
        told = ", ".join(f"{counts[name]} {name}" for name in ("epochs", "updates", "skipped") if name in counts)
        notes = f"; notes {', '.join(verdict.codes)}" if verdict.healthy and verdict.codes else ""
        self.say(f"[VERDICT] {verdict.state.name.capitalize()} {told}{notes}".rstrip())
        if not verdict.healthy:
            for finding in verdict.findings:
                if raised is None or finding.key != raised.key:
                    self.say(str(finding))


def short(rate: float) -> str:
    """A rate in scientific notation without trailing zeros: `2e-04`, `1.25e-05`."""
    mantissa, exponent = f"{rate:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
