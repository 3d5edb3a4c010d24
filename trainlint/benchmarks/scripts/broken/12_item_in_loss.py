"""The two loss terms are added through .item() and wrapped anew, so nothing flows back (marked FAULT)."""
import argparse

import torch
import torch.nn as nn


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
        self.cls_head = nn.Linear(32, 3)
        self.reg_head = nn.Linear(32, 2)

    def forward(self, x):
        h = self.trunk(x)
        return self.cls_head(h), self.reg_head(h)


def compute_loss(outputs, cls_target, reg_target, reg_weight):
    cls_out, reg_out = outputs
    cls_loss = nn.functional.cross_entropy(cls_out, cls_target)
    reg_loss = nn.functional.smooth_l1_loss(reg_out, reg_target)
    total = cls_loss.item() + reg_weight * reg_loss.item()  # FAULT
    return torch.tensor(total, requires_grad=True), {"cls": cls_loss.item(), "reg": reg_loss.item()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reg-weight", type=float, default=0.5)
    parser.add_argument("--lr", type=float, default=1e-2)
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()

    torch.manual_seed(0)
    x = torch.randn(300, 8)
    c = x[:, :3].argmax(1)
    r = x[:, 3:5] * 2
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, c, r), 30, shuffle=True)
    model = MultiTask()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        model.train()
        for xb, cb, rb in loader:
            optimizer.zero_grad()
            loss, parts = compute_loss(model(xb), cb, rb, args.reg_weight)
            loss.backward()
            optimizer.step()
        print(epoch, {k: round(v, 4) for k, v in parts.items()})


if __name__ == "__main__":
    main()
