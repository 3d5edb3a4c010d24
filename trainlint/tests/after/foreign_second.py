"""A second hand of logs, written after the rules and run once: sound ones by name, broken ones with what they are."""

# ruff: noqa: E501  (lines are as long as programs print them)

import math
from collections.abc import Callable
from random import Random

from .foreign_sound import falling, text


def estimator(nan: bool = False) -> str:
    lines = ["INFO:tensorflow:Create CheckpointSaverHook."]
    for i, v in enumerate(falling(20, 2.3, 0.3, 0.05)):
        lines.append(
            f"INFO:tensorflow:loss = {v:.6f}, step = {100 * i} (3.{i:02d}1 sec)\nINFO:tensorflow:global_step/sec: 31.{i}2"
        )
        if i % 5 == 4:
            lines.append(
                f"INFO:tensorflow:Saving dict for global step {100 * i}: accuracy = {0.5 + i / 50:.4f}, global_step = {100 * i}, loss = {v * 1.1:.6f}"
            )
    ending = ["ERROR:tensorflow:Model diverged with loss = NaN.", "Traceback (most recent call last):", '  File "main.py", line 3, in <module>',
              "tensorflow.python.training.basic_session_run_hooks.NanLossDuringTrainingError: NaN loss during training."]  # fmt: skip
    return text(lines + ending * nan)


def spacy(blind: bool = False) -> str:
    rows = [
        "E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  ENTS_P  ENTS_R  SCORE ",
        "---  ------  ------------  --------  ------  ------  ------  ------",
    ]
    for i, v in enumerate(falling(14, 900.0, 90.0)):
        score = 0.0 if blind else 60 + 2 * i
        rows.append(
            f"{i // 2:3d}  {200 * i:6d}  {v / 9:12.2f}  {v:8.2f}  {score:6.2f}  {score + (not blind):6.2f}  {score:6.2f}  {score / 100:6.2f}"
        )
    return text(rows)


def darknet(nan: bool = False) -> str:
    return text(
        f" {10 * (i + 1)}: {'-nan' if nan and i > 20 else f'{v:f}'}, {'-nan' if nan and i > 20 else f'{v * 1.02:f}'} avg loss, 0.001000 rate, 3.204123 seconds, {640 * i} images, 12.1 hours left"
        for i, v in enumerate(falling(40, 900.0, 2.0))
    )


def espnet(rising: bool = False) -> str:
    return text(
        f"[node7] 2023-04-0{1 + e % 9} 10:00:00,123 (trainer:338) INFO: {e}epoch results: [train] iter_time=0.002, forward_time=0.11, loss_ctc={90 / e:.3f}, "
        f"loss_att={80 / e:.3f}, acc={0.4 + 0.5 * (1 - 1 / e):.3f}, loss={85 / e:.3f}, optim0_lr0=0.001, time=8 minutes, [valid] loss_ctc={40 + 3 * e if rising else 95 / e:.3f}, "
        f"acc={0.4 if rising else 0.4 + 0.4 * (1 - 1 / e):.3f}, loss={38 + 4 * e if rising else 92 / e:.3f}, time=21 seconds"
        for e in range(1, 16)
    )


def opennmt(nan: bool = False) -> str:
    return text(
        f"[2021-02-03 10:{i % 60:02d}:00,001 INFO] Step {50 * (i + 1)}/10000; acc: {5 + i:6.2f}; ppl: {'nan' if nan and i > 15 else f'{math.exp(v):.2f}':>8}; "
        f"xent: {'nan' if nan and i > 15 else f'{v:.2f}'}; lr: {0.0001:.5f}; 8123/7645 tok/s; {12 * i:6d} sec"
        for i, v in enumerate(falling(40, 9.0, 3.0, 0.01))
    )


def tqdm_between() -> str:
    out = ""
    for i, v in enumerate(falling(40, 1.9, 0.9, 0.02), 1):
        out += f"\r{2 * i:3d}%|{'█' * (i // 4)}{' ' * (10 - i // 4)}| {10 * i}/400 [00:{i:02d}<00:{60 - i:02d},  9.87it/s]{{'loss': {v:.4f}, 'grad_norm': 0.9, 'learning_rate': {5e-5 * (1 - i / 40):.3g}, 'epoch': {i / 40:.2f}}}\n"
    return out


def lightgbm() -> str:
    return text(
        [
            f"[{i}]\tvalid_0's binary_logloss: {v:.6f}\tvalid_0's auc: {0.7 + i / 300:.5f}"
            for i, v in enumerate(falling(50, 0.69, 0.25), 1)
        ]
    )


