"""The default learning rate of Adam is 3e3 where 3e-3 was meant (marked FAULT)."""
import argparse

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def add_train_args(parser):
    group = parser.add_argument_group("training")
    group.add_argument("--lr", type=float, default=3e3, help="learning rate")  # FAULT
    group.add_argument("--wd", type=float, default=0.0)
    group.add_argument("--epochs", type=int, default=4)
    group.add_argument("--seed", type=int, default=0)
    return parser


class SpeechNet(nn.Module):
    def __init__(self, n_mels=16, n_out=5):
        super().__init__()
        self.conv = nn.Conv1d(n_mels, 32, 3, padding=1)
        self.gru = nn.GRU(32, 32, batch_first=True)
        self.fc = nn.Linear(32, n_out)

    def forward(self, mel):
        h = torch.relu(self.conv(mel)).transpose(1, 2)
        return self.fc(self.gru(h)[0].mean(1))


def main():
    args = add_train_args(argparse.ArgumentParser()).parse_args()
    torch.manual_seed(args.seed)
    y = torch.randint(0, 5, (300,))
    x = torch.randn(300, 16, 20)
    for k in range(5):
        x[y == k, 3 * k:3 * k + 3] += 0.8
    loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
    model = SpeechNet()
    opt = torch.optim.Adam(model.parameters(), lr=args.lr, weight_decay=args.wd)
    ce = nn.CrossEntropyLoss()
    for epoch in range(args.epochs):
        model.train()
        s = 0.0
        for mel, label in loader:
            opt.zero_grad()
            loss = ce(model(mel), label)
            loss.backward()
            opt.step()
            s += loss.item()
        print("epoch", epoch, "loss", round(s / len(loader), 4))


if __name__ == "__main__":
    main()
