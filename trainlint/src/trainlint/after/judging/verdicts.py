"""Which rules judge a log, what did they judge, and what could nobody judge?"""

import math

from ...findings import Finding, Severity, State
from ...rules import data as data_rules
from ...verdict import Verdict, judge
from ..reading.log import Log
from ..series import Kind
from . import finite, rates, standstill, trend
from .standstill import moves
from .subject import Subject


def verdict(log: Log) -> Verdict:
    """The verdict on what was read of a run."""
    subject = Subject(log)
    return judge(findings(log), counts(log), blind(subject), ran(subject))


def findings(log: Log) -> list[Finding]:
    """What a log shows, causes before symptoms."""
    subject = Subject(log)
    skipped = rates.scaled(subject)
    lost = finite.findings(subject, skipped=bool(skipped))
    still = standstill.findings(subject)
    gone = any(f.severity is not Severity.NOTE and f.rule.code in {"RT201", "RT250"} for f in lost)
    burst = any(f.severity is Severity.FATAL for f in lost)
    moved = [] if gone else [*trend.restarted(subject), *trend.findings(subject)]
    stalled = bool(skipped) and skipped[0].rule.code == "RT113"
    explained = stalled or gone or burst or any(f.rule.state is State.DIVERGED for f in moved)
    return [
        *rates.findings(subject, skipped=stalled, explained=explained),
        *skipped,
        *lost,
        *moved,
        *still,
        *_ended(log),
    ]


def _ended(log: Log) -> list[Finding]:
    if not log.ended:
        return []
    last = max((s.epochs[-1] for s in log.series.values() if s.epochs and math.isfinite(s.epochs[-1])), default=None)
    where = "" if last is None else f" after epoch {last:.6g}"
    where += f" of {log.planned}" if where and log.planned else ""
    asked = Severity.NOTE if "KeyboardInterrupt" in log.ended else None
    return [data_rules.STOPPED.found(f"the log ends{where} with {log.ended!r}", severity=asked)]


def counts(log: Log) -> dict[str, int]:
    """How many epochs and values were read."""
    epochs = {
        math.ceil(e)
        for s in log.of(Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS, Kind.METRIC, averages=True)
        for e in set(s.epochs)
        if math.isfinite(e)
    }
    told = {"epochs": len(epochs), "values": log.count}
    return told | ({"skipped": log.skips} if log.skips else {})


def ran(subject: Subject) -> tuple[str, ...]:
    """Names of the checks that judged something."""
    log = subject.log
    train = subject.train is not None and len(subject.train.values) > 1
    val = subject.validation is not None and len(subject.validation.values) > 1
    metric = any(len(s.values) >= 3 and moves(s.values) for s in log.of(Kind.METRIC))
    export = any(s.name.key == "value" and len(s.values) > 1 for s in log.of(Kind.OTHER))
    if not (train or val or metric or export):
        return ()
    told = {
        "train loss": train, "validation loss": val, "metrics": bool(log.of(Kind.METRIC)), "values": export,
        "learning rates": bool(log.of(Kind.RATE)), "gradient norms": bool(log.of(Kind.GRADIENT_NORM)),
        "loss scale": log.scaler, "motion": bool(log.of(Kind.MOTION)),
    }  # fmt: skip
    return tuple(name for name, judged in told.items() if judged)


def blind(subject: Subject) -> tuple[str, ...]:
    """What could not be judged, and why."""
    log, told = subject.log, []
    if subject.train is None:
        told.append("train loss: no line of the log names one")
    elif len(subject.train.values) < 2:
        told.append("train loss: one value")
    if subject.validation is None:
        told.append("validation: the log holds no held-out loss")
    if log.rival:
        told.append("rising losses: adversaries or rewards are trained, whose losses may rise")
    reached = max((s.epochs[-1] for s in log.series.values() if s.epochs and math.isfinite(s.epochs[-1])), default=None)
    if reached is not None and log.planned and math.ceil(reached) < log.planned - 1:
        told.append(f"what follows epoch {math.ceil(reached)} of {log.planned}: the log ends there")
    if subject.summed:
        told.append("train loss against validation: the train loss is printed as a sum since each epoch began")
    if log.left_out:
        told.append(f"{log.left_out} values beyond the bounds of memory")
    return tuple(told)
