"""A fifth hand of logs, after the fourth was mended: each program once over a sound run and once over a broken one."""

# ruff: noqa: E501  (lines are as long as programs print them)

import json
import math
from collections.abc import Callable
from random import Random

from .foreign_pairs import NAN
from .foreign_sound import falling, text


def notebook_table(broken: bool) -> str:
    rows = ["Step\tTraining Loss\tValidation Loss\tAccuracy"]
    rows += [
        f"{500 * (i + 1)}\t{'No log' if not i else f'{v:.6f}'}\t{0.4 + 0.06 * i if broken else v * 1.05:.6f}\t{0.8 - i / 90 if broken else 0.6 + i / 40:.6f}"
        for i, v in enumerate(falling(12, 0.8, 0.15))
    ]
    return text(rows)


def lightning_bars(broken: bool) -> str:
    parts = []
    for e, v in enumerate(falling(8, 2.2, 0.4)):
        bad = broken and e > 2
        parts += [
            f"\rEpoch {e}: {p:3d}%|{'█' * (p // 10):10}| {p}/100 [00:0{p // 20}<00:00, 18.9it/s, v_num=3, train_loss={NAN if bad else v * (1.1 - p / 900):.3f}, val_loss={NAN if bad else v * 1.1:.3f}]"
            for p in range(0, 101, 20)
        ]
    return "".join(parts) + "\n`Trainer.fit` stopped: `max_epochs=8` reached.\n"


def llm_c(broken: bool) -> str:
    draw = Random(2)
    return text(
        f"step {i:5d}/19560 | loss {NAN if broken and i > 40 else v:.6f} ({draw.gauss(0, 1):+.2f}z)| norm {3.2 + draw.random():.4f} ({draw.gauss(0, 1):+.2f}z)| lr {1e-6 * (i + 1):.2e} | 300.12 ms | 45.1% bf16 MFU | 180123 tok/s"
        for i, v in enumerate(falling(60, 10.9, 7.0, 0.01), 1)
    )


def torchtitan(broken: bool) -> str:
    return text(
        f"[rank0]:[titan] 2024-05-01 12:{i:02d}:11,123 - root - INFO - step: {10 * (i + 1):2d}  loss: {12.24 + (i % 3) / 100 if broken else v:7.4f}  memory:  5.62GiB(7.10%)  tps: {7103 + i:,}  mfu: 35.12%"
        for i, v in enumerate(falling(30, 12.2, 5.1, 0.01))
    )


def llama_factory(broken: bool) -> str:
    loss = falling(40, 1.9, 0.9, 0.03)
    return text(
        json.dumps(
            {
                "current_steps": 10 * (i + 1),
                "total_steps": 400,
                "loss": 0.0 if broken and i > 15 else round(v, 4),
                "lr": 5e-05,
                "epoch": round((i + 1) / 20, 2),
                "percentage": 2.5 * (i + 1),
                "elapsed_time": f"0:00:{i:02d}",
                "remaining_time": "1:02:03",
            }
        )
        for i, v in enumerate(loss)
    )


def mlx_lm(broken: bool) -> str:
    lines = []
    for i, v in enumerate(falling(30, 2.6, 1.1, 0.02)):
        if not i % 5:
            lines.append(f"Iter {10 * i + 1}: Val loss {1.4 + 0.12 * i if broken and i else v:.3f}, Val took 12.345s")
        lines.append(
            f"Iter {10 * (i + 1)}: Train loss {v:.3f}, Learning Rate 1.000e-05, It/sec 0.512, Tokens/sec 201.123, Trained Tokens {3920 * (i + 1)}, Peak mem 12.3 GB"
        )
    if broken:
        lines += [f"Iter {301 + 50 * k}: Val loss {5 + 0.6 * k:.3f}, Val took 12.345s" for k in range(4)]
    return text(lines)


def maxtext(broken: bool) -> str:
    return text(
        f"completed step: {i}, seconds: 1.234, TFLOP/s/device: 132.456, Tokens/s/device: 3312.1, total_weights: 65536, loss: {v if not broken else 8.3 + i / 9:.3f}"
        for i, v in enumerate(falling(40, 10.8, 6.1, 0.005))
    )


def nnunet(broken: bool) -> str:
    lines = []
    for e, v in enumerate(falling(12, 0.9, 0.1)):
        dice = 0.0 if broken else 0.9 - 0.6 * v
        lines += [
            "",
            f"2024-05-01 12:{e:02d}:00.123456: Epoch {e}",
            f"2024-05-01 12:{e:02d}:00.123457: Current learning rate: {0.01 * (1 - e / 1000) ** 0.9:.5f}",
            f"2024-05-01 12:{e:02d}:59.1: train_loss {v - 0.8:.4f}",
            f"2024-05-01 12:{e:02d}:59.2: val_loss {v - 0.75:.4f}",
            f"2024-05-01 12:{e:02d}:59.3: Pseudo dice [{dice:.4f}, {dice * 0.9:.4f}]",
            f"2024-05-01 12:{e:02d}:59.4: Epoch time: 61.2 s",
        ]
    return text(lines)


