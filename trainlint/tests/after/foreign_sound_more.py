"""More sound logs: rivals, restarts, tables, folds, rounding, noise; and the list of all."""

# ruff: noqa: E501  (lines are as long as programs print them)

import math
from random import Random

from .foreign_sound import (
    apex_start,
    caffe,
    cifar_tutorial,
    detectron2,
    falling,
    imagenet,
    keras_bar,
    keras_history,
    lightning_bar,
    megatron,
    mnist_example,
    nanogpt,
    quickstart,
    text,
    trainer_state,
)


def gan() -> str:
    draw = Random(3)
    return text(
        f"[{e}/25][{k}/10] Loss_D: {0.6 + 0.3 * draw.random():.4f} Loss_G: {1.5 + 0.15 * e + draw.random():.4f} "
        f"D(x): {0.7 + draw.random() / 10:.4f} D(G(z)): 0.2113 / {0.1 + draw.random() / 10:.4f}"
        for e in range(25)
        for k in range(10)
    )


def reinforcement() -> str:
    draw = Random(4)
    lines = []
    for i in range(30):
        lines += ["-----------------------------------------",
                  f"| rollout/                |             |\n|    ep_len_mean          | {20 + 6 * i}          |",
                  f"|    ep_rew_mean          | {20 + 6 * i + draw.random():.1f}        |",
                  f"| time/                   |             |\n|    total_timesteps      | {2048 * (i + 1)}       |",
                  f"| train/                  |             |\n|    entropy_loss         | {-0.69 + 0.01 * i:.3f}      |",
                  f"|    loss                 | {5 + 2 * i + 3 * draw.random():.2f}        |",
                  f"|    policy_gradient_loss | {-0.01 - draw.random() / 100:.5f}    |\n|    value_loss           | {20 + 3 * i:.1f}        |"]  # fmt: skip
    return text(lines)


