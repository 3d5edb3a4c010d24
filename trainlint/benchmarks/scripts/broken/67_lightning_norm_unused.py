import lightning as L
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


class LitRegressor(L.LightningModule):
    def __init__(self, features=20, hidden=128, lr=1e-3):
        super().__init__()
        self.save_hyperparameters()
        self.inp = nn.Linear(features, hidden)
        self.norm = nn.LayerNorm(hidden)  # FAULT
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h = F.gelu(self.inp(x))
        return self.out(h).squeeze(-1)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.mse_loss(self(x), y)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_loss", F.mse_loss(self(x), y))

    def configure_optimizers(self):
        return optim.Adam(self.parameters(), lr=self.hparams.lr)


def loader(n, shuffle):
    x = torch.randn(n, 20)
    return DataLoader(TensorDataset(x, x.sum(1)), batch_size=32, shuffle=shuffle)


if __name__ == "__main__":
    L.Trainer(max_epochs=3).fit(LitRegressor(), loader(512, True), loader(128, False))
