"""What does a plain-text training log show, when the run itself is gone?"""

import math
import re
import statistics
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import InputError
from .findings import Finding, Severity
from .ledger import last_run, not_a_record, read
from .logs import Log, parse
from .rules import losses, numbers, rule, updates
from .trainer_ledger import is_trainer_ledger, last_session, parse_events
from .verdict import Verdict, judge

_DIGITS = 1e-7
"""Relative: two numbers that differ by less are printed the same."""


def findings(log: Log) -> list[Finding]:
    """What a parsed log shows, causes before symptoms.

    Args:
        log: from `parse`.

    Raises:
        InputError: the log holds no epoch.
    """
    if not log.epochs:
        raise InputError(
            "lines with an epoch and a loss", "none", "another kind of file", "pass the text that the training printed"
        )
    return [
        *_rates(log), *_motion(log), *_dedent(log), *_finite(log), *_constant(log), *_validation(log), *_terms(log),
    ]  # fmt: skip


def _rates(log: Log) -> list[Finding]:
    used = [max(max(r) for r in e.rates if r) for e in log.epochs if any(e.rates)]
    if not used:
        return []
    found = []
    zeros = sum(rate == 0 for rate in used)
    if zeros and not any(used[:zeros]):
        text = f"rates 0 in the first {zeros} of {len(used)} epochs that print them"
        found.append(updates.ZERO_RATE.found(text, epochs=zeros))
    steps = [b - a for a, b in pairwise(used)]
    rising = len(used) >= 3 and all(s > 0 for s in steps)
    total = len(log.epochs) if log.planned is None else log.planned
    if rising:
        # A straight line from 0 is a warm-up; one that still rises at the end never reached its target.
        straight = max(steps) - min(steps) <= 0.05 * max(steps)
        shape = "in a straight line" if straight else "in every epoch"
        text = f"rates rise {shape} from {used[0]:.3g} to {used[-1]:.3g} over the {len(used)} epochs that print them"
        text += f"; warm-up of {log.warmup}" if log.warmup else ""
        long = log.warmup is not None and log.warmup >= total
        everywhere = len(used) >= 0.9 * total
        if long or everywhere or (straight and zeros):
            found.append(updates.LOW_RATE.found(f"{text}, {total} epochs in the run", last=used[-1]))
    return found


def _motion(log: Log) -> list[Finding]:
    moves = [m for e in log.epochs for m in e.motion]
    if not moves or any(moves):
        return []
    claimed = sum(bool(e.stepped) for e in log.epochs)
    alive = sum(any(any(r) for r in e.rates) for e in log.epochs if e.motion)
    text = f"Δparam is 0 in all {len(moves)} places that print it"
    text += f", {alive} of them at a rate above 0, so the rate is not the only cause" if alive else ""
    text += f"; a step is claimed in {claimed} epochs" if claimed else ""
    return [updates.NO_MOTION.found(text, places=len(moves))]


def _pairs(log: Log) -> list[tuple[float, float]]:
    return [
        (e.train, e.val)
        for e in log.epochs
        if e.train and e.val and math.isfinite(e.train) and math.isfinite(e.val) and e.train > 0 and e.val > 0
    ]


def _dedent(log: Log) -> list[Finding]:
    pairs = _pairs(log)
    if len(pairs) < 2:
        return []
    ratio = statistics.median(v / t for t, v in pairs)
    if log.batches and log.batches > 2 and 0.7 < ratio / log.batches < 1.43:
        train = statistics.median(t for t, _ in pairs)
        text = (
            f"train {train:.6g} times {log.batches} batches is {train * log.batches:.4g}, as large as the validation "
            f"loss {pairs[-1][1]:.4g}: the loss of one batch divided by {log.batches}"
        )
        return [updates.REPORTED_LOSS.found(text, ratio=ratio, batches=log.batches)]
    # Later epochs may overfit; a gap from the start is another loss.
    early = statistics.median(v / t for t, v in pairs[:3])
    if early > 5 or early < 0.1:
        text = f"validation is {early:.3g} times the train loss in epochs 1-3"
        return [losses.TWO_PATHS.found(text, ratio=early)]
    return []


def _finite(log: Log) -> list[Finding]:
    found = []
    bad = [e.index for e in log.epochs if e.train is not None and not math.isfinite(e.train)]
    if bad:
        found.append(losses.NOT_FINITE.found(f"train loss not finite from epoch {bad[0]} ({len(bad)} epochs)"))
    bad = [e.index for e in log.epochs if e.val is not None and not math.isfinite(e.val)]
    if bad:
        text = f"validation not finite from epoch {bad[0]} ({len(bad)} epochs)"
        found.append(losses.VALIDATION_NOT_FINITE.found(text))
    norms = [e.index for e in log.epochs if any("grad" in n and not math.isfinite(v) for n, v in e.other.items())]
    if norms:
        found.append(numbers.GRADIENT.found(f"gradient norm not finite from epoch {norms[0]} ({len(norms)} epochs)"))
    return found


def _constant(log: Log) -> list[Finding]:
    values = [e.val for e in log.epochs if e.val is not None and math.isfinite(e.val)]
    found = []
    if len(values) >= 3 and max(values) - min(values) <= _DIGITS * max(map(abs, values)):
        text = f"validation {values[0]:.6f} in all {len(values)} epochs"
        found.append(losses.CONSTANT_VALIDATION.found(text, value=values[0], epochs=len(values)))
    train = [e.train for e in log.epochs if e.train is not None and math.isfinite(e.train)]
    if len(train) >= 3 and not any(train):
        found.append(losses.ZERO.found(f"train loss 0 in all {len(train)} epochs"))
    elif len(train) >= 3 and max(train) == min(train):
        found.append(losses.CONSTANT.found(f"train loss {train[0]:.6g} in all {len(train)} epochs"))
    return found


