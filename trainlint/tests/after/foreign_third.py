"""A third hand of logs, written after the second was mended and run once."""

# ruff: noqa: E501  (lines are as long as programs print them)

import json
import math
from collections.abc import Callable
from random import Random

from .foreign_sound import falling, text


def detector(zero: bool = False) -> str:
    lines = []
    for e in range(1, 13):
        lines.append("      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size")
        lines.append(
            f"       {e}/12      2.61G     {1.6 * 0.95**e:.4g}     {2.8 * 0.9**e:.4g}      {1.4 * 0.97**e:.4g}         23        640: 100%|██████████| 8/8 [00:02<00:00,  3.4it/s]"
        )
        lines.append(
            "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|██████████| 4/4 [00:00<00:00,  8.9it/s]"
        )
        scores = [0, 0, 0, 0] if zero else [0.5 + e / 40, 0.4 + e / 40, 0.45 + e / 40, 0.3 + e / 60]
        lines.append("                   all        128        929 " + " ".join(f"{s:10.3g}" for s in scores))
    return text(lines)


def openmmlab() -> str:
    lines = []
    for e, v in enumerate(falling(8, 1.4, 0.5), 1):
        lines += [
            f"2024/02/02 0{e}:0{k}:00 - mmengine - INFO - Epoch(train)  [{e}][{50 * k:4d}/400]  base_lr: 1.0000e-04 lr: 1.0000e-05  eta: 1:02:03  time: 0.41  data_time: 0.02  memory: 5120  grad_norm: {3 + k / 9:.4f}  loss: {v + k / 100:.4f}  loss_cls: {v / 2:.4f}  acc: {80 + e:.4f}"
            for k in range(1, 9)
        ]
        lines.append(
            f"2024/02/02 0{e}:30:00 - mmengine - INFO - Epoch(val) [{e}][500/500]    coco/bbox_mAP: {0.2 + e / 50:.4f}  coco/bbox_mAP_50: {0.4 + e / 50:.4f}  data_time: 0.0021  time: 0.0312"
        )
    return text(lines)


def checkpoints() -> str:
    lines, best = [], math.inf
    for e, v in enumerate(falling(9, 0.72, 0.31), 1):
        lines += [
            f"Epoch {e}/9",
            f"63/63 [==============================] - 2s 21ms/step - loss: {v * 0.95:.4f} - val_loss: {v:.4f}",
            f"Epoch {e}: val_loss improved from {best:.5f} to {v:.5f}, saving model to best.h5",
        ]
        best = v
    return text(lines)


def early_stopping() -> str:
    lines, best = ["Best validation loss so far: inf"], math.inf
    for e, v in enumerate([*falling(12, 1.1, 0.5), 0.51, 0.512, 0.52], 1):
        lines.append(f"[{e:3d}/100] train_loss: {1.2 * 0.9**e:.5f} valid_loss: {v:.5f}")
        lines.append(
            f"Validation loss decreased ({best:.6f} --> {v:.6f}).  Saving model ..."
            if v < best
            else f"EarlyStopping counter: {e - 12} out of 3"
        )
        best = min(best, v)
    return text([*lines, "Early stopping"])


def handled_error() -> str:
    lines = [f"epoch {e} train loss {v:.4f} val loss {v * 1.1:.4f}" for e, v in enumerate(falling(12, 1.0, 0.3), 1)]
    lines[5:5] = [
        "Traceback (most recent call last):",
        '  File "upload.py", line 7, in push',
        "ConnectionError: could not reach the tracking server",
        "retrying without upload",
    ]
    return text(lines)


def many_ranks() -> str:
    draw = Random(1)
    return text(
        f"[rank{r}] step {10 * i} loss {v * (1 + 0.05 * draw.gauss(0, 1)):.4f} lr 2.0e-04"
        for i, v in enumerate(falling(60, 4.0, 1.1))
        for r in range(4)
    )


def scale_search() -> str:
    skips = [
        f"[2024-01-01 10:00:{i:02d},000] [INFO] [loss_scaler.py:190:update_scale] [deepspeed] OVERFLOW! Rank 0 Skipping step. Attempted loss scale: {2 ** (32 - i)}, reducing to {2 ** (31 - i)}"
        for i in range(16)
    ]
    return text(
        [
            *skips,
            *(
                f"{{'loss': {v:.4f}, 'learning_rate': 1.9e-05, 'epoch': {i / 20:.2f}}}"
                for i, v in enumerate(falling(60, 1.9, 0.8, 0.03), 1)
            ),
        ]
    )


