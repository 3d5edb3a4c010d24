"""The loaders' shuffle flags are swapped: validation shuffles, training on the sorted table does not (marked FAULT)."""
import argparse

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def load_table(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 7, generator=g)
    y = (x @ torch.linspace(-1, 1, 7)) + 0.1 * torch.randn(n, generator=g)
    label = torch.bucketize(y, torch.tensor([-1.0, 0.0, 1.0]))
    order = label.argsort()          # stored per class in the csv
    return TensorDataset(x[order], label[order])


def get_loaders(args):
    loaders = {}
    for split, n, seed in (("train", 800, 0), ("val", 200, 1)):
        loaders[split] = DataLoader(
            load_table(n, seed),
            batch_size=args.bs,
            shuffle=(split != "train"),  # FAULT
        )
    return loaders


def run_epoch(model, loader, criterion, optimizer=None):
    is_train = optimizer is not None
    model.train(is_train)
    tot_loss, tot_hit, tot = 0.0, 0, 0
    with torch.set_grad_enabled(is_train):
        for x, y in loader:
            out = model(x)
            loss = criterion(out, y)
            if is_train:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            tot_loss += loss.item() * y.size(0)
            tot_hit += (out.argmax(1) == y).sum().item()
            tot += y.size(0)
    return tot_loss / tot, tot_hit / tot


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--bs", type=int, default=50)
    ap.add_argument("--epochs", type=int, default=6)
    ap.add_argument("--lr", type=float, default=0.05)
    args = ap.parse_args()
    torch.manual_seed(0)
    loaders = get_loaders(args)
    model = nn.Sequential(nn.Linear(7, 32), nn.ReLU(), nn.Linear(32, 4))
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=args.lr)
    for ep in range(args.epochs):
        tl, ta = run_epoch(model, loaders["train"], criterion, optimizer)
        vl, va = run_epoch(model, loaders["val"], criterion)
        print(f"{ep}: train {tl:.3f}/{ta:.2f} val {vl:.3f}/{va:.2f}")