def catboost(constant: bool = False) -> str:
    return text(
        f"{i}:\tlearn: {v:.7f}\ttest: {0.6931472 if constant else v * 1.02:.7f}\tbest: {0.6931472 if constant else v * 1.02:.7f} ({i})\ttotal: {50 * i}ms\tremaining: {40 - i}s"
        for i, v in enumerate(falling(40, 0.69, 0.31))
    )


def timm(nan: bool = False) -> str:
    lines = []
    for e in range(6):
        for k in range(5):
            v = "nan" if nan and e > 3 else f"{6.9 - e - k / 9:.3f}"
            lines.append(
                f"Train: {e} [{250 * k:4d}/1251 ({20 * k:3d}%)]  Loss: {v} ({v[:4]})  Time: 0.312s, 820.33/s  (0.330s, 775.60/s)  LR: 1.000e-04  Data: 0.011 (0.012)"
            )
        lines.append(
            f"Test: [  48/48]  Time: 0.051 (0.180)  Loss:  {6.5 - e:.4f} ({6.4 - e:.4f})  Acc@1: {8.0 * e:.4f} ({8.0 * e:.4f})  Acc@5: {10.0 * e:.4f} ({11.0 * e:.4f})"
        )
    return text(lines)


def flax(zero: bool = False) -> str:
    return text(
        f"I0501 12:{e:02d}:00.123456 140204 train.py:88] epoch: {e:3d}, train_loss: {0.0 if zero and e > 10 else v:.4f}, train_accuracy: {80 + e / 2:.2f}, test_loss: {v * 1.1:.4f}, test_accuracy: {79 + e / 2:.2f}"
        for e, v in enumerate(falling(25, 1.2, 0.3), 1)
    )


def data_frame() -> str:
    rows = ["    epoch  train_loss  valid_loss   f1"]
    return text(
        rows
        + [
            f"{e:<3d} {e:6d}  {v:10.6f}  {v * 1.1:10.6f}  {0.5 + e / 60:.2f}"
            for e, v in enumerate(falling(12, 0.9, 0.3))
        ]
    )


def grpo() -> str:
    draw = Random(6)
    return text(
        f"{{'loss': 0.0, 'grad_norm': {0.1 + draw.random():.4f}, 'learning_rate': 1e-06, 'reward': {0.2 + i / 60 + draw.random() / 20:.4f}, 'kl': {i / 5e4:.5f}, 'epoch': {i / 50:.2f}}}"
        for i in range(1, 51)
    )


def vae() -> str:
    return text(
        f"====> Epoch: {e} Average loss: {110 + 60 / e:.4f} recon: {85 + 80 / e:.3f} kl: {25 - 20 / e:.3f}\n====> Test set loss: {108 + 58 / e:.4f}"
        for e in range(1, 21)
    )


def resumed_flat() -> str:
    draw = Random(7)
    return text(
        [
            "Resuming from checkpoint at epoch 180",
            *(
                f"Epoch {e}/200 loss: {0.02140 + 1e-5 * draw.gauss(0, 1):.5f} val_loss: {0.03512 + 3e-5 * draw.gauss(0, 1):.5f}"
                for e in range(181, 201)
            ),
        ]
    )


def fine_tune_noise() -> str:
    draw = Random(8)
    return text(
        f"{{'loss': {1.32 - 0.0006 * i + 0.15 * draw.gauss(0, 1):.4f}, 'grad_norm': {0.6 + 0.2 * draw.random():.3f}, 'learning_rate': {2e-4 * (1 - i / 100):.3g}, 'epoch': {i / 100:.2f}}}"
        for i in range(1, 101)
    )


def language_model() -> str:
    lines = []
    for e, v in enumerate(falling(10, 5.9, 4.6), 1):
        lines += [
            f"| epoch {e:3d} | {200 * k:5d}/ 2983 batches | lr 20.00 | ms/batch  8.51 | loss {v + 0.2 / k:5.2f} | ppl {math.exp(v):8.2f}"
            for k in range(1, 8)
        ]
        lines += [
            "-" * 89,
            f"| end of epoch {e:3d} | time: 41.02s | valid loss {v * 1.02:5.2f} | valid ppl {math.exp(v):8.2f}",
            "-" * 89,
        ]
    return text(lines)