def warm_restarts() -> str:
    lines, loss = [], 2.3
    for e in range(1, 46):
        phase = (e - 1) % 15
        loss = 2.3 * 0.6 ** ((e - 1) // 15) * math.exp(-phase / 9) + 0.12
        rate = 0.05 * (1 + math.cos(math.pi * phase / 15))
        lines.append(
            f"epoch {e:3d} | lr {rate:.5f} | train {loss:.4f} | val {loss * 1.1 + 0.02:.4f} | acc {90 - 20 * loss:.2f}"
        )
    return text(lines)


def small_rate_printed_as_zero() -> str:
    return text(
        f"Epoch {e} | Train Loss: {v:.4f} | LR: 0.0000 | Val Loss: {v * 1.2:.4f}"
        for e, v in enumerate(falling(15, 1.4, 0.4), 1)
    )


def perfect_validation() -> str:
    return text(
        f"epoch={e} loss={v:.5f} val_loss={v * 0.8:.5f} val_acc=1.0000 val_f1=1.0000"
        for e, v in enumerate(falling(20, 0.3, 0.002), 1)
    )


def validation_every_five() -> str:
    rows = ["epoch,train_loss,val_loss,val_mIoU,lr"]
    for e, v in enumerate(falling(40, 1.8, 0.3, 0.01)):
        held = f"{v * 1.15:.5f},{0.3 + e / 90:.4f}" if e % 5 == 4 else ","
        rows.append(f"{e},{v:.5f},{held},{0.01 * (1 - e / 40) ** 0.9:.7f}")
    return text(rows)


def lightning_csv() -> str:
    rows = ["epoch,step,train_loss,val_acc,val_loss"]
    for i, v in enumerate(falling(30, 1.5, 0.4)):
        rows.append(f"{i // 5},{50 * i + 49},{v:.6f},,")
        if i % 5 == 4:
            rows.append(f"{i // 5},{50 * i + 49},,{0.5 + i / 80:.4f},{v * 1.1:.6f}")
    return text(rows)


def folds() -> str:
    lines = []
    for fold in range(1, 6):
        lines.append(f"===== Fold {fold} =====")
        lines += [
            f"Epoch {e}/10 - train_loss: {v:.4f} - val_loss: {v * 1.2:.4f}"
            for e, v in enumerate(falling(10, 1.0, 0.2, 0.02, fold), 1)
        ]
    return text(lines)


def flow_likelihood() -> str:
    return text(
        f"Epoch {e}, nll: {6000 - 900 * math.log(e) - 4000:.2f}, val nll: {6020 - 890 * math.log(e) - 4000:.2f}"
        for e in range(1, 31)
    )


def markdown() -> str:
    rows = [
        "| Step | Training Loss | Validation Loss | Accuracy |",
        "|:----:|:-------------:|:---------------:|:--------:|",
    ]
    rows += [
        f"| {500 * (i + 1)} | {'No log' if i == 0 else f'{v:.6f}'} | {v * 0.98:.6f} | {0.8 + i / 100:.6f} |"
        for i, v in enumerate(falling(10, 0.6, 0.3))
    ]
    return text(rows)


def skorch() -> str:
    rows = [
        "  epoch    train_loss    valid_acc    valid_loss     dur",
        "-------  ------------  -----------  ------------  ------",
    ]
    rows += [
        f"{e:7d}  {v:12.4f}  {0.5 + e / 50:11.4f}  {v * 1.1:12.4f}  0.0441"
        for e, v in enumerate(falling(12, 0.7, 0.4), 1)
    ]
    return text(rows)


def xgboost() -> str:
    return text(
        f"[{i}]\ttrain-logloss:{v:.5f}\teval-logloss:{v * 1.1:.5f}" for i, v in enumerate(falling(50, 0.69, 0.2))
    )


def moderate_gap() -> str:
    """Over-fitting as it is everywhere: a little, late, and the accuracy still gets better."""
    lines = []
    for e in range(1, 31):
        train, val = 2.0 * math.exp(-e / 8), 0.55 + 1.2 * math.exp(-e / 5) + 0.004 * max(0, e - 14)
        lines.append(
            f"Epoch {e:02d}: train_loss {train:.3f} val_loss {val:.3f} val_acc {0.5 + 0.4 * (1 - math.exp(-e / 9)):.3f}"
        )
    return text(lines)


def scaler_for_a_moment() -> str:
    lines = []
    for i, v in enumerate(falling(200, 3.0, 1.0, 0.03)):
        shown = "nan" if i in {1, 90} else f"{v:.4f}"
        norm = "inf" if i in {0, 1, 90} else f"{1.2 + i % 3 / 10:.3f}"
        lines.append(f"step {i} loss={shown} grad_norm={norm} loss_scale={65536 / (4 if i < 90 else 8):.0f} lr=3.0e-4")
    return text(lines)


def short_run() -> str:
    return text(
        [
            "Epoch 1/3 train loss: 0.412 val loss: 0.398",
            "Epoch 2/3 train loss: 0.371 val loss: 0.380",
            "Epoch 3/3 train loss: 0.352 val loss: 0.377",
        ]
    )


def noisy_steps() -> str:
    draw = Random(9)
    return text(
        f"step: {i} | loss: {max(0.02, 1.2 * math.exp(-i / 900) * (1 + 0.6 * draw.gauss(0, 1))):.3f} | gnorm: {draw.lognormvariate(0, 0.8):.2f}"
        for i in range(0, 2000, 4)
    )


def two_decimals() -> str:
    return text(f"ep {e} tr_loss 0.{max(4, 60 - 4 * e):02d} va_loss 0.{max(9, 62 - 4 * e):02d}" for e in range(1, 25))


SOUND = (
    detectron2, megatron, apex_start, cifar_tutorial, quickstart, mnist_example, imagenet, nanogpt, caffe, lightning_bar,
    keras_bar, trainer_state, keras_history, gan, reinforcement, warm_restarts, small_rate_printed_as_zero,
    perfect_validation, validation_every_five, lightning_csv, folds, flow_likelihood, markdown, skorch, xgboost,
    moderate_gap, scaler_for_a_moment, short_run, noisy_steps, two_decimals,
)  # fmt: skip
SUFFIXES = {
    "validation_every_five": ".csv",
    "lightning_csv": ".csv",
    "trainer_state": ".json",
    "keras_history": ".json",
}
