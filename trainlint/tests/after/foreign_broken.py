"""Broken logs as many programs print them, with what each must be called."""

# ruff: noqa: E501  (lines are as long as programs print them)

import json
import math
from collections.abc import Callable
from random import Random

from .foreign_sound import falling, text

NAN = float("nan")


def detectron2_stops() -> str:
    lines = [f"[07/11 09:{i:02d}:12 d2.utils.events]:  eta: 1:02:03  iter: {20 * i + 19}  total_loss: {2.0 + 0.8 * i * i:.3g}  "
             f"loss_cls: {1.0 + 0.5 * i * i:.3g}  lr: 0.02  max_mem: 3120M" for i in range(12)]  # fmt: skip
    return text([*lines, "ERROR [07/11 09:13:01 d2.engine.train_loop]: Exception during training:", "Traceback (most recent call last):",
                 '  File "train_loop.py", line 149, in train', "    self.run_step()",
                 "FloatingPointError: Loss became infinite or NaN at iteration=259!", "loss_dict = {'loss_cls': nan}"])  # fmt: skip


def megatron_skips() -> str:
    return text(
        f" iteration {10 * (i + 1):8d}/    5000 | learning rate: 1.500E-04 | lm loss: {10.41 + 0.001 * (i % 3):.6E} | loss scale: "
        f"{max(1.0, 65536.0 / 2 ** (10 * i)):.1f} | grad norm: inf | number of skipped iterations:  10 | number of nan iterations:   0 |"
        for i in range(20)
    )


def lightning_nan() -> str:
    return "".join(
        f"\rEpoch {e}: 100%|██████████| 20/20 [00:01<00:00, 12.3it/s, v_num=3, train_loss={'nan.0' if e > 2 else f'{1 / (e + 1):.3f}'}, val_loss={'nan' if e > 2 else f'{1.2 / (e + 1):.3f}'}]\n"
        for e in range(6)
    ).replace("nan.0", "nan")


def keras_constant_validation() -> str:
    return text(
        f"Epoch {e}/12\n40/40 ━━━━━━━━━━━━━━━━━━━━ 2s 41ms/step - accuracy: {0.5 + e / 30:.4f} - loss: {1.5 / e:.4f} - val_accuracy: 0.1000 - val_loss: 2.3026"
        for e in range(1, 13)
    )


def trainer_state_zero() -> str:
    history = [
        {"epoch": i / 10, "loss": 1.4 - 0.01 * i if i < 12 else 0.0, "learning_rate": 1e-5, "step": 10 * i}
        for i in range(1, 31)
    ]
    return json.dumps({"log_history": [*history, {"epoch": 3.0, "eval_loss": NAN, "step": 300}]})


def keras_history_overfit() -> str:
    return json.dumps(
        {
            "loss": falling(25, 0.9, 0.01),
            "val_loss": [0.8 - 0.03 * i if i < 4 else 0.71 + 0.06 * (i - 4) for i in range(25)],
        }
    )


def wandb_export() -> str:
    rows = ['"Step","quiet-sun-12 - train/loss","quiet-sun-12 - train/loss__MIN","quiet-sun-12 - train/loss__MAX"']
    for i in range(40):
        v = "NaN" if i > 25 else f"{2 - 0.03 * i:.6f}"
        rows.append(f'"{100 * i}","{v}","{v}","{v}"')
    return text(rows)


def diverges_and_stays() -> str:
    values = [*falling(60, 7.0, 3.0, 0.01), *(7.4 + 0.02 * (i % 5) for i in range(25))]
    return text(
        f"step {100 * i} | loss {v:.3f} | lr 6.00e-04 | grad_norm {1.0 if i < 58 else 40.0:.2f}"
        for i, v in enumerate(values)
    )


def explodes() -> str:
    return text(f"Epoch [{e}/10] loss: {0.5 * 3.5**e:.4g} val_loss: {0.6 * 3.5**e:.4g}" for e in range(1, 11))


def rises_slowly() -> str:
    return text(f"epoch {e} train_loss {0.70 + 0.02 * e:.4f} valid_loss {0.72 + 0.025 * e:.4f}" for e in range(1, 21))


def chance() -> str:
    draw = Random(5)
    return text(
        f"epoch {e}: loss {2.3026 + 0.004 * draw.gauss(0, 1):.4f}, acc {10 + draw.gauss(0, 0.3):.2f}%"
        for e in range(1, 41)
    )


def rate_zero_first_half() -> str:
    return text(
        f"Epoch {e}/20, lr=[{0.0 if e <= 10 else 1e-3}], loss={1.1 if e <= 10 else 1.1 - 0.05 * (e - 10):.5f}"
        for e in range(1, 21)
    )


def never_moves() -> str:
    return text(
        f"[STEP] epoch {e} Δparam=0.000e+00\nEpoch {e}/8 train_loss: {0.81 + 0.003 * (e * 7 % 5):.5f} lr: 1e-3"
        for e in range(1, 9)
    )


def warmup_without_learning() -> str:
    return text(
        f"epoch: {e}, lr: {1e-8 * e:.2e}, train loss: {4.6052 + 0.0003 * (e % 2):.4f}, valid loss: {4.6050 + 0.0003 * (e % 3):.4f}"
        for e in range(1, 11)
    )


def fairseq_json() -> str:
    return text(
        f'2024-01-05 10:0{e % 10}:00 | INFO | train | {{"epoch": {e}, "train_loss": "{"nan" if e > 6 else 5 - 0.2 * e}", "train_ppl": "12", "train_lr": "0.0005", "train_gnorm": "{"nan" if e > 6 else 0.9}"}}'
        for e in range(1, 12)
    )


