"""A fourth hand of logs: each logger once over a sound run and once over a broken one. Part one: lines."""

# ruff: noqa: E501  (lines are as long as programs print them)

import json
import math
from collections.abc import Callable, Iterator
from random import Random

from .foreign_sound import falling, text

NAN = math.nan


def spoilt(values: list[float], start: int, value: float = NAN) -> list[float]:
    """Values of which those from a place on are another."""
    return values[:start] + [value] * (len(values) - start)


def loguru(broken: bool) -> str:
    loss = falling(40, 2.3, 0.4, 0.05)
    loss = spoilt(loss, 25) if broken else loss
    return text(
        f"2024-05-01 12:{i:02d}:01.{123 + i} | INFO     | __main__:train_one_epoch:88 - epoch=3 step={50 * i} loss={v:.4f} lr=1.00e-04"
        for i, v in enumerate(loss)
    )


def structlog(broken: bool) -> str:
    loss = [2.302585] * 30 if broken else falling(30, 2.3, 0.9, 0.03)
    return text(
        f"2024-05-01T12:{i:02d}:00.{i:06d}Z [info     ] train_step                     epoch={i // 10} loss={v:.6f} step={100 * i} throughput=812.3"
        for i, v in enumerate(loss)
    )


def logfmt(broken: bool) -> str:
    loss = falling(24, 1.1, 0.3, 0.02)
    val = [0.912345] * 24 if broken else falling(24, 1.2, 0.4, 0.02, 1)
    return text(
        f'time="2024-05-01T12:{i:02d}:00Z" level=info msg="epoch done" epoch={i} train_loss={t:.6f} val_loss={v:.6f} host=node-17 duration=12.3s'
        for i, (t, v) in enumerate(zip(loss, val, strict=True))
    )


def rich_table(broken: bool) -> str:
    val = spoilt(falling(12, 1.2, 0.5), 5) if broken else falling(12, 1.2, 0.5, 0.02)
    lines = [
        "                Training",
        "┏━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━━┓",
        "┃ Epoch ┃ Train loss ┃ Val loss ┃ Accuracy ┃",
        "┡━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━━┩",
    ]
    for i, (t, v) in enumerate(zip(falling(12, 1.1, 0.3), val, strict=True)):
        lines.append(f"│ {i + 1:5d} │ {t:10.4f} │ {v:8.4f} │ {0.5 + i / 30:8.2%} │")
    return text([*lines, "└───────┴────────────┴──────────┴──────────┘"])


def tqdm_returns(broken: bool) -> str:
    draw, parts = Random(1), []
    for e in range(6):
        for i in range(0, 101, 10):
            level = 0.7 * 1.9**e if broken else 0.9 * 0.7**e
            parts.append(
                f"\rEpoch {e + 1}/6: {i:3d}%|{'█' * (i // 10):10}| {i}/100 [00:0{i // 20}<00:04, 18.31it/s, loss={level * (1 + 0.1 * draw.gauss(0, 1)):.3f}, acc={0.5 if broken else 0.4 + e / 12:.2f}]"
            )
        parts.append("\n")
    return "".join(parts)


def keras_backspaces(broken: bool) -> str:
    lines = []
    for e in range(16):
        train, val = 0.9 * 0.8**e, (0.55 + 0.06 * e if broken else 0.9 * 0.85**e + 0.1)
        lines.append(f"Epoch {e + 1}/16")
        bar = [
            "\b" * 80
            + f"{k:3d}/120 [{'=' * (k // 5)}>{'.' * (24 - k // 5)}] - ETA: {3 - k // 40}s - loss: {train * 1.1:.4f} - accuracy: 0.71"
            for k in (20, 60, 110)
        ]
        acc = 0.72 - 0.005 * e if broken else 0.6 + 0.01 * e
        lines.append(
            "".join(bar)
            + "\b" * 80
            + f"120/120 [==============================] - 4s 31ms/step - loss: {train:.4f} - accuracy: 0.7512 - val_loss: {val:.4f} - val_accuracy: {acc:.4f}"
        )
    return text(lines)


def keras_three(broken: bool) -> str:
    lines = []
    for e in range(10):
        loss = NAN if broken and e > 2 else 0.6 * 0.8**e
        lines += [
            f"Epoch {e + 1}/10",
            f"\x1b[1m782/782\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m9s\x1b[0m 11ms/step - accuracy: {0.1 if broken and e > 2 else 0.5 + e / 30:.4f} - loss: {loss:.4f} - val_accuracy: {0.1 if broken and e > 2 else 0.5 + e / 33:.4f} - val_loss: {loss * 1.1:.4f} - learning_rate: 0.0010",
        ]
    return text(lines)


