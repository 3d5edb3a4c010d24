"""python train.py --data data/ --bs 32"""
import argparse, os, torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset, DataLoader


class Folder(Dataset):
    def __init__(self, root, split):
        self.items = []
        for label, name in enumerate(sorted(os.listdir(os.path.join(root, split)))):
            for f in os.listdir(os.path.join(root, split, name)):
                self.items.append((os.path.join(root, split, name, f), label))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        path, label = self.items[i]
        return torch.load(path), label


def main(args):
    train_ds, val_ds = Folder(args.data, "train"), Folder(args.data, "val")
    train_dl = DataLoader(train_ds, batch_size=args.bs, num_workers=args.workers, pin_memory=True, drop_last=True)  # FAULT
    val_dl = DataLoader(val_ds, batch_size=args.bs, num_workers=args.workers)
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 256), nn.ReLU(), nn.Linear(256, 10))
    opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    for epoch in range(args.epochs):
        net.train()
        for x, y in train_dl:
            loss = F.cross_entropy(net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        net.eval()
        ok = 0
        with torch.no_grad():
            for x, y in val_dl:
                ok += (net(x).argmax(1) == y).sum().item()
        print(f"{epoch}: val acc {ok / len(val_ds):.4f}")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--data", required=True)
    p.add_argument("--bs", type=int, default=32)
    p.add_argument("--workers", type=int, default=4)
    p.add_argument("--lr", type=float, default=0.1)
    p.add_argument("--epochs", type=int, default=90)
    main(p.parse_args())