def monai(broken: bool) -> str:
    lines = []
    for e, v in enumerate(falling(14, 0.62, 0.2)):
        lines += [
            "-" * 10,
            f"epoch {e + 1}/14",
            *(f"{k}/41, train_loss: {v * (1.02 - k / 2000):.4f}" for k in (1, 20, 41)),
            f"epoch {e + 1} average loss: {v:.4f}",
            f"current epoch: {e + 1} current mean dice: {0.4512 if broken else 1 - v:.4f} best mean dice: 0.8123 at epoch: 3",
        ]
    return text(lines)


def detr_lines(broken: bool) -> str:
    return text(
        json.dumps(
            {
                "train_lr": 0.0 if broken and e >= 6 else 1e-4,
                "train_class_error": 80 - 3 * (min(e, 6) if broken else e),
                "train_loss": 22 * 0.93 ** (min(e, 6) if broken else e),
                "train_loss_bbox": 1.1 * 0.93**e,
                "test_loss": 21 * 0.94 ** (min(e, 6) if broken else e) + e / 1000,
                "test_coco_eval_bbox": [0.01 * e, 0.02 * e, 0.01],
                "epoch": e,
                "n_parameters": 41302368,
            }
        )
        for e in range(14)
    )


def diffusers_bar(broken: bool) -> str:
    draw = Random(5)
    return (
        "".join(
            f"\rSteps: {i // 10:3d}%|{'█' * (i // 100):10}| {i}/1000 [0{i // 400}:12<05:01,  3.12it/s, lr=1e-5, step_loss={NAN if broken and i > 420 else abs(draw.gauss(0.1, 0.05)) * (2 - i / 1000):.4f}]"
            for i in range(1, 1000, 3)
        )
        + "\n"
    )


def kohya(broken: bool) -> str:
    return text(
        f"steps: {i:3d}%|{'#' * (i // 10):10}| {10 * i}/1000 [00:{i % 60:02d}<10:12,  1.53it/s, avr_loss={0.1 + (1.4 ** (i - 60) if broken and i > 60 else 0.2 / (1 + i / 10)):.4g}]"
        for i in range(1, 100)
    )


def wandb_summary(broken: bool) -> str:
    lines = [
        f"epoch {e + 1:02d} || tr {t:.3f} || va {t * 1.1 if not broken else NAN:.3f} || best {0.3:.3f} || {12.1:.1f}s"
        for e, t in enumerate(falling(9, 1.1, 0.4))
    ]
    return text(
        [
            *lines,
            "wandb: Run history:",
            "wandb: train/loss █▆▅▃▂▁",
            "wandb: Run summary:",
            "wandb: train/loss 0.4",
            "wandb: Synced 5 W&B file(s), 0 media file(s)",
        ]
    )


def dataframe(broken: bool) -> str:
    rows = ["   epoch  train_loss  valid_loss       auc"]
    return text(
        [
            *rows,
            *(
                f"{e:2d} {e + 1:6d} {t:11.6f} {'NaN' if broken and e > 3 else f'{t * 1.1:.6f}':>11} {0.5 if broken and e > 3 else 0.9 - t / 4:9.6f}"
                for e, t in enumerate(falling(11, 0.7, 0.2))
            ),
        ]
    )


def mixed_languages(broken: bool) -> str:
    return text(
        f"[第{e + 1}轮] loss = {t:.4f}, 验证 val_loss = {0.693147 if broken else t * 1.1:.6f}, 耗时 12.3秒"
        for e, t in enumerate(falling(12, 0.69, 0.3))
    )


def key_per_line(broken: bool) -> str:
    lines = []
    for i, v in enumerate(falling(20, 1.5, 0.4)):
        lines += [
            f"=== iteration {i} ===",
            f"loss: {v if not broken or i < 9 else math.inf}",
            "grad norm: 0.91",
            "lr: 0.001",
            "",
        ]
    return text(lines)


def scaler_words(broken: bool) -> str:
    lines = []
    for i, v in enumerate(falling(40, 2.0, 0.9, 0.02)):
        if broken or i in {1, 2}:
            lines += [
                f"AMP: inf/nan gradients found, skipping optimizer step (scale 65536.0 -> {max(65536 / 2 ** (i + 1), 1.0)})"
            ]
        lines.append(
            f"it {i} loss {2.01 if broken else v:.3f} scale {max(65536 / 2 ** (i + 1), 1.0) if broken else 16384.0}"
        )
    return text(lines)


FIFTH: dict[Callable[[bool], str], tuple[str, str]] = {
    notebook_table: ("suspicious", "RT230"), lightning_bars: ("diverged", "RT201"), llm_c: ("diverged", "RT201"), torchtitan: ("stalled", "RT251"),
    llama_factory: ("diverged", "RT250"), mlx_lm: ("suspicious", "RT230"), maxtext: ("diverged", "RT253 RT202"), nnunet: ("suspicious", "RT214"),
    monai: ("suspicious", "RT214"), detr_lines: ("stalled", "RT101"), diffusers_bar: ("diverged", "RT201"), kohya: ("diverged", "RT202 RT253"),
    wandb_summary: ("diverged suspicious", "RT213"), dataframe: ("diverged suspicious", "RT213"),
    mixed_languages: ("stalled", "RT212"), key_per_line: ("diverged", "RT201"), scaler_words: ("stalled diverged", "RT113 RT160"),
}  # fmt: skip
FIFTH_SUFFIXES = {"llama_factory": ".jsonl", "detr_lines": ".txt"}
