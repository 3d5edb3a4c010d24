"""A fourth hand of logs: each logger once over a sound run and once over a broken one. Part two: tables, files, oddities."""

# ruff: noqa: E501  (lines are as long as programs print them)

import gzip
import json
import math
from collections.abc import Callable
from random import Random

from .foreign_pairs import NAN, spoilt
from .foreign_sound import falling, text


def lightning_csv(broken: bool) -> str:
    lines = ["epoch,lr-Adam,step,train_loss_epoch,train_loss_step,val_acc,val_loss"]
    for e, v in enumerate(falling(10, 2.2, 0.5, 0.02)):
        lines += [f"{e},,{100 * e + k},,{v * (1 + k / 900)},," for k in (49, 99)]
        lines += [
            f",0.001,{100 * e + 99},,,,",
            f"{e},,{100 * e + 99},,,{0.1 if broken else 0.4 + e / 25},{2.302585 if broken else v * 1.1}",
            f"{e},,{100 * e + 99},{v},,,",
        ]
    return text(lines)


def wandb_history(broken: bool) -> str:
    lines = []
    for i, v in enumerate(falling(60, 3.1, 1.2, 0.03)):
        row = {
            "_step": i,
            "_runtime": 3.1 * i,
            "_timestamp": 1714564800.1 + 3.1 * i,
            "train/loss": "NaN" if broken and i > 40 else v,
            "train/lr": 3e-4,
            "val/loss": None,
        }
        lines.append(json.dumps(row | ({"val/loss": v * 1.05} if not i % 10 and not (broken and i > 40) else {})))
    return text(lines)


def nulls(broken: bool) -> str:
    loss = spoilt(falling(20, 1.4, 0.3, 0.02), 8) if broken else falling(20, 1.4, 0.3, 0.02)
    return text(
        json.dumps({"epoch": e + 1, "loss": None if math.isnan(v) else v, "lr": 0.001}) for e, v in enumerate(loss)
    )


def two_runs(broken: bool) -> str:
    lines = []
    for run in (1, 2):
        lines.append(f"=== starting run {run}: hidden=64 lr=0.0{run} ===")
        loss = falling(12, 1.5, 0.3, 0.03, run)
        loss = spoilt(loss, 6) if broken and run == 2 else loss
        lines += [f"epoch {e + 1:2d}/12  loss {v:.4f}  val {v * 1.1:.4f}" for e, v in enumerate(loss)]
    return text(lines)


def resumed(broken: bool) -> str:
    loss, lines = falling(60, 3.0, 0.8, 0.02), []
    lines += [f"step {100 * i:6d} | loss {v:.4f} | lr 3.0e-04" for i, v in enumerate(loss[:30])]
    lines.append("Resuming from checkpoint step_2500.pt")
    lines += [
        f"step {100 * i:6d} | loss {v * (2.4 if broken else 1):.4f} | lr 3.0e-04" for i, v in enumerate(loss) if i >= 25
    ]
    return text(lines)


def unix_times(broken: bool) -> str:
    loss = falling(30, 0.9, 0.2, 0.04)
    return text(
        f"{1714564800.123 + 61.5 * i:.3f} node-3 12:{i:02d}:33.221 [train] epoch {i // 3} batch {100 * (i % 3)}/300 loss {6.9 + 0.004 * Random(i).gauss(0, 1) if broken else v:.4f}"
        for i, v in enumerate(loss)
    )


def german(broken: bool) -> str:
    val = [0.6 + 0.05 * e if broken else v for e, v in enumerate(falling(15, 0.9, 0.35, 0.02))]
    lines = [
        f"Epoche {e + 1}/15: loss {t:.4f} val_loss {v:.4f} acc {acc:.1f} %"
        for e, (t, v, acc) in enumerate(
            zip(falling(15, 0.9, 0.15), val, [70.1 - e / 9 if broken else 60.1 + e for e in range(15)], strict=True)
        )
    ]
    return text(lines).replace(".", ",")


def colours(broken: bool) -> str:
    return text(
        f"\x1b[90m12:0{i % 6}:11\x1b[0m \x1b[1;32mINFO\x1b[0m  step \x1b[36m{50 * i}\x1b[0m  loss \x1b[1m\x1b[33m{'nan' if broken and i > 9 else f'{v:.4f}'}\x1b[0m  gnorm \x1b[35m{1.1 + i % 5 / 9:.3f}\x1b[0m"
        for i, v in enumerate(falling(30, 2.2, 0.7, 0.03))
    )


def windows(broken: bool) -> str:
    return "".join(
        f"Epoch: {e + 1}, Batch: {b}, Loss: {'-nan(ind)' if broken and e > 3 else f'{v * (1 - b / 1000):.5f}'}, Accuracy: {10.0 if broken and e > 3 else 50 + 3 * e:.2f}%\r\n"
        for e, v in enumerate(falling(10, 1.8, 0.5))
        for b in (0, 50, 100)
    )


