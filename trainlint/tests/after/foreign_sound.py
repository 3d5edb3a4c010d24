"""Sound logs as many programs print them, with noise, restarts, rounding and other things that look wrong and are not."""

# ruff: noqa: E501  (lines are as long as programs print them)

import json
import math
from collections.abc import Iterable, Iterator
from random import Random


def falling(count: int, first: float, last: float, noise: float = 0.0, seed: int = 0) -> list[float]:
    """Values on an exponential way from one to the other, with relative noise."""
    draw = Random(seed)
    rate = math.log(first / last) / max(1, count - 1)
    return [first * math.exp(-rate * i) * (1 + noise * draw.gauss(0, 1)) for i in range(count)]


def text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def detectron2() -> str:
    loss = falling(60, 2.1, 0.6, 0.08)
    return text(
        f"[07/11 09:{i:02d}:12 d2.utils.events]:  eta: 0:{59 - i % 60:02d}:03  iter: {20 * i + 19}  total_loss: {v:.3f}  "
        f"loss_cls: {v / 2:.3f}  loss_box_reg: {v / 3:.4f}  time: 0.31  last_time: 0.29  data_time: 0.004  "
        f"lr: {min(1, (i + 1) / 10) * 0.02:.5f}  max_mem: 3120M"
        for i, v in enumerate(loss)
    )


def megatron() -> str:
    loss = falling(80, 10.4, 3.1, 0.01)
    return text(
        f" iteration {10 * (i + 1):8d}/    5000 | consumed samples: {160 * (i + 1):12d} | elapsed time per iteration (ms): "
        f"812.4 | learning rate: {1e-6 * (i + 1):.3E} | global batch size:    16 | lm loss: {v:.6E} | loss scale: "
        f"{65536.0 if i > 1 else 4294967296.0:.1f} | grad norm: {1.3 + (i % 7) / 5:.3f} | number of skipped iterations: "
        f"{10 if i == 0 else 0:3d} | number of nan iterations:   0 |"
        for i, v in enumerate(loss)
    )


def apex_start() -> str:
    skips = [f"Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to {2.0**k}" for k in (15, 14, 13)]
    loss = falling(120, 7.0, 2.2, 0.05)
    lines = [f"| epoch {1 + i // 40} | {i % 40:5d}/40 batches | lr 0.00100 | ms/batch 51.2 | loss {v:5.2f} | ppl {9.1:8.2f}"
             for i, v in enumerate(loss)]  # fmt: skip
    return text(
        [
            *skips,
            *lines[:80],
            "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 8192.0",
            *lines[80:],
        ]
    )


def cifar_tutorial() -> str:
    loss = falling(24, 2.2, 0.9, 0.02)
    return text(
        [f"[{1 + i // 6}, {2000 * (i % 6 + 1):5d}] loss: {v:.3f}" for i, v in enumerate(loss)] + ["Finished Training"]
    )


def quickstart() -> str:
    def lines() -> Iterator[str]:
        for e, (t, v) in enumerate(zip(falling(10, 2.3, 0.9), falling(10, 2.15, 0.95), strict=True), 1):
            yield f"Epoch {e}\n-------------------------------"
            yield from (f"loss: {t * (1 + 0.01 * (k % 3)):>7f}  [{k * 6400 + 64:>5d}/60000]" for k in range(10))
            yield f"Test Error: \n Accuracy: {30 + 4 * e:>0.1f}%, Avg loss: {v:>8f} \n"

    return text(lines())


def mnist_example() -> str:
    def lines() -> Iterator[str]:
        for e, v in enumerate(falling(14, 0.08, 0.027, 0.02), 1):
            for k in range(6):
                yield f"Train Epoch: {e} [{k * 10000}/60000 ({k * 16}%)]\tLoss: {v * (1 + (k * 7 % 5) / 5):.6f}"
            yield f"\nTest set: Average loss: {v:.4f}, Accuracy: {9700 + 15 * e}/10000 ({97 + e / 8:.0f}%)\n"

    return text(lines())