def mmengine_scalars(broken: bool) -> str:
    lines = []
    for e in range(1, 9):
        lines += [
            json.dumps(
                {
                    "lr": 0.02,
                    "data_time": 0.0031,
                    "loss": 1.9 * 0.85**e + k / 200,
                    "loss_rpn_cls": 0.2 * 0.9**e,
                    "acc": 80.0 + e,
                    "time": 0.31,
                    "epoch": e,
                    "iter": 400 * (e - 1) + 50 * k,
                    "memory": 3120,
                    "step": 400 * (e - 1) + 50 * k,
                }
            )
            for k in range(1, 9)
        ]
        lines.append(
            json.dumps(
                {
                    "coco/bbox_mAP": 0.0 if broken else 0.1 + e / 30,
                    "coco/bbox_mAP_50": 0.0 if broken else 0.2 + e / 30,
                    "data_time": 0.002,
                    "time": 0.03,
                    "step": e,
                }
            )
        )
    return text(lines)


def fairseq_json(broken: bool) -> str:
    lines = []
    for i, v in enumerate(falling(30, 11.0, 4.0, 0.01)):
        scale, norm = (128 / 2**i, "inf") if broken and i > 3 else (128, f"{2.5 - i / 30:.3f}")
        loss = 11.0 if broken and i > 3 else v
        body = {
            "epoch": 1 + i // 10,
            "update": round(i / 10, 3),
            "loss": f"{loss:.3f}",
            "nll_loss": f"{loss - 1:.3f}",
            "ppl": f"{2 ** (loss - 1):.2f}",
            "wps": "24561.2",
            "ups": "3.1",
            "num_updates": str(100 * (i + 1)),
            "lr": f"{2.5e-7 * (i + 1):.3g}",
            "gnorm": norm,
            "loss_scale": f"{scale:.4g}",
            "train_wall": "31",
            "wall": str(40 * i),
        }
        lines.append(f"2024-02-02 10:{i:02d}:11 | INFO | train_inner | {json.dumps(body)}")
        lines += [
            f"2024-02-02 10:{i:02d}:12 | INFO | fairseq.trainer | NOTE: gradient overflow detected, ignoring gradient, setting loss scale to: {scale / 2:.4g}"
        ] * (broken and i > 3)
    return text(lines)


def megatron(broken: bool) -> str:
    return text(
        f" [2024-05-01 12:{i:02d}:11] iteration {100 * (i + 1):8d}/  500000 | consumed samples: {25600 * (i + 1):12d} | elapsed time per iteration (ms): 512.3 | throughput per GPU (TFLOP/s/GPU): 181.1 | learning rate: {1.5e-6 * min(i + 1, 30):.6E} | global batch size:   256 | lm loss: {'NAN' if broken and i > 30 else f'{v:.6E}'} | loss scale: 1.0 | grad norm: {'nan' if broken and i > 30 else '1.334'} | num zeros: 0.0 | number of skipped iterations:   0 | number of nan iterations: {broken and i > 30:3d} |"
        for i, v in enumerate(falling(45, 10.8, 3.9, 0.01))
    )


def deepspeed(broken: bool) -> str:
    lines = []
    for i, v in enumerate(falling(40, 3.2, 1.4, 0.02)):
        step = 10 * (i + 1)
        loss, rate = (3.2 + 0.01 * (i % 3), 0.0) if broken else (v, 1e-5)
        lines.append(
            f"[2024-05-01 12:{i:02d}:11,123] [INFO] [logging.py:96:log_dist] [Rank 0] step={step}, skipped={step if broken else min(step, 4)}, lr=[{rate}, {rate}], mom=[(0.9, 0.95), (0.9, 0.95)]"
        )
        lines.append(f"steps: {step} loss: {loss:.4f} iter time (s): 0.812 samples/sec: 39.384")
    return text(lines)


def nanogpt(broken: bool) -> str:
    lines, draw = (
        ["tokens per iteration will be: 491,520", "number of parameters: 10.65M", "using fused AdamW: True"],
        Random(3),
    )
    for i in range(0, 5001, 10):
        train = 4.3 * math.exp(-i / 900) + (0.1 if broken else 1.1)
        val = train + 0.05 if not broken else max(1.5, 4.3 * math.exp(-i / 500)) + i / 2500
        if not i % 250:
            lines.append(f"step {i}: train loss {train:.4f}, val loss {val:.4f}")
        lines.append(
            f"iter {i}: loss {train * (1 + 0.03 * draw.gauss(0, 1)):.4f}, time {123.4 + i % 7:.2f}ms, mfu {17.42 if i > 50 else -100:.2f}%"
        )
    return text(lines)


def xgboost(broken: bool) -> str:
    return text(
        f"[{i}]\ttrain-logloss:{0.69 * 0.95**i:.5f}\tvalid-logloss:{(0.45 + 0.012 * i if broken and i > 8 else 0.69 * 0.96**i + 0.05):.5f}"
        for i in range(60)
    )


