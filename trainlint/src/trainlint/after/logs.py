"""What numbers does a plain-text training log hold, epoch by epoch?"""

import re
from dataclasses import dataclass, field

from .tables import as_lines

_NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf(?:inity)?)"
_EPOCH = re.compile(r"\bepochs?\b[\s:=#\[\(]*(\d+)(?:\s*/\s*(\d+))?", re.IGNORECASE)
_PAIR = re.compile(rf"([A-Za-z][A-Za-z_./-]*(?: [A-Za-z_]+){{0,2}})\s*[:=]\s*({_NUMBER})(?![\w.])", re.IGNORECASE)
_RATES = re.compile(
    rf"(?:(?:\b|_)(?:lrs?(?:[-/]\w+)*|learning[_ ]rates?)|\brates?)\b\s*[:=]?\s*(\[[^\]]*\]|{_NUMBER})", re.IGNORECASE
)
_BATCHES = re.compile(
    r"\b(?:batch(?:es)?|steps?|iter(?:ations?)?)\b(?:\s*(?:per|an|/)\s*epoch)?\s*[:=\[]?\s*(?:\d+\s*/\s*)?(\d+)",
    re.IGNORECASE,
)
_BATCHES_BEFORE = re.compile(r"\b(\d+)\s+batches\b|\b\d+/(\d+) [\[━]", re.IGNORECASE)
"""`8 batches`, or the progress bars `8/8 [====]` and `8/8 ━━━━`."""
_WARMUP = re.compile(r"\bwarm-?_?up(?:[_ ](?:epochs?|steps?|updates?))?\b\s*[:=]?\s*(\d+)", re.IGNORECASE)
_MOTION = re.compile(
    r"(?:Δ\s*param\w*|delta[_ ]?param\w*|param[_ ]?(?:delta|change|drift)|‖?Δ[wθ]‖?)"
    rf"(?:\s*\|\|·\|\|₂|\s*L2:\s*median)?\s*\|*\s*[:=]?\s*({_NUMBER})",
    re.IGNORECASE,
)
_BARE = re.compile(rf"\b((?:train(?:ing)?|val(?:id(?:ation)?)?)(?: loss)?|loss)\s+({_NUMBER})(?![\w.])", re.IGNORECASE)
_WITHIN = re.compile(r"\s*\[(?:GRAD|OPT|LOSS|STEP|SKIP)\]")
"""Lines about one batch: a number behind `batch` is which, not how many."""
_ASIDE = re.compile(r"(?:pass|FAIL)  |\[VERDICT\]|RT\d{3} |    (?:cause|next|see):")
"""Lines of a preflight or a verdict: they speak about the run, their numbers are not the log's."""
_STEPPED = re.compile(
    r"\b(?:opt(?:imi[sz]er)?[_ ]?)?stepp?(?:ed|_taken|s_taken)\b\s*[:=]\s*(true|false|yes|no|\d+)", re.IGNORECASE
)


@dataclass
class Record:
    """What a log says about one epoch.

    Args:
        index: as printed; None before the first epoch line.
        rates: learning rates, in the order printed.
        train: train loss.
        val: validation loss.
        motion: Δparam values.
        stepped: True where the log claims that a step was taken.
        other: any other named number.
    """

    index: int | None
    rates: list[list[float]] = field(default_factory=list)
    train: float | None = None
    val: float | None = None
    motion: list[float] = field(default_factory=list)
    stepped: bool | None = None
    other: dict[str, float] = field(default_factory=dict)


@dataclass
class Log:
    """What a log says about a run.

    Args:
        epochs: one record per epoch, in order.
        planned: planned epochs, where the log says so.
        batches: batches per epoch, where the log says so.
        warmup: length of the warm-up, in the log's own unit.
    """

    epochs: list[Record] = field(default_factory=list)
    planned: int | None = None
    batches: int | None = None
    warmup: int | None = None


def parse(text: str) -> Log:
    """Read a training log: `[LR] [GRAD] [OPT] [STEP] Epoch` lines, common `epoch/loss/val_loss/lr` formats, and tables.

    Lines before the first that names a new epoch belong to the epoch that follows, since some loops print rates first
    and the summary last.

    Args:
        text: the log.
    """
    log = Log()
    current = Record(None)
    for line in (line for line in as_lines(text) if not _ASIDE.match(line)):
        _header(log, line)
        epoch = _EPOCH.search(line)
        if epoch:
            index = int(epoch[1])
            log.planned = int(epoch[2]) if epoch[2] else log.planned
            if current.index is not None and index != current.index:
                log.epochs.append(current)
                current = Record(index)
            current.index = index
        elif _complete(current) and ("[LR]" in line or _starts(line)):
            log.epochs.append(current)
            current = Record(None)
        _line(current, line)
    if any(each is not None for each in (current.index, current.train, current.val)):
        current.index = len(log.epochs) + 1 if current.index is None else current.index
        log.epochs.append(current)
    return log


def _complete(record: Record) -> bool:
    return record.val is not None and record.train is not None


def _starts(line: str) -> bool:
    return bool(re.match(r"\s*\[(?:LR|GRAD|OPT)\]", line))


def _header(log: Log, line: str) -> None:
    found = _BATCHES_BEFORE.search(line) or (None if _WITHIN.match(line) else _BATCHES.search(line))
    if found:
        log.batches = max(int(next(filter(None, found.groups()))), log.batches or 0)
    if found := _WARMUP.search(line):
        log.warmup = int(found[1])


def _line(record: Record, line: str) -> None:
    for found in _RATES.finditer(line):
        record.rates.append([float(v) for v in re.findall(_NUMBER, found[1], re.IGNORECASE)])
    record.motion += [float(found[1]) for found in _MOTION.finditer(line)]
    if found := _STEPPED.search(line):
        record.stepped = found[1].lower() in {"true", "yes"} or (found[1].isdigit() and int(found[1]) > 0)
    for name, value in _PAIR.findall(_EPOCH.sub(";", line)):
        _assign(record, _key(name), float(value))
    for name, value in _BARE.findall(line):
        _assign(record, _key(name), float(value))


def _key(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_").removesuffix("_epoch")


def _assign(record: Record, name: str, value: float) -> None:
    if re.search(r"(?:^|_|\b)(?:lr|rate|epoch|batch|batches|step|delta|δ)", name) or "Δ" in name:
        return
    if re.search(r"val|valid|eval|dev|test", name):
        kind = "loss" in name or re.fullmatch(r".*?(?:val|valid|validation|eval|test)", name)
        if kind and record.val is None:
            record.val = value
            return
    elif re.search(r"loss|train", name) and record.train is None and not re.search(r"acc|time|second|sample", name):
        record.train = value
        return
    record.other[name] = value
