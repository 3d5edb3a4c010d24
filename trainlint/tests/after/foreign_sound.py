"""Sound logs as many programs print them, with noise, restarts, rounding and other things that look wrong and are not."""

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
    return text([*skips, *lines[:80], "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 8192.0", *lines[80:]])


def cifar_tutorial() -> str:
    loss = falling(24, 2.2, 0.9, 0.02)
    return text([f"[{1 + i // 6}, {2000 * (i % 6 + 1):5d}] loss: {v:.3f}" for i, v in enumerate(loss)] + ["Finished Training"])


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
        lines += [f"iter {250 * i + 10 * k}: loss {train[i] * (1 + 0.02 * (k % 3 - 1)):.4f}, time 31.20ms, mfu 12.4%" for k in range(25)]
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
        history.append({"epoch": i / 20, "grad_norm": 1.0 + (i % 5) / 4, "learning_rate": 5e-5 * (1 - i / 40), "loss": round(v, 4), "step": 50 * i})
        if i % 10 == 0:
            history.append({"epoch": i / 20, "eval_loss": v * 1.05, "eval_runtime": 12.5, "eval_accuracy": 0.5 + i / 100, "step": 50 * i})
    return json.dumps({"best_metric": None, "epoch": 2.0, "global_step": 2000, "log_history": history, "max_steps": 2000}, indent=2)


def keras_history() -> str:
    return json.dumps({"loss": falling(12, 1.0, 0.2), "val_loss": falling(12, 1.1, 0.35), "accuracy": [0.5 + i / 40 for i in range(12)],
                       "val_accuracy": [0.48 + i / 42 for i in range(12)]})  # fmt: skip


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
        lines.append(f"epoch {e:3d} | lr {rate:.5f} | train {loss:.4f} | val {loss * 1.1 + 0.02:.4f} | acc {90 - 20 * loss:.2f}")
    return text(lines)


def small_rate_printed_as_zero() -> str:
    return text(f"Epoch {e} | Train Loss: {v:.4f} | LR: 0.0000 | Val Loss: {v * 1.2:.4f}" for e, v in enumerate(falling(15, 1.4, 0.4), 1))


def perfect_validation() -> str:
    return text(
        f"epoch={e} loss={v:.5f} val_loss={v * 0.8:.5f} val_acc=1.0000 val_f1=1.0000" for e, v in enumerate(falling(20, 0.3, 0.002), 1)
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
        lines += [f"Epoch {e}/10 - train_loss: {v:.4f} - val_loss: {v * 1.2:.4f}" for e, v in enumerate(falling(10, 1.0, 0.2, 0.02, fold), 1)]
    return text(lines)


def flow_likelihood() -> str:
    return text(f"Epoch {e}, nll: {6000 - 900 * math.log(e) - 4000:.2f}, val nll: {6020 - 890 * math.log(e) - 4000:.2f}" for e in range(1, 31))


def markdown() -> str:
    rows = ["| Step | Training Loss | Validation Loss | Accuracy |", "|:----:|:-------------:|:---------------:|:--------:|"]
    rows += [f"| {500 * (i + 1)} | {'No log' if i == 0 else f'{v:.6f}'} | {v * 0.98:.6f} | {0.8 + i / 100:.6f} |" for i, v in enumerate(falling(10, 0.6, 0.3))]
    return text(rows)


def skorch() -> str:
    rows = ["  epoch    train_loss    valid_acc    valid_loss     dur", "-------  ------------  -----------  ------------  ------"]
    rows += [f"{e:7d}  {v:12.4f}  {0.5 + e / 50:11.4f}  {v * 1.1:12.4f}  0.0441" for e, v in enumerate(falling(12, 0.7, 0.4), 1)]
    return text(rows)


def xgboost() -> str:
    return text(f"[{i}]\ttrain-logloss:{v:.5f}\teval-logloss:{v * 1.1:.5f}" for i, v in enumerate(falling(50, 0.69, 0.2)))


def moderate_gap() -> str:
    """Over-fitting as it is everywhere: a little, late, and the accuracy still gets better."""
    lines = []
    for e in range(1, 31):
        train, val = 2.0 * math.exp(-e / 8), 0.55 + 1.2 * math.exp(-e / 5) + 0.004 * max(0, e - 14)
        lines.append(f"Epoch {e:02d}: train_loss {train:.3f} val_loss {val:.3f} val_acc {0.5 + 0.4 * (1 - math.exp(-e / 9)):.3f}")
    return text(lines)


def scaler_for_a_moment() -> str:
    lines = []
    for i, v in enumerate(falling(200, 3.0, 1.0, 0.03)):
        shown = "nan" if i in {1, 90} else f"{v:.4f}"
        norm = "inf" if i in {0, 1, 90} else f"{1.2 + i % 3 / 10:.3f}"
        lines.append(f"step {i} loss={shown} grad_norm={norm} loss_scale={65536 / (4 if i < 90 else 8):.0f} lr=3.0e-4")
    return text(lines)


def short_run() -> str:
    return text(["Epoch 1/3 train loss: 0.412 val loss: 0.398", "Epoch 2/3 train loss: 0.371 val loss: 0.380", "Epoch 3/3 train loss: 0.352 val loss: 0.377"])


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
SUFFIXES = {"validation_every_five": ".csv", "lightning_csv": ".csv", "trainer_state": ".json", "keras_history": ".json"}
