"""Which rules judge a log, is what it prints finite, and what could nobody judge?"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ...findings import Finding, Severity, State
from ...rules import data as data_rules
from ...rules import losses
from ...verdict import Verdict, judge
from ..reading.log import Log
from ..reading.text import LONGEST_LINE
from ..series import Kind, Series, trailing
from . import rates, standstill, trend
from .standstill import moves
from .subject import Subject, better, mean_at_zero, share


def verdict(log: Log) -> Verdict:
    """The verdict on what was read of a run."""
    subject = Subject(log)
    return judge(findings(log), counts(log), blind(subject), ran(subject))


def findings(log: Log) -> list[Finding]:
    """What a log shows, causes before symptoms."""
    subject = Subject(log)
    skipped = rates.scaled(subject)
    lost = _not_finite(subject, skipped=bool(skipped))
    still = standstill.findings(subject)
    gone = any(f.severity is not Severity.NOTE and f.rule.code in {"RT201", "RT250"} for f in lost)
    burst = any(f.severity is Severity.FATAL for f in lost)
    moved = [] if gone else [*trend.restarted(subject), *trend.findings(subject)]
    jump = min((f.numbers.get("since", 1.0) for f in moved), default=1.0)
    still = [f for f in still if f.numbers.get("since", 0.0) <= jump]  # what is constant after a jump follows from it
    stalled = bool(skipped) and skipped[0].rule.code == "RT113"
    explained = stalled or gone or burst or any(f.rule.state is State.DIVERGED for f in moved)
    return [
        *rates.findings(
            subject, skipped=stalled, explained=explained, still=any(f.rule.state is State.STALLED for f in still)
        ),
        *skipped,
        *lost,
        *moved,
        *still,
        *_ended(log),
    ]


def _ended(log: Log) -> list[Finding]:
    if not log.ended:
        return []
    last = log.reached
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
    metric = any(
        len(s.values) >= 3 and (better(s) if s.name.direction else moves(s.values)) for s in log.of(Kind.METRIC)
    )
    export = any(s.name.key == "value" and len(s.values) > 1 for s in log.of(Kind.OTHER))
    if not (train or val or metric or export):
        return ()
    told = {
        "train loss": train,
        "validation loss": val,
        "metrics": bool(log.of(Kind.METRIC)),
        "values": export,
        "learning rates": bool(log.of(Kind.RATE)),
        "gradient norms": bool(log.of(Kind.GRADIENT_NORM)),
        "loss scale": log.scaler,
        "motion": bool(log.of(Kind.MOTION)),
    }
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
    reached = log.reached
    if reached is not None and log.planned and math.ceil(reached) < log.planned - 1:
        told.append(f"what follows epoch {math.ceil(reached)} of {log.planned}: the log ends there")
    if subject.summed:
        told.append("train loss against validation: the train loss is printed as a sum since each epoch began")
    if log.left_out:
        told.append(f"{log.left_out} values beyond the bounds of memory")
    if log.torn:
        told.append("what follows: the packed log is cut off")
    if log.cut:
        told.append(f"the ends of {log.cut} lines longer than {LONGEST_LINE} characters")
    return tuple(told)


FEW = 0.05
"""The share of values up to which a scaler's skipped updates explain what is not finite."""
_SAID = re.compile(r"nan|infinit|not finite|non-?finite|diverg", re.IGNORECASE)


def _not_finite(subject: Subject, *, skipped: bool) -> list[Finding]:
    log = subject.log
    train = [*_train(log), *_said(log)][:1]
    collapsed = _collapsed(subject)
    found = [*train, *collapsed]
    if not any(f.severity is Severity.FATAL for f in found):
        found += _validation(log)
    return [*found, *_norms(log, skipped), *_others(log, bool(found))]


def _bad(series: Series) -> list[bool]:
    if all(map(math.isfinite, series.values)):
        return []
    return [not math.isfinite(v) for v in series.values]


def _what(series: Series, flags: Sequence[bool]) -> str:
    first = flags.index(True)
    value = series.values[first]
    kind = "nan" if math.isnan(value) else f"{value:g}"
    until = "to the end" if trailing(flags) == sum(flags) else f"on, {sum(flags)} times,"
    return f"{series.name.key} is {kind} from {series.at(first)} {until} ({share(sum(flags), len(flags))} values)"


