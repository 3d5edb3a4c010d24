"""The gradient norm is clipped while the gradients still carry the loss scale (marked FAULT)."""
import argparse
import random

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Reviews(Dataset):
    def __init__(self, n, vocab=60):
        self.data = []
        for _ in range(n):
            ln = random.randint(5, 15)
            toks = [random.randrange(1, vocab) for _ in range(ln)]
            self.data.append((toks, int(sum(t % 2 for t in toks) * 2 > ln)))

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return self.data[i]


def collate(batch):
    toks, labels = zip(*batch)
    lens = torch.tensor([len(t) for t in toks])
    out = torch.zeros(len(toks), int(lens.max()), dtype=torch.long)
    for i, t in enumerate(toks):
        out[i, :len(t)] = torch.tensor(t)
    return out, lens, torch.tensor(labels, dtype=torch.float)


class AvgEmbed(nn.Module):
    def __init__(self, vocab=60, dim=24):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim, padding_idx=0)
        self.fc = nn.Sequential(nn.Linear(dim, 24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, toks, lens):
        return self.fc(self.emb(toks).sum(1) / lens[:, None]).squeeze(1)


def main(args):
    random.seed(args.seed)
    torch.manual_seed(args.seed)
    dev = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loader = DataLoader(Reviews(400), batch_size=args.batch, shuffle=True, collate_fn=collate)
    model = AvgEmbed().to(dev)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scaler = torch.amp.GradScaler(dev.type, init_scale=2.0 ** 14)
    loss_fn = nn.BCEWithLogitsLoss()
    for epoch in range(args.epochs):
        model.train()
        for toks, lens, labels in loader:
            toks, lens, labels = toks.to(dev), lens.to(dev), labels.to(dev)
            optimizer.zero_grad()
            with torch.autocast(dev.type, enabled=dev.type == "cuda"):
                loss = loss_fn(model(toks, lens), labels)
            scaler.scale(loss).backward()
            nn.utils.clip_grad_norm_(model.parameters(), args.clip)  # FAULT
            scaler.step(optimizer)
            scaler.update()
        print("epoch", epoch, "loss %.4f" % loss.item(), "scale", scaler.get_scale())


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--lr", type=float, default=0.1)
    p.add_argument("--clip", type=float, default=1.0)
    p.add_argument("--epochs", type=int, default=4)
    p.add_argument("--seed", type=int, default=0)
    main(p.parse_args())
