import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from torch import nn


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x):
        return F.softmax(self.net(x), dim=1)

    def training_step(self, batch, _):
        x, y = batch
        loss = F.cross_entropy(self(x), y)  # FAULT
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)