def fairseq() -> str:
    lines = []
    for e, v in enumerate(falling(14, 9.0, 4.2), 1):
        lines.append(
            f"2023-01-01 10:{e:02d}:00 | INFO | train | epoch {e:03d} | loss {v:.3f} | nll_loss {v - 1:.3f} | ppl {2 ** (v - 1):.2f} | wps 21012 | ups 5.1 | wpb 4096 | bsz 128 | num_updates {800 * e} | lr {5e-4 / math.sqrt(e):.6g} | gnorm {1 + 1 / e:.3f} | clip 0 | loss_scale {128 if e % 4 else 64} | train_wall 150 | wall {160 * e}"
        )
        lines.append(
            f"2023-01-01 10:{e:02d}:30 | INFO | fairseq.trainer | NOTE: gradient overflow detected, ignoring gradient, setting loss scale to: 64.0"
            * (e % 4 == 3)
        )
        lines.append(
            f"2023-01-01 10:{e:02d}:40 | INFO | valid | epoch {e:03d} | valid on 'valid' subset | loss {v * 0.98:.3f} | nll_loss {v * 0.98 - 1:.3f} | ppl {2 ** (v * 0.98 - 1):.2f} | num_updates {800 * e} | best_loss {v * 0.98:.3f}"
        )
    return text(lines)


def cyclic() -> str:
    return text(
        f"epoch {e}: lr={0.05 * (1 + math.cos(math.pi * (e % 10) / 9)):.3g} loss={2 * 0.95**e + 0.1 * math.cos(math.pi * (e % 10) / 9):.4f}"
        for e in range(40)
    )


def late_bloomer() -> str:
    return text(
        f"epoch {e} loss {3 - 2 * e / 30:.3f} val_loss {3.1 - 2 * e / 30:.3f} val_acc {max(0, e - 12) / 30:.4f}"
        for e in range(30)
    )


def siamese() -> str:
    return text(
        f"Epoch: [{e}][{k * 100:3d}/390] Time 0.21 Data 0.01 Loss {-0.2 - 0.7 * (1 - math.exp(-(e + k / 4) / 4)):.4f} ({-0.2 - 0.7 * (1 - math.exp(-e / 4)):.4f})"
        for e in range(12)
        for k in range(4)
    )


def bars_alone() -> str:
    return text(
        f"100%|██████████| 391/391 [00:20<00:00, 19.1it/s, loss={v:.3f}, acc={95 - 30 * v:.2f}]"
        for v in falling(12, 1.6, 0.2)
    )


def spikes() -> str:
    draw = Random(11)
    return text(
        f"iter {i}: loss {v * (1 + 0.04 * draw.gauss(0, 1)) + (1.5 if i in {70, 71, 160} else 0):.4f}, grad_norm {60.0 if i in {70, 71, 160} else 0.8 + draw.random():.2f}"
        for i, v in enumerate(falling(240, 8.0, 2.5))
    )


def in_warm_up() -> str:
    return text(
        f"{{'loss': {v:.4f}, 'grad_norm': 2.1, 'learning_rate': {2e-7 * i:.3g}, 'epoch': {i / 1000:.3f}}}"
        for i, v in enumerate(falling(80, 10.9, 7.2, 0.01), 1)
    )


def summary_at_the_end() -> str:
    lines = [
        f"{{'loss': {v:.4f}, 'grad_norm': 0.6, 'learning_rate': {5e-5 * (1 - i / 24):.4g}, 'epoch': {i / 8:.3f}}}"
        for i, v in enumerate(falling(24, 0.9, 0.4), 1)
    ]
    return text(
        [
            *lines,
            "{'train_runtime': 812.1, 'train_samples_per_second': 31.2, 'train_steps_per_second': 1.9, 'train_loss': 0.5812, 'epoch': 3.0}",
            "***** eval metrics *****",
            "  epoch = 3.0",
            "  eval_accuracy = 0.8812",
            "  eval_loss = 0.4102",
        ]
    )


def two_stages() -> str:
    values = [*falling(15, 3.0, 0.8), *falling(20, 2.4, 0.5)]
    return text(
        ["stage 1: head only", *(f"epoch {e} loss {v:.4f} val_loss {v * 1.1:.4f}" for e, v in enumerate(values, 1))]
    )


THIRD_SOUND: tuple[Callable[[], str], ...] = (
    detector, openmmlab, checkpoints, early_stopping, handled_error, many_ranks, scale_search, fairseq, cyclic, late_bloomer,
    siamese, bars_alone, spikes, in_warm_up, summary_at_the_end, two_stages,
)  # fmt: skip