def imagenet() -> str:
    def lines() -> Iterator[str]:
        for e in range(8):
            for k in range(10):
                v = 6.9 - 0.5 * e - 0.02 * k
                yield (f"Epoch: [{e}][{k * 500:4d}/5005]\tTime  0.312 ( 0.330)\tData  0.001 ( 0.012)\tLoss {v:.4e} ({v + 0.1:.4e})"
                       f"\tAcc@1 {5.0 * e + k / 4:6.2f} ({5.0 * e:6.2f})\tAcc@5 {9.0 * e + k / 4:6.2f} ({9.0 * e:6.2f})")  # fmt: skip
            yield f" *   Acc@1 {6.0 * e + 1:.3f} Acc@5 {10.0 * e + 2:.3f}"

    return text(lines())


def nanogpt() -> str:
    train, val = falling(21, 4.3, 1.2), falling(21, 4.31, 1.5)
    lines = []
    for i in range(21):
        lines.append(f"step {250 * i}: train loss {train[i]:.4f}, val loss {val[i]:.4f}")
        lines += [
            f"iter {250 * i + 10 * k}: loss {train[i] * (1 + 0.02 * (k % 3 - 1)):.4f}, time 31.20ms, mfu 12.4%"
            for k in range(25)
        ]
    return text(lines)


def caffe() -> str:
    lines = []
    for i, v in enumerate(falling(40, 2.3, 0.3, 0.05)):
        stamp = f"I0314 10:{i:02d}:00.123456  4711 solver.cpp:"
        lines.append(f"{stamp}228] Iteration {100 * i}, loss = {v:.6g}")
        lines.append(f"{stamp}244]     Train net output #0: loss = {v:.6g} (* 1 = {v:.6g} loss)")
        lines.append(f"{stamp}106] Iteration {100 * i}, lr = 0.01")
        if i % 5 == 0:
            lines.append(f"{stamp}404]     Test net output #0: accuracy = {0.1 + 0.02 * i:.4g}")
            lines.append(f"{stamp}404]     Test net output #1: loss = {v * 1.1:.6g} (* 1 = {v * 1.1:.6g} loss)")
    return text(lines)


def lightning_bar() -> str:
    out, val = "", math.nan
    for e in range(6):
        for k in range(1, 21):
            loss = 2.0 / (1 + e + k / 20)
            if k == 20:
                val = 2.1 / (1.5 + e)
            shown = "" if math.isnan(val) else f", val_loss={val:.3f}"
            out += f"\rEpoch {e}: {5 * k:3d}%|{'█' * (k // 2)}{' ' * (10 - k // 2)}| {k}/20 [00:0{k // 4}<00:01, 12.3it/s, v_num=3, train_loss={loss:.3f}{shown}]"
        out += "\n"
    return out


def keras_bar() -> str:
    out = ""
    for e in range(1, 9):
        out += f"Epoch {e}/8\n"
        for k in (1, 10, 25, 40):
            out += f"\r{k:2d}/40 [{'=' * (k // 2)}>{'.' * (20 - k // 2)}] - ETA: 1s - loss: {(1.5 + 1.0 / k) / e:.4f} - accuracy: {0.5 + e / 20:.4f}"
        out += f"\r40/40 [==============================] - 2s 41ms/step - loss: {1.5 / e:.4f} - accuracy: {0.5 + e / 20:.4f}"
        out += f" - val_loss: {1.6 / e + 0.1:.4f} - val_accuracy: {0.48 + e / 22:.4f}\n"
    return out


def trainer_state() -> str:
    history = []
    for i, v in enumerate(falling(40, 2.0, 0.7, 0.03), 1):
        history.append(
            {
                "epoch": i / 20,
                "grad_norm": 1.0 + (i % 5) / 4,
                "learning_rate": 5e-5 * (1 - i / 40),
                "loss": round(v, 4),
                "step": 50 * i,
            }
        )
        if i % 10 == 0:
            history.append(
                {
                    "epoch": i / 20,
                    "eval_loss": v * 1.05,
                    "eval_runtime": 12.5,
                    "eval_accuracy": 0.5 + i / 100,
                    "step": 50 * i,
                }
            )
    return json.dumps(
        {"best_metric": None, "epoch": 2.0, "global_step": 2000, "log_history": history, "max_steps": 2000}, indent=2
    )


def keras_history() -> str:
    return json.dumps({"loss": falling(12, 1.0, 0.2), "val_loss": falling(12, 1.1, 0.35), "accuracy": [0.5 + i / 40 for i in range(12)],
                       "val_accuracy": [0.48 + i / 42 for i in range(12)]})  # fmt: skip
