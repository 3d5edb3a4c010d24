"""OneCycleLR is counted in batches but handed to Lightning without interval="step", so it ticks per epoch (marked FAULT)."""
import warnings

import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")


class Autoencoder(L.LightningModule):
    def __init__(self, dim=16, bottleneck=4):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, bottleneck))
        self.decoder = nn.Sequential(nn.Linear(bottleneck, 32), nn.ReLU(), nn.Linear(32, dim))
        self.loss = nn.MSELoss()

    def training_step(self, batch, batch_idx):
        (x,) = batch
        loss = self.loss(self.decoder(self.encoder(x)), x)
        self.log("loss", loss, on_epoch=True, on_step=False)
        return loss

    def on_train_epoch_end(self):
        lr = self.trainer.optimizers[0].param_groups[0]["lr"]
        print(f"epoch {self.current_epoch} lr {lr:.6f}")

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-2)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=1e-2, total_steps=self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": scheduler}  # FAULT


if __name__ == "__main__":
    L.seed_everything(0)
    data = torch.randn(600, 4) @ torch.randn(4, 16)
    trainer = L.Trainer(
        max_epochs=6, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(Autoencoder(), DataLoader(TensorDataset(data), batch_size=30, shuffle=True))
    print("final loss", float(trainer.callback_metrics["loss"]))
