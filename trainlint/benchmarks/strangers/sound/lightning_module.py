"""LightningModule with configure_optimizers, validation loop and a per-epoch schedule."""
import logging
import warnings

import lightning as L
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
L.seed_everything(60, verbose=False)
torch.manual_seed(60)


class Classifier(L.LightningModule):
    def __init__(self, lr=5e-3):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 5))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.cross_entropy(self.net(x), y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_loss", F.cross_entropy(self.net(x), y), on_epoch=True)

    def configure_optimizers(self):
        opt = torch.optim.Adam(self.parameters(), lr=self.hparams.lr)
        return [opt], [torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)]


centres = torch.randn(5, 16)
y = torch.randint(5, (900,))
x = centres[y] + 0.7 * torch.randn(900, 16)
train = DataLoader(TensorDataset(x[:700], y[:700]), batch_size=35, shuffle=True)
val = DataLoader(TensorDataset(x[700:], y[700:]), batch_size=200)
model = Classifier()
trainer = L.Trainer(max_epochs=5, accelerator="cpu", logger=False, enable_checkpointing=False,
                    enable_progress_bar=False, enable_model_summary=False, gradient_clip_val=1.0)
before = trainer.validate(model, val, verbose=False)[0]["val_loss"]
trainer.fit(model, train, val)
after = trainer.validate(model, val, verbose=False)[0]["val_loss"]
assert after < 0.3 * before
print(f"OK {before:.4f} -> {after:.4f}")