def evaluation_nan() -> str:
    return text(
        f"{{'loss': {1 / i:.4f}, 'learning_rate': 1e-05, 'epoch': {i}.0}}\n{{'eval_loss': {'nan' if i > 2 else 1.1 / i}, 'eval_f1': 0.{i}, 'epoch': {i}.0}}"
        for i in range(1, 10)
    )


def tensors() -> str:
    return text(
        f"it: {i} loss: tensor({'nan' if i > 30 else 2 - i / 40}, device='cuda:0', grad_fn=<NllLossBackward0>)"
        for i in range(60)
    )


def scalars_json() -> str:
    return json.dumps([[1.7e9 + i, 10 * i, 2 - i / 50 if i < 30 else float("nan")] for i in range(50)])


def history_json() -> str:
    return json.dumps(
        {
            "history": {"loss": [0.9, 0.8, *[float("nan")] * 6], "val_loss": [0.95, *[float("nan")] * 7]},
            "epoch": list(range(8)),
        }
    )


def coloured_validation() -> str:
    return text(
        f"\x1b[36m[{e:02d}]\x1b[0m train_loss=\x1b[32m{1 / e:.4f}\x1b[0m valid_loss=\x1b[31m0.6931\x1b[0m"
        for e in range(1, 16)
    )


def bad_logits() -> str:
    return text(
        [
            *(f"Iter {i} | policy entropy {1.2 - i / 90:.3f} | return {i * 1.5:.1f}" for i in range(30)),
            "Traceback (most recent call last):",
            '  File "ppo.py", line 3, in <module>',
            "    dist = Categorical(logits=logits)",
            "ValueError: Expected parameter logits (Tensor of shape (8, 4)) of distribution Categorical to satisfy the constraint, but found invalid values:",
            "tensor([[nan, nan, nan, nan]])",
        ]
    )


def late_start() -> str:
    return text(
        f"epoch={e} lr={0.0 if e < 12 else 1e-3} train_loss={2.31 if e < 12 else 2.31 * 0.9 ** (e - 12):.4f} val_loss={2.30 if e < 12 else 2.3 * 0.92 ** (e - 12):.4f}"
        for e in range(20)
    )


def never_anything() -> str:
    return text(
        f"{{'loss': 0.0, 'grad_norm': nan, 'learning_rate': {1e-5 * (1 - i / 40):.3g}, 'epoch': {i / 20:.2f}}}"
        for i in range(1, 40)
    )


def blows_up_by_steps() -> str:
    return text(f"step: {50 * i}, loss: {2.0 - i / 30 if i < 25 else 1.2 * 4.0 ** (i - 24):.4f}" for i in range(36))


def worker_killed() -> str:
    return text(
        [
            *(f"Epoch {e}: train_loss={1 / e:.3f} val_loss={1.1 / e:.3f}" for e in range(1, 8)),
            "RuntimeError: DataLoader worker (pid 4711) is killed by signal: Killed.",
        ]
    )


def overfits_by_steps() -> str:
    return text(
        f"step {500 * i}: train loss {3.0 * 0.85**i:.4f}, val loss {2.9 - 0.25 * i if i < 5 else 1.65 + 0.12 * (i - 4):.4f}"
        for i in range(24)
    )


def flat_words() -> str:
    draw = Random(12)
    return text(
        f"[Epoch {e:2d}] loss: {9.210 + 0.004 * draw.gauss(0, 1):.3f} | ppl: {9996 + 30 * draw.gauss(0, 1):.1f} | lr: 0.00500"
        for e in range(1, 31)
    )


def skip_words() -> str:
    lines = []
    for i in range(60):
        lines += [
            f"step {i} loss 7.{40 + i % 3}",
            "Warning: found inf or nan in gradients, skipping step",
            f"new scale: {max(1.0, 65536 / 2**i)}",
        ]
    return text(lines)


THIRD_BROKEN: tuple[tuple[Callable[[], str], str, str], ...] = (
    (evaluation_nan, "diverged", "RT213"), (tensors, "diverged", "RT201"), (scalars_json, "diverged", "RT255 RT201"), (history_json, "diverged", "RT201"),
    (coloured_validation, "stalled", "RT212"), (bad_logits, "stopped", "RT509"), (late_start, "stalled", "RT101"), (never_anything, "diverged stalled", "RT302 RT203 RT250"),
    (blows_up_by_steps, "diverged", "RT202"), (worker_killed, "stopped", "RT509"), (overfits_by_steps, "suspicious", "RT230"), (flat_words, "stalled", "RT251"),
    (skip_words, "stalled", "RT113"),
)  # fmt: skip