def _validation(log: Log) -> list[Finding]:
    train = [e.train for e in log.epochs if e.train is not None and math.isfinite(e.train)]
    if len(train) >= 3 and train[0] > 0 and min(train[-2:]) > 10 * train[0]:
        return [losses.DIVERGED.found(f"train loss rose from {train[0]:.4g} to {train[-1]:.4g}")]
    return []


def _terms(log: Log) -> list[Finding]:
    names = {n for e in log.epochs for n in e.other}
    found = []
    for name in sorted(names):
        values = [e.other[name] for e in log.epochs if name in e.other]
        if len(values) >= 3 and not any(values) and re.search(r"loss|align|contrast|peak|term|penalty|aux", name):
            found.append(losses.DEAD_TERM.found(f"0 in all {len(values)} epochs", subject=name))
    return found


def diagnose_text(text: str) -> Verdict:
    """The verdict on a plain-text log.

    Args:
        text: the log.
    """
    return _verdict(parse(text))


def _verdict(log: Log) -> Verdict:
    ranked = findings(log)
    verdict = judge(ranked, {"epochs": len(log.epochs)})
    # Ranked as found: causes stand before what they cause.
    return Verdict(state=verdict.state, findings=_causes_first(ranked), counts=verdict.counts)


def _causes_first(found: Sequence[Finding]) -> tuple[Finding, ...]:
    symptoms = {losses.CONSTANT_VALIDATION.code, losses.TWO_PATHS.code}
    return (*(f for f in found if f.rule.code not in symptoms), *(f for f in found if f.rule.code in symptoms))


def diagnose_path(path: Path | str) -> Verdict:
    """The verdict on a run directory with a ledger, on a ledger, or on a plain-text log.

    Args:
        path: `RUN_DIR`, `ledger.jsonl`, or a text file.

    Raises:
        InputError: nothing there, or nothing in it that can be read.
    """
    place = Path(path)
    place = place / "ledger.jsonl" if place.is_dir() else place
    if not place.is_file():
        raise InputError("a ledger or a log", f"{place}, which does not exist", "a wrong path", "pass the run's folder")
    records = read(place) if place.suffix == ".jsonl" else []
    if place.suffix == ".jsonl" and (not records or any({"kind", "event"} & record.keys() for record in records)):
        return diagnose_ledger(records)
    return diagnose_text(place.read_text(encoding="utf-8", errors="replace"))


def diagnose_ledger(records: list[dict[str, object]]) -> Verdict:
    """The verdict on the last run in a ledger.

    Args:
        records: from `ledger.read`.

    Raises:
        InputError: no record, or one that lacks what its kind must hold.
    """
    _check(records)
    if is_trainer_ledger(records):
        return _session(last_session(records))
    run = last_run(records)
    latest: dict[tuple[object, object], dict[str, object]] = {}
    for record in run:
        if record.get("kind") == "finding":
            latest[record["code"], record["subject"]] = record
        if record.get("kind") == "end" and isinstance(record.get("findings"), list):
            latest.update({(f["code"], f["subject"]): f for f in record["findings"]})  # pyright: ignore[reportGeneralTypeIssues]
    found = [_stored(record) for record in latest.values()]
    if run and not any(record.get("kind") == "end" for record in run):
        found.append(_died(len(run)))
    epochs = sum(record.get("kind") == "epoch" for record in run)
    return judge(found, {"epochs": epochs})


def _check(records: list[dict[str, object]]) -> None:
    # Each record is read once by itself, so that a broken one is named by its line.
    if not records:
        raise InputError(
            "a ledger with records", "none", "the run died before its first one", "start it again, or pass another file"
        )
    for number, record in enumerate(records, 1):
        try:
            _retell(record)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            told = f"a record without {error}" if isinstance(error, KeyError) else str(error)
            raise not_a_record(number, told) from error


def _retell(record: dict[str, Any]) -> None:
    if "finding" in (record.get("kind"), record.get("event")):
        _stored(record)
    for kept in record.get("findings", ()):
        _stored(kept)
    if record.get("event") == "verdict":
        judge((), dict(record["counts"]), tuple(record["blind"]))
    parse_events([record])


def _session(run: list[dict[str, object]]) -> Verdict:
    """The verdict of a Trainer's watch, or where the run died before it: its findings so far and what the log shows."""
    told = [record for record in run if record.get("event") == "verdict"]
    ended = any(record.get("event") in {"end", "failure"} for record in run)
    died = [] if ended else [_died(len(run))]
    if told:
        kept: dict[str, Any] = told[-1]
        found = [*map(_stored, kept["findings"]), *died]
        return judge(found, kept["counts"], tuple(kept["blind"]))
    log = parse_events(run)
    known = {f.key: f for f in (_stored(record) for record in run if record.get("event") == "finding")}
    shown = findings(log) if log.epochs else []
    ranked = [*died, *known.values(), *(f for f in shown if f.key not in known)]
    return judge(ranked, {"epochs": len(log.epochs)})


def _died(records: int) -> Finding:
    return rule("RT501").found(f"{records} records and no end record")


def _stored(record: dict[str, object]) -> Finding:
    kept = rule(str(record["code"]))
    update = record["update"] if isinstance(record["update"], int) else None
    told = record["numbers"] if isinstance(record["numbers"], dict) else {}
    measured = {name: float(value) if isinstance(value, str) else value for name, value in told.items()}
    severity, count = Severity(str(record["severity"])), int(str(record["count"]))
    return Finding(kept, str(record["evidence"]), str(record["subject"]), severity, update, measured, count)
