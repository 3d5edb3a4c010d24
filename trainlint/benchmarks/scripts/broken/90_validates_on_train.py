import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class DataModule:
    def __init__(self, n=1000, batch_size=64):
        full = TensorDataset(torch.randn(n, 9), torch.randn(n, 1))
        self.train_set, self.val_set = random_split(full, [int(0.8 * n), n - int(0.8 * n)])
        self.batch_size = batch_size

    def train_dataloader(self):
        return DataLoader(self.train_set, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.train_set, batch_size=self.batch_size)  # FAULT


def main():
    dm = DataModule()
    model = nn.Sequential(nn.Linear(9, 50), nn.ReLU(), nn.Linear(50, 1))
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(10):
        model.train()
        for x, y in dm.train_dataloader():
            opt.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            val = sum(nn.functional.mse_loss(model(x), y).item() for x, y in dm.val_dataloader())
        print(epoch, val / len(dm.val_dataloader()))


main()