def killed() -> str:
    return text(
        [
            *(f"epoch {e} loss {v:.4f}" for e, v in enumerate(falling(7, 1.0, 0.6))),
            "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=71.0",
        ]
    )


def rank_traceback() -> str:
    lines = [
        f"{{'loss': {v:.4f}, 'grad_norm': 0.8, 'learning_rate': 2e-05, 'epoch': {i / 10:.2f}}}"
        for i, v in enumerate(falling(20, 1.4, 0.9), 1)
    ]
    return text([*lines, "[rank1]: Traceback (most recent call last):", '[rank1]:   File "train.py", line 88, in <module>', "[rank1]:     trainer.train()",
                 "[rank1]: RuntimeError: CUDA error: device-side assert triggered", "[rank1]: CUDA kernel errors might be asynchronously reported"])  # fmt: skip


def windows_nan() -> str:
    return text(f"iter={i} loss={'-1.#IND' if i > 8 else f'{2 - i / 10:.4f}'}" for i in range(20))


def metric_still() -> str:
    rows = ["epoch\ttrain_loss\tval_loss\tval_auc"]
    return text([*rows, *(f"{e}\t{1 / e:.4f}\t{1.1 / e:.4f}\t0.5000" for e in range(1, 16))])


def without_bound() -> str:
    return text(f"epoch {e} loss -{1.7**e:.4f}" for e in range(1, 25))


def collapses() -> str:
    return text(
        f"epoch {e} train_loss {0.5 if e < 22 else 2.31:.3f} val_loss {0.6 if e < 22 else 2.32:.3f} val_acc {min(0.9, 0.3 + e / 20) if e < 22 else 0.1:.4f}"
        for e in range(1, 31)
    )


def detr() -> str:
    return text([*(f"Epoch: [{e}]  [ {k * 50}/200]  eta: 0:01:00  lr: 0.000100  class_error: 52.10  loss: {8 - e - k / 9:.4f} ({8 - e:.4f})  loss_ce: 0.9 (0.95)"
                   for e in range(3) for k in range(4)), "Loss is nan, stopping training", "{'loss_ce': nan, 'loss_bbox': nan}"])  # fmt: skip


def sum_of_lines() -> str:
    """Validation is worked out with another loss: ten times as large from the first epoch."""
    return text(
        f"Epoch {e:3d} | train loss {0.05 / math.sqrt(e):.5f} | valid loss {0.61 / math.sqrt(e):.5f}"
        for e in range(1, 16)
    )


def nothing_named() -> str:
    return text([f"2024-05-05 10:00:{i:02d} INFO worker {i % 4} ready in {i}.5 s" for i in range(20)])


def settings_only() -> str:
    return "batch_size: 32\nlr: 0.001\nepochs: 10\nseed: 3\nmodel: resnet50\nloading data ... done\n"


def zero_norms() -> str:
    return text(f"it {i} | train_loss 1.386{i % 2} | grad_norm 0.000e+00 | lr 1e-3" for i in range(30))


def flat_loss() -> str:
    draw = Random(2)
    return text(
        f"Epoch {e} | Loss {3.912 + 0.003 * draw.random():.4f} | Val Loss {3.913 + 0.002 * draw.random():.4f}"
        for e in range(1, 26)
    )


def table_nan() -> str:
    rows = ["      Epoch    GPU_mem       loss  Instances       Size"]
    rows += [
        f"       {e}/8      2.1G   {'nan' if e > 5 else f'{1.1 / e:.4g}'}         31        224: 100%|██████████| 59/59 [00:12<00:00,  4.7it/s]"
        for e in range(1, 9)
    ]
    return text(rows)


BROKEN: dict[Callable[[], str], tuple[str, str]] = {
    detectron2_stops: ("diverged", "RT201"), megatron_skips: ("stalled diverged", "RT113 RT160"), lightning_nan: ("diverged", "RT201"),
    keras_constant_validation: ("stalled", "RT212"), trainer_state_zero: ("diverged", "RT250"),
    keras_history_overfit: ("suspicious", "RT230"), wandb_export: ("diverged", "RT201"), diverges_and_stays: ("diverged", "RT202 RT127"),
    explodes: ("diverged", "RT202"), rises_slowly: ("diverged", "RT253"), chance: ("stalled", "RT251"),
    rate_zero_first_half: ("stalled", "RT101"), never_moves: ("stalled", "RT124"), warmup_without_learning: ("stalled", "RT104"),
    fairseq_json: ("diverged", "RT201"), killed: ("stopped", "RT509"), rank_traceback: ("stopped", "RT509"),
    windows_nan: ("diverged", "RT201"), metric_still: ("suspicious", "RT214"), without_bound: ("suspicious diverged", "RT256"),
    collapses: ("diverged suspicious", "RT202"), detr: ("diverged", "RT201"), sum_of_lines: ("suspicious", "RT211"),
    nothing_named: ("not judged", ""), settings_only: ("not judged", ""), zero_norms: ("stalled", "RT123"),
    flat_loss: ("stalled", "RT251"), table_nan: ("diverged", "RT201"),
}  # fmt: skip
"""Each log: the states that are right (any of them), and the codes of which one must stand first."""
BROKEN_SUFFIXES = {
    "trainer_state_zero": ".json",
    "keras_history_overfit": ".json",
    "wandb_export": ".csv",
    "metric_still": ".tsv",
}