def _train(log: Log) -> list[Finding]:
    found = []
    for series in log.of(Kind.TRAIN_LOSS, averages=True):
        flags = _bad(series)
        if any(flags):
            found.append((_weight(log, series, flags), trailing(flags), series, flags))
    if not found:
        return _blank(log)
    order = {Severity.FATAL: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    weight, _, series, flags = min(found, key=lambda f: (order[f[0]], f[2].name.average, f[2].name.term))
    others = len(found) - 1
    text = _what(series, flags) + (f", and {others} more losses" if others else "")
    return [losses.NOT_FINITE.found(text, severity=weight, values=sum(flags))]


def _blank(log: Log) -> list[Finding]:
    # Of several runs in one table one may end before another.
    told = [s.name.key.split("[")[0] for s in log.of(Kind.TRAIN_LOSS) if not s.blanks]
    for series in log.of(Kind.TRAIN_LOSS):
        if series.name.key.split("[")[0] in told:
            continue
        if series.blanks >= max(3, 0.1 * len(series.values)) and not series.sparse and len(series.values) > 1:
            text = f"{series.name.key} is empty in the last {series.blanks} places that name it, "
            text += f"after {series.values[-1]:.4g} at {series.at(len(series.values) - 1)}"
            return [losses.NOT_FINITE.found(text, severity=Severity.WARNING, values=series.blanks)]
    return []


def _weight(log: Log, series: Series, flags: Sequence[bool]) -> Severity:
    end, bad = trailing(flags), sum(flags)
    ends_part = any(stop > 1 and all(flags[stop - 2 : stop]) for stop in [*series.parts[1:], len(flags)])
    if end >= 2 or end == len(flags) or (ends_part and not series.name.average):
        return Severity.WARNING if series.name.average and end < len(flags) else Severity.FATAL
    if end == 1 or series.name.average:
        return Severity.WARNING if end else Severity.NOTE
    few = bad <= max(3, FEW * len(flags))
    if (few and log.scaler) or (bad == 1 and len(flags) >= 50):
        return Severity.NOTE
    return Severity.WARNING


def _said(log: Log) -> list[Finding]:
    if log.ended and "loss" in log.ended.lower() and _SAID.search(log.ended):
        return [losses.NOT_FINITE.found(f"the run ends with {log.ended!r}")]
    return []


def _collapsed(subject: Subject) -> list[Finding]:
    """Exactly 0 to the end, straight from a value far above: how some trainers print a loss that is NaN."""
    series = subject.train
    if series is None or series.name.rival or subject.log.rival:
        return []
    part = series.last_part()
    values = part.values
    zeros = trailing([v == 0 for v in values])
    if zeros < 3 or zeros == len(values):
        return []
    before = values[-zeros - 1]
    earlier = [abs(v) for v in values[:-zeros] if math.isfinite(v)]
    step = 10.0 ** -(part.decimals if part.decimals is not None else 12)
    if not earlier or abs(before) < max(0.02 * max(earlier), 50 * step) or mean_at_zero(part, len(values) - zeros):
        return []
    late = [s.name.key for s in subject.log.of(Kind.VALIDATION_LOSS) if s.values and not math.isfinite(s.values[-1])]
    text = f"{part.name.key} falls from {before:.4g} to exactly 0 at {part.at(len(values) - zeros)} and stays there"
    text += f" ({zeros} of {len(values)} values)" + (f"; {late[0]} is not finite after it" if late else "")
    return [losses.COLLAPSED.found(text, values=zeros)]


def _validation(log: Log) -> list[Finding]:
    for series in log.of(Kind.VALIDATION_LOSS):
        flags = _bad(series)
        bad, end = sum(flags), trailing(flags)
        if not bad or (series.table and _sparse(flags)):
            continue
        passing = not end and bad <= max(1, 0.1 * len(flags))
        weight = Severity.NOTE if passing else Severity.WARNING
        return [losses.VALIDATION_NOT_FINITE.found(_what(series, flags), severity=weight, values=bad)]
    return []


def _sparse(flags: Sequence[bool]) -> bool:
    good = [i for i, flag in enumerate(flags) if not flag]
    gaps = sum(flags[i - 1] for i in good if i)
    regular = len(good) >= 2 and gaps >= 0.5 * (len(good) - 1)
    gap = max((b - a for a, b in pairwise(good)), default=0)
    return regular and len(flags) - good[-1] <= 1.5 * gap + 1


def _norms(log: Log, skipped: bool) -> list[Finding]:
    for series in log.of(Kind.GRADIENT_NORM, averages=True):
        flags = _bad(series)
        bad, end = sum(flags), trailing(flags)
        if not bad:
            continue
        harmless = series.name.average or (bad <= max(3, 0.2 * len(flags)) and end <= max(1, FEW * len(flags)))
        weight = Severity.NOTE if harmless else Severity.WARNING
        if end >= max(3, 0.1 * len(flags)) and not series.name.average:
            weight = Severity.FATAL
        weight = Severity.NOTE if skipped else weight
        return [data_rules.GRADIENT.found(_what(series, flags), severity=weight, values=bad)]
    return []


def _others(log: Log, explained: bool) -> Iterator[Finding]:
    known = Kind.METRIC, Kind.OTHER, Kind.RATE, Kind.MOTION
    for series in log.of(*known):
        flags = _bad(series)
        end = trailing(flags)
        lost = 3 <= end < len(flags) and end == sum(flags) and not (series.table and _sparse(flags))
        if lost or (series.name.kind is Kind.RATE and end):
            weight = Severity.NOTE if explained else Severity.WARNING
            yield losses.VALUE_NOT_FINITE.found(_what(series, flags), subject=series.name.key, severity=weight)
            return
