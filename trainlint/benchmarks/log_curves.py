"""How often is a drawn log judged rightly? Sound curves with noise, and nine faults, in the forms of several programs.

Usage: python log_curves.py [LOGS]. Prints alarms on sound logs, and for each fault how many are missed and how many are
named first.
"""

# ruff: noqa: E501

import math
import sys
from collections import Counter
from dataclasses import dataclass, replace
from random import Random

from trainlint import diagnose_text

FORMS = (
    "Epoch {e}/{n} loss: {t} val_loss: {v} val_acc: {a} lr: {r}",
    "{{'loss': {t}, 'learning_rate': {r}, 'epoch': {e}.0}}\n{{'eval_loss': {v}, 'eval_accuracy': {a}, 'epoch': {e}.0}}",
    "step {s}: train loss {t}, val loss {v}, lr {r}",
    "epoch {e} | train {t} | valid {v} | acc {a}",
    "[{e}] train_loss={t} val_loss={v} f1={a}",
    "iter {s} loss {t} lr {r}",
)
WITH_RATE, WITH_VALIDATION = FORMS[:3], FORMS[:5]
NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Run:
    """The curves of a run: train and validation loss, accuracy and rate, one value an epoch."""

    train: list[float]
    val: list[float]
    metric: list[float]
    rate: list[float]
    noise: float

    def text(self, draw: Random, form: str, decimals: int) -> str:
        """The run as a program prints it."""
        count = len(self.train)
        rate = draw.choice(("{:.6f}", "{:.2e}", "{!r}"))

        def line(i: int) -> str:
            loss, val = (f"{c[i]:.{decimals}f}" if c[i] else "0.0" for c in (self.train, self.val))
            shown = {"t": loss, "v": val, "a": f"{self.metric[i]:.4f}", "r": rate.format(self.rate[i])}
            return form.format(e=i + 1, n=count, s=100 * i, **shown)

        return "\n".join(map(line, range(count)))


def falling(draw: Random, count: int) -> list[float]:
    """A loss without noise: exponential or by a power, to a floor or to nothing."""
    first = 10 ** draw.uniform(-1, 1.5)
    floor, tau, power = (
        first * draw.choice((0, 0.02, 0.1, 0.3, 0.6, 0.8)),
        count * draw.choice((0.05, 0.15, 0.3, 0.6)),
        draw.uniform(0.3, 1.2),
    )
    exponential = draw.random() < 0.5
    return [floor + (first - floor) * (math.exp(-i / tau) if exponential else (1 + i) ** -power) for i in range(count)]


