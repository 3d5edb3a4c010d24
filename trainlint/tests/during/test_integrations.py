"""Loops that belong to a library are watched through its callbacks, with schedules, checkpoints and skipped updates."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

from trainlint import Watch
from trainlint.during.integrations import lightning_callback, transformers_callback

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _seeded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    torch.manual_seed(0)


def loader() -> DataLoader:
    x = torch.randn(64, 4, generator=stream(0, "x"))
    return DataLoader(TensorDataset(x, x[:, :1] * 2), 16, shuffle=True)


@pytest.mark.parametrize(("rate", "code"), [(0.05, None), (0.0, "RT101")])
def test_accelerate(rate: float, code: str | None):
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = nn.Linear(4, 1)
    optimizer = SGD(model.parameters(), rate)
    model, optimizer, batches, scheduler = accelerator.prepare(
        model, optimizer, loader(), LambdaLR(optimizer, lambda t: 0.99**t)
    )
    watch = Watch(model, optimizer, scheduler, raises=False)
    for _ in range(3):
        for x, y in batches:
            with accelerator.accumulate(model):
                accelerator.backward(watch.loss(F.mse_loss(model(x), y)))
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
    verdict = watch.close()
    assert verdict.counts["updates"] == 6
    assert (code in verdict.codes) if code else verdict.healthy, str(verdict)


def test_accelerate_brings_its_scaler():
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=1e38)  # as mixed_precision="fp16" has on a GPU
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    model, optimizer, batches = accelerator.prepare(model, SGD(model.parameters(), 0.05), loader())
    watch = Watch(model, optimizer)
    for _ in range(10):
        for x, y in batches:
            optimizer.zero_grad()
            accelerator.backward(watch.loss(F.mse_loss(model(x), 10 * y)))
            optimizer.step()
    verdict = watch.close()
    assert watch.run.scaler is accelerator.scaler
    assert verdict.healthy, str(verdict)
    assert verdict.counts["skipped"] > 0
    assert verdict.counts["updates"] + verdict.counts["skipped"] == 40


def fit(tmp_path: Path, rate: float, ends: int | None = None) -> Any:
    """The callback of a Lightning fit with a schedule and checkpoints; the loop raises at step `ends`."""
    lightning = pytest.importorskip("lightning")

    class Model(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(4, 1)

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            if self.global_step == ends:
                raise RuntimeError("no more data")
            loss = F.mse_loss(self.net(batch[0]), batch[1])
            self.log("train_loss", loss, on_epoch=True, on_step=False)
            return loss

        def configure_optimizers(self) -> dict[str, object]:
            optimizer = SGD(self.parameters(), rate)
            return {"optimizer": optimizer, "lr_scheduler": LambdaLR(optimizer, lambda t: 0.9**t)}

    callback = lightning_callback(raises=False)
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", callbacks=[callback], logger=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="no more") if ends is not None else nullcontext():
        trainer.fit(Model(), loader())
    return callback


@pytest.mark.parametrize(("rate", "code"), [(0.05, None), (0.0, "RT101")])
def test_lightning(rate: float, code: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    callback = fit(tmp_path, rate)
    told = capsys.readouterr().err
    assert (code in told) if code else "trainlint" not in told and "RT" not in told
    assert list(tmp_path.rglob("*.ckpt"))
    assert callback.verdict.counts["ticks"] == 3
    assert callback.verdict.counts["updates"] == 12
    assert (code in callback.verdict.codes) if code else callback.verdict.healthy, str(callback.verdict)


def test_lightning_fit_that_an_error_ends_is_not_healthy(tmp_path: Path):
    verdict = fit(tmp_path, 0.05, ends=6).verdict
    assert verdict.codes == ("RT509",)
    assert "no more data" in verdict.findings[0].evidence


@pytest.mark.parametrize(("rate", "code"), [(0.05, None), (0.0, "RT101")])
def test_transformers(rate: float, code: str | None, tmp_path: Path):
    transformers = pytest.importorskip("transformers")

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(4, 1)

        def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
            out = self.net(x)
            return {"loss": F.mse_loss(out, labels), "logits": out}

    backward = Tensor.backward
    x = torch.randn(64, 4, generator=stream(0, "x"))
    rows = [{"x": x[i], "labels": 2 * x[i, :1]} for i in range(64)]
    callback = transformers_callback(raises=False)
    options = transformers.TrainingArguments(
        output_dir=str(tmp_path), num_train_epochs=2, per_device_train_batch_size=16, learning_rate=rate, use_cpu=True,
        report_to=[], save_strategy="epoch", disable_tqdm=True, logging_strategy="no",
    )  # fmt: skip
    transformers.Trainer(Model(), options, train_dataset=rows, callbacks=[callback]).train()
    assert list(tmp_path.rglob("scheduler.pt"))
    assert callback.verdict.counts["updates"] == callback.verdict.counts["losses"] == 8
    assert (code in callback.verdict.codes) if code else callback.verdict.healthy, str(callback.verdict)
    assert Tensor.backward is backward