def powershell(broken: bool) -> bytes:
    lines = [
        f"Epoch {e + 1:3d} | train_loss={t:.5f} | valid_loss={spoilt(falling(14, 1.1, 0.4), 6)[e] if broken else 1.1 * 0.93**e:.5f} | time=12.1s"
        for e, t in enumerate(falling(14, 1.0, 0.3, 0.02))
    ]
    return "\r\n".join(lines).encode("utf-16")


def zipped(broken: bool) -> bytes:
    loss = spoilt(falling(40, 2.0, 0.6, 0.03), 22) if broken else falling(40, 2.0, 0.6, 0.03)
    return gzip.compress(text(f"step {25 * i} loss {v:.4f} lr 0.0003" for i, v in enumerate(loss)).encode(), mtime=0)


def paddle(broken: bool) -> str:
    return text(
        f"[2024-05-01 12:{i:02d}:00,123] [    INFO] - global step {100 * (i + 1)}, epoch: {1 + i // 10}, batch: {100 * (i % 10)}, loss: {0.693147 if broken else v:.6f}, accu: {0.5 if broken else 0.6 + i / 90:.5f}, speed: 3.21 step/s"
        for i, v in enumerate(falling(30, 0.69, 0.2, 0.05))
    )


def stable_baselines(broken: bool) -> str:
    lines = []
    for i in range(20):
        loss, rew = (NAN, 9.3) if broken and i > 8 else (5.3 + (i % 4), 22.1 + 6 * i)
        rows = [
            ("rollout/", ""),
            ("   ep_len_mean", f"{rew:.3g}"),
            ("   ep_rew_mean", f"{rew:.3g}"),
            ("time/", ""),
            ("   fps", "812"),
            ("   iterations", f"{i + 1}"),
            ("   total_timesteps", f"{2048 * (i + 1)}"),
            ("train/", ""),
            ("   explained_variance", "0.12"),
            ("   learning_rate", "0.0003"),
            ("   loss", f"{loss:.3g}"),
            ("   value_loss", f"{8 * loss:.3g}"),
        ]
        lines += ["-" * 42, *(f"| {a:24} | {b:10} |" for a, b in rows), "-" * 42]
    return text(lines)


def ignite(broken: bool) -> str:
    lines = []
    for e in range(1, 11):
        t, v = 0.8 * 0.8**e, (0.8 * 0.85**e if not broken else 0.71234)
        lines += [
            f"2024-05-01 12:{e:02d}:11,123 ignite.engine.engine.Engine INFO: Epoch[{e}] Complete. Time taken: 00:00:12.321",
            f"Training Results - Epoch: {e}  Avg accuracy: {0.6 + e / 40:.2f} Avg loss: {t:.5f}",
            f"Validation Results - Epoch: {e}  Avg accuracy: {0.5 if broken else 0.6 + e / 42:.2f} Avg loss: {v:.5f}",
        ]
    return text(lines)


def allennlp(broken: bool) -> str:
    lines, where = [], "2024-05-01 12:00:00,123 - INFO - allennlp.training.callbacks.console_logger -"
    for e in range(8):
        lines += [
            f"{where}                      Training |  Validation",
            f"{where} accuracy           |     {0.6 + e / 30:.3f}  |     {0.5 if broken else 0.6 + e / 33:.3f}",
            f"{where} gpu_0_memory_MB    |   2311.210  |       N/A",
            f"{where} loss               |     {0.9 * 0.8**e:.3f}  |     {NAN if broken and e > 2 else 0.9 * 0.85**e:.3f}",
            f"2024-05-01 12:00:00,124 - INFO - allennlp.training.trainer - Epoch {e + 1}/7",
        ]
    return text(lines)


def torchtune(broken: bool) -> str:
    return text(
        f"Step {i + 1} | loss:{0.0 if broken else v} lr:{2e-5 * min(1, (i + 1) / 10)} tokens_per_second_per_gpu:{512.3 + i} peak_memory_active:12.3 grad_norm:{0.0 if broken else 1.21}"
        for i, v in enumerate(falling(30, 1.9, 0.9, 0.05))
    )


def speechbrain(broken: bool) -> str:
    return text(
        f"epoch: {e + 1}, lr: {'0.00e+00' if broken else '1.00e-03'} - train loss: {3.41 + 0.01 * (e % 3) if broken else 3.4 * 0.85**e:.2f} - valid loss: {3.38 if broken else 3.3 * 0.87**e:.2f}, valid CER: {98.12 if broken else 98 * 0.8**e:.2f}, valid WER: {100.0 if broken else 99 * 0.85**e:.2f}"
        for e in range(14)
    )