def sound(draw: Random, counts: tuple[int, ...] = (3, 5, 8, 12, 20, 30, 50, 100, 200)) -> Run:
    """A run that learns: any length and noise, a gap to validation, a little over-fitting, any schedule."""
    count, noise = draw.choice(counts), draw.choice((0, 0.003, 0.01, 0.03, 0.1, 0.2))
    base = falling(draw, count)
    over, gap, top = (
        draw.choice((0, 0, 0, 0.1, 0.15)) * min(base),
        draw.choice((0.9, 1, 1.1, 1.3)),
        draw.uniform(0.3, 0.99),
    )
    peak, schedule = 10 ** draw.uniform(-5, -1), draw.choice(("constant", "cosine", "linear", "warm-up", "steps"))
    shape = {
        "constant": lambda i: 1.0, "cosine": lambda i: 0.5 + 0.5 * math.cos(math.pi * i / count),
        "linear": lambda i: 1 - (i + 1) / count, "warm-up": lambda i: min(1.0, (i + 1) / max(2, count // 10)),
        "steps": lambda i: 0.1 ** (3 * i // count),
    }[schedule]  # fmt: skip
    return Run(
        train=[b * (1 + noise * draw.gauss(0, 1)) for b in base],
        val=[
            b * gap * (1 + noise / 2 * draw.gauss(0, 1)) + over * max(0.0, 2 * i / count - 1)
            for i, b in enumerate(base)
        ],
        metric=[min(1.0, max(0.0, top * (1 - 0.8 * b / base[0]) + noise / 5 * draw.gauss(0, 1))) for b in base],
        rate=[peak * shape(i) for i in range(count)],
        noise=noise,
    )


STEPS = (
    "epoch {e} step {i} loss {v}",
    "Epoch [{e}/{n}], Step [{i}/{m}], Loss: {v}",
    "[{e}, {i}] loss: {v}",
    "{{'epoch': {e}, 'step': {g}, 'loss': {v}}}",
)


def shown(losses: list[float], how: str) -> list[float]:
    """Losses of one epoch as they are, or as sums or means since it began."""
    sums = [math.fsum(losses[: i + 1]) for i in range(len(losses))]
    return {"plain": losses, "sum": sums, "mean": [s / (i + 1) for i, s in enumerate(sums)]}[how]


def steps(draw: Random) -> tuple[str, str]:
    """A sound run that prints several values an epoch: how, and its text."""
    epochs, per, every = draw.choice((1, 2, 3, 5, 8, 12, 20)), draw.choice((5, 8, 10, 20, 50)), draw.choice((1, 10, 50))
    base, noise, form = falling(draw, epochs * per), draw.choice((0, 0.01, 0.03, 0.1, 0.2)), draw.choice(STEPS)
    how, decimals, lines = draw.choice(("plain", "sum", "mean")), draw.choice((2, 3, 4, 6)), []
    losses = [b * math.exp(noise * draw.gauss(0, 1)) for b in base]
    for e in range(epochs):
        for j, v in enumerate(shown(losses[e * per : (e + 1) * per], how), 1):
            place = {"e": e + 1, "n": epochs, "i": j * every, "m": per * every, "g": (e * per + j) * every}
            lines.append(form.format(**place, v=f"{v:.{decimals}f}"))
    return how, "\n".join(lines)


def broken(draw: Random, fault: str) -> Run:
    """A run with one fault, at a random place."""
    run = sound(draw, (8, 12, 20, 30, 50, 100))
    count = len(run.train)
    at = draw.randrange(1, count - 3)
    rest = count - at
    scatter = [draw.gauss(0, 1) for _ in range(count)]
    zero = max(count // 3, 3)
    start = draw.choice((0, count - zero))
    late = min(at + 2, count - 5)
    stuck = [run.train[0] * (1 + 0.02 * s) for s in scatter]
    way = [(i + 0.5) / count for i in range(count)]
    one_way = [math.exp(-3 * w) for w in way]
    return {
        "nan": lambda: replace(run, train=run.train[:at] + [NAN] * rest, val=run.val[:at] + [NAN] * rest),
        "validation nan": lambda: replace(run, val=run.val[:at] + [NAN] * rest),
        "validation constant": lambda: replace(run, val=[1.234567] * count),
        "rate zero": lambda: replace(
            run,
            rate=run.rate[:start] + [0.0] * zero + run.rate[start + zero :],
            train=stuck,
            val=stuck,
            metric=[0.1 + 0.002 * s for s in scatter],
        ),
        "jump": lambda: replace(run, train=run.train[:late] + [1.5 * max(run.train) * (1 + 0.01 * s) for s in scatter[late:]]),
        "rises": lambda: replace(run, train=[1 + 1.5 * w + 0.03 * s for w, s in zip(way, scatter, strict=True)]),
        "over-fitting": lambda: replace(run, train=one_way, val=[0.5 + 2 * w + 0.05 * s for w, s in zip(way, scatter, strict=True)], metric=[0.7 - 0.2 * w for w in way]),
        "flat": lambda: replace(run, train=[2.302 + 0.001 * s for s in scatter], val=[2.303 - 0.001 * s for s in scatter], metric=[0.1 + 0.002 * s for s in scatter]),
        "zero": lambda: replace(run, train=[max(t, 0.2) for t in run.train[:at]] + [0.0] * rest, val=run.val[:at] + [NAN] * rest),
    }[fault]()  # fmt: skip


FAULTS = {"nan": "RT201", "validation nan": "RT213", "validation constant": "RT212", "rate zero": "RT101", "jump": "RT202",
          "rises": "RT253", "over-fitting": "RT230", "flat": "RT251", "zero": "RT250"}  # fmt: skip


def main() -> None:
    """Draw, judge and count."""
    logs = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    alarms = Counter[str]()
    for seed in range(logs):
        draw = Random(seed)
        verdict = diagnose_text(sound(draw).text(draw, draw.choice(FORMS), draw.choice((2, 3, 4, 5, 6))))
        if not verdict.healthy:
            alarms[verdict.codes[0] if verdict.codes else "not judged"] += 1
    print(f"sound: {sum(alarms.values())} alarms in {logs} logs {dict(alarms)}", flush=True)
    within, counted = Counter[str](), Counter[str]()
    for seed in range(logs):
        how, text = steps(Random(seed))
        verdict = diagnose_text(text)
        counted[how] += 1
        within[f"{how}: {verdict.codes[0] if verdict.codes else 'not judged'}"] += not verdict.healthy
    told = {key: count for key, count in within.items() if count}
    print(f"sound, several values an epoch: {sum(told.values())} alarms in {dict(counted)} {told}", flush=True)
    each = logs // len(FAULTS)
    for fault, code in FAULTS.items():
        missed = named = 0
        for seed in range(each):
            draw = Random(seed)
            run = broken(draw, fault)
            form = draw.choice(WITH_RATE if fault == "rate zero" else WITH_VALIDATION)
            verdict = diagnose_text(run.text(draw, form, draw.choice((3, 4, 5, 6))))
            missed += verdict.healthy
            named += code in verdict.codes[:1]
        print(f"{fault}: {missed} of {each} missed, {named} named {code} first", flush=True)


if __name__ == "__main__":
    main()