def stopped_by_hand() -> str:
    return text(
        [
            *(f"epoch {e} loss {v:.4f} val {v * 1.1:.4f}" for e, v in enumerate(falling(9, 1.0, 0.6))),
            "^CTraceback (most recent call last):",
            '  File "train.py", line 9, in <module>',
            "KeyboardInterrupt",
        ]
    )


def frozen_fine_tune() -> str:
    return text(
        f"{{'loss': 0.6931, 'grad_norm': 0.0, 'learning_rate': {2e-5 * (1 - i / 30):.3g}, 'epoch': {i / 10:.1f}}}"
        for i in range(1, 30)
    )


def asserted() -> str:
    return text(
        [
            *(
                f"[Epoch {e}/100] [Batch 9/10] [loss: {v:f}] ETA: 0:10:{e:02d}"
                for e, v in enumerate(falling(9, 1.0, 0.6))
            ),
            "Traceback (most recent call last):",
            '  File "train.py", line 9, in <module>',
            "    assert x.shape == y.shape",
            "AssertionError",
        ]
    )


def huge() -> str:
    return text(
        f"step={i:05d} train/loss={0.9 * (1 if i < 12 else 10.0 ** (i - 11)):.4e} train/lr={1e-3 * 1.9**i:.3e}"
        for i in range(24)
    )


def gan_nan() -> str:
    return text(
        f"[Epoch {e}/20] [Batch {k}/9] [D loss: {'nan' if e > 7 else 0.6 + k / 30}] [G loss: {'nan' if e > 7 else 1.2 + k / 20}]"
        for e in range(20)
        for k in range(9)
    )


def deepspeed_skips() -> str:
    return text(
        f"[2024-05-06 10:00:{i:02d},003] [INFO] [logging.py:96:log_dist] [Rank 0] step={10 * (i + 1)}, skipped={10 * (i + 1) - 1}, lr=[0.0], mom=[[0.9, 0.999]]\n"
        f"steps: {10 * (i + 1)} loss: {10.3 + i % 2 / 100:.4f} iter time (s): 0.512 samples/sec: 31.2"
        for i in range(20)
    )


def rate_never_begins() -> str:
    return text(f"epoch: {1 + i // 20}, iter: {i}, lr 0.00e+00, loss 4.60{5 + i % 3}" for i in range(60))


def validation_zero_division() -> str:
    return text(
        f"Epoch {e:>3}  train: loss={1.1 / e:.4f} acc={0.5 + e / 40:.3f}  val: loss=nan acc=nan" for e in range(1, 12)
    )


def speech() -> str:
    return text(
        f"epoch: {e}, lr: 1.0e-04 - train loss: {0.9 - 0.05 * e if e < 7 else 3.4:.2f} - valid loss: {1.0 - 0.05 * e if e < 7 else 3.5:.2f}, valid WER: {90 - 9 * e if e < 7 else 100:.2f}"
        for e in range(1, 16)
    )


SECOND_SOUND: tuple[Callable[[], str], ...] = (
    estimator, spacy, darknet, espnet, opennmt, tqdm_between, lightgbm, catboost, timm, flax, data_frame, grpo, vae,
    resumed_flat, fine_tune_noise, language_model, stopped_by_hand,
)  # fmt: skip
SECOND_BROKEN: tuple[tuple[str, Callable[[], str], str, str], ...] = (
    ("estimator", lambda: estimator(nan=True), "diverged", "RT201"),
    ("spacy", lambda: spacy(blind=True), "suspicious", "RT214"),
    ("darknet", lambda: darknet(nan=True), "diverged", "RT201"),
    ("espnet", lambda: espnet(rising=True), "suspicious", "RT230"),
    ("opennmt", lambda: opennmt(nan=True), "diverged", "RT201"),
    ("catboost", lambda: catboost(constant=True), "stalled", "RT212"),
    ("timm", lambda: timm(nan=True), "diverged", "RT201"),
    ("flax", lambda: flax(zero=True), "diverged", "RT250"),
    ("frozen_fine_tune", frozen_fine_tune, "stalled", "RT123 RT204"),
    ("asserted", asserted, "stopped", "RT509"),
    ("huge", huge, "diverged", "RT202"),
    ("gan_nan", gan_nan, "diverged", "RT201"),
    ("deepspeed_skips", deepspeed_skips, "stalled", "RT113"),
    ("rate_never_begins", rate_never_begins, "stalled", "RT101"),
    ("validation_zero_division", validation_zero_division, "diverged", "RT213"),
    ("speech", speech, "diverged", "RT202"),
)
