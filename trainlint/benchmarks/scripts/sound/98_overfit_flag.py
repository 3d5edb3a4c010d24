import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--overfit", action="store_true", help="train and validate on 32 examples")
parser.add_argument("--epochs", type=int, default=10)
args = parser.parse_args()
full = TensorDataset(torch.randn(1000, 6), torch.randn(1000, 1))
train_set, val_set = torch.utils.data.random_split(full, [900, 100])
if args.overfit:
    train_set = Subset(full, range(32))
    val_set = train_set
train_dl = DataLoader(train_set, batch_size=16, shuffle=not args.overfit)
val_dl = DataLoader(val_set, batch_size=100)
net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), 1e-3)
for epoch in range(args.epochs):
    net.train()
    for x, y in train_dl:
        opt.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        print(epoch, sum(nn.functional.mse_loss(net(x), y).item() for x, y in val_dl) / len(val_dl))