def cntk(broken: bool) -> str:
    return text(
        f"Finished Epoch[{e + 1:2d} of 20]: [Training] loss = {v * (1 if not broken else 1 + e**2 / 3):.6f} * 50000, metric = {60 - 2 * e if not broken else 90 + e / 20:.2f}% * 50000 12.{e}s (4012.3 samples/s);"
        for e, v in enumerate(falling(20, 2.1, 0.5, 0.01))
    )


def yaml_blocks(broken: bool) -> str:
    lines = []
    for e in range(12):
        v = 1.2 * 0.85**e
        lines += [
            f"epoch: {e + 1}",
            "  train:",
            f"    loss: {v:.5f}",
            f"    accuracy: {0.5 + e / 30:.4f}",
            "  val:",
            f"    loss: {'.nan' if broken and e > 4 else f'{v * 1.1:.5f}'}",
            f"    accuracy: {0.1 if broken and e > 4 else 0.5 + e / 32:.4f}",
            "",
        ]
    return text(lines)


def markdown(broken: bool) -> str:
    rows = [
        f"| {e + 1} | {t:.4f} | {0.8 + 0.07 * e if broken else t * 1.1:.4f} | {0.0001} |"
        for e, t in enumerate(falling(15, 1.1, 0.2, 0.01))
    ]
    return text(
        ["# Run notes", "", "| epoch | train loss | val loss | lr |", "|------:|-----------:|---------:|---:|", *rows]
    )


def running_sum(broken: bool) -> str:
    lines = []
    for e in range(8):
        level, total = (0.9 * 0.75**e, 0.0) if not broken else (0.9 * 1.6**e, 0.0)
        for i in range(1, 11):
            total += level * (1 + 0.05 * Random(11 * e + i).gauss(0, 1))
            lines.append(f"epoch {e} step {100 * i} running_loss {total:.4f}")
    return text(lines)


def tensors(broken: bool) -> str:
    return text(
        f"epoch {e} | loss: tensor({'nan' if broken and e > 3 else f'{v:.4f}'}, device='cuda:0', grad_fn=<NllLossBackward0>) | acc: tensor({0.5 + e / 40:.4f}, device='cuda:0')"
        for e, v in enumerate(falling(12, 2.0, 0.6))
    )


def unicode_marks(broken: bool) -> str:
    return text(
        f"época {e + 1} → loss={t:.4f} · val_loss={(0.5 + e / 12 if broken else t * 1.15):.4f} · ‖∇‖₂=1.2 {'✓' if e % 3 else '✗'} 用时 12秒"
        for e, t in enumerate(falling(14, 1.0, 0.2, 0.02))
    )


def multiline_dict(broken: bool) -> str:
    rows = [
        {
            "epoch": e,
            "metrics": {
                "train": {"loss": v, "f1": 0.3 + e / 20},
                "validation": {
                    "loss": v * 1.1 if not broken else 0.4 + e / 10,
                    "f1": 0.3 + e / 22 if not broken else 0.35 - e / 90,
                },
            },
        }
        for e, v in enumerate(falling(10, 1.2, 0.3))
    ]
    return json.dumps({"config": {"lr": 0.001, "batch_size": 32}, "history": rows}, indent=2)


PAIRS_MORE: dict[Callable[[bool], str | bytes], tuple[str, str]] = {
    lightning_csv: ("stalled", "RT212"), wandb_history: ("diverged", "RT201"), nulls: ("diverged", "RT201"), two_runs: ("diverged", "RT201"),
    resumed: ("suspicious", "RT504"), unix_times: ("stalled", "RT251"), german: ("suspicious", "RT230"), colours: ("diverged", "RT201"),
    windows: ("diverged", "RT201"), powershell: ("diverged suspicious", "RT213"), zipped: ("diverged", "RT201"), paddle: ("stalled", "RT204"),
    stable_baselines: ("diverged", "RT201"), ignite: ("stalled", "RT212"), allennlp: ("diverged suspicious", "RT213"), torchtune: ("stalled", "RT203 RT123"),
    speechbrain: ("stalled", "RT101"), cntk: ("diverged", "RT202 RT253"), yaml_blocks: ("diverged suspicious", "RT213"), markdown: ("suspicious", "RT230"),
    running_sum: ("diverged", "RT202 RT253"), tensors: ("diverged", "RT201"), unicode_marks: ("suspicious", "RT230"), multiline_dict: ("suspicious", "RT230"),
}  # fmt: skip
SUFFIXES = {
    "lightning_csv": ".csv",
    "wandb_history": ".jsonl",
    "nulls": ".jsonl",
    "multiline_dict": ".json",
    "mmengine_scalars": ".json",
    "zipped": ".log.gz",
    "markdown": ".md",
}