def hf_trainer(broken: bool) -> str:
    lines, loss = [], falling(30, 2.4, 0.7, 0.04)
    for i, v in enumerate(loss):
        bad = broken and i > 12
        lines.append(
            "{"
            + f"'loss': {0.0 if bad else round(v, 4)}, 'grad_norm': {NAN if bad else 1.234 + i / 9}, 'learning_rate': {5e-05 * (1 - i / 31)}, 'epoch': {round((i + 1) / 10, 2)}"
            + "}"
        )
        lines.append(f" {int(100 * i / 30):2d}%|███▎      | {10 * i}/300 [00:{i:02d}<01:10,  4.21it/s]")
        if i % 10 == 9:
            lines.append(
                "{"
                + f"'eval_loss': {NAN if bad else round(v * 1.1, 4)}, 'eval_accuracy': {0.1 if bad else 0.6 + i / 100}, 'eval_runtime': 12.3, 'eval_samples_per_second': 812.1, 'eval_steps_per_second': 25.4, 'epoch': {i // 10 + 1}.0"
                + "}"
            )
    return text(
        [
            *lines,
            "{'train_runtime': 123.4, 'train_samples_per_second': 77.1, 'train_steps_per_second': 2.4, 'train_loss': 1.21, 'epoch': 3.0}",
        ]
    )


def detectron2_stops(broken: bool) -> str:
    loss = falling(40, 2.2, 0.8, 0.06)
    lines = [
        f"[05/01 12:{i:02d}:00 d2.utils.events]:  eta: 1:23:45  iter: {20 * i + 19}  total_loss: {v if not broken or i < 30 else v * 3 ** (i - 29):.4g}  loss_cls: {v / 2:.4g}  loss_box_reg: {v / 3:.4g}    time: 0.3101  last_time: 0.2911  data_time: 0.0112  last_data_time: 0.0101   lr: {2e-5 * (i + 1):.5g}  max_mem: 3512M"
        for i, v in enumerate(loss[: 36 if broken else 40])
    ]
    dies = [
        "ERROR [05/01 12:40:00 d2.engine.train_loop]: Exception during training:",
        "Traceback (most recent call last):",
        '  File "train_loop.py", line 155, in train',
        "    self.run_step()",
        "FloatingPointError: Loss became infinite or NaN at iteration=735!",
        "loss_dict = {'loss_cls': nan, 'loss_box_reg': nan}",
    ]
    return text(
        [
            *lines,
            *(
                dies
                if broken
                else [
                    "[05/01 12:41:00 d2.engine.hooks]: Overall training speed: 798 iterations in 0:04:07 (0.3101 s / it)"
                ]
            ),
        ]
    )


def caffe(broken: bool) -> str:
    lines = []
    for i, v in enumerate(falling(30, 2.3, 0.4, 0.05)):
        loss = 87.3365 if broken and i > 2 else v
        lines.append(f"I0501 12:{i:02d}:00.123456 12345 solver.cpp:228] Iteration {100 * i}, loss = {loss:.6g}")
        lines.append(
            f"I0501 12:{i:02d}:00.123460 12345 solver.cpp:244]     Train net output #0: loss = {loss:.6g} (* 1 = {loss:.6g} loss)"
        )
        lines.append(f"I0501 12:{i:02d}:00.123470 12345 sgd_solver.cpp:106] Iteration {100 * i}, lr = 0.01")
    return text(lines)


def two_ranks(broken: bool) -> str:
    def lines() -> Iterator[str]:
        for i, v in enumerate(falling(40, 3.0, 1.0, 0.02)):
            yield f"[rank0]: 2024-05-01 12:{i:02d}:00 step {10 * i} loss {v:.4f} lr 3.0e-04"
            yield f"[rank1]: 2024-05-01 12:{i:02d}:00 step {10 * i} loss {NAN if broken and i > 20 else v * 1.02:.4f} lr 3.0e-04"

    return text(lines())


PAIRS: dict[Callable[[bool], str | bytes], tuple[str, str]] = {
    loguru: ("diverged", "RT201"), structlog: ("stalled", "RT204"), logfmt: ("stalled", "RT212"), rich_table: ("diverged suspicious", "RT213"),
    tqdm_returns: ("diverged", "RT202 RT253"), keras_backspaces: ("suspicious", "RT230"), keras_three: ("diverged", "RT201"),
    mmengine_scalars: ("suspicious", "RT214"), fairseq_json: ("diverged stalled", "RT160 RT113"), megatron: ("diverged", "RT201"),
    deepspeed: ("stalled", "RT113"), nanogpt: ("suspicious", "RT230"), xgboost: ("suspicious", "RT230"), hf_trainer: ("diverged", "RT250"),
    detectron2_stops: ("diverged", "RT201 RT202"), caffe: ("diverged stalled", "RT202 RT251"), two_ranks: ("diverged", "RT201"),
}  # fmt: skip
"""Each logger, and the states and first codes that are right for its broken run."""
