import argparse
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--accum", type=int, default=8)
    return parser.parse_args()


def main():
    args = parse()
    accelerator = Accelerator()
    x = torch.randn(800, 12)
    train_loader = DataLoader(TensorDataset(x, x @ torch.randn(12, 3)), batch_size=10, shuffle=True)
    model = nn.Sequential(nn.Linear(12, 50), nn.Tanh(), nn.Linear(50, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    model, optimizer, train_loader = accelerator.prepare(model, optimizer, train_loader)
    for epoch in range(args.epochs):
        model.train()
        for step, (inputs, targets) in enumerate(train_loader):
            loss = nn.functional.mse_loss(model(inputs), targets)
            accelerator.backward(loss)  # FAULT
            if (step + 1) % args.accum == 0:
                optimizer.step()
                optimizer.zero_grad()
        accelerator.print(f"epoch {epoch}: {loss.item():.4f}")


if __name__ == "__main__":
    main()
