"""build_optimizer returns a MultiStepLR that travels through the helpers and nobody steps it (marked FAULT)."""
import argparse

import torch
import torch.nn as nn


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--milestones", type=int, nargs="+", default=[3, 5])
    p.add_argument("--batch-size", type=int, default=64)
    return p.parse_args()


class SmallCNN(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1),
        )
        self.classifier = nn.Linear(16, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def make_data(n):
    y = torch.randint(0, 3, (n,))
    x = torch.randn(n, 1, 12, 12) * 0.5
    for i in range(n):
        x[i, 0, y[i] * 4:(y[i] + 1) * 4] += 1.0
    return torch.utils.data.TensorDataset(x, y)


def build_optimizer(model, args):
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, nesterov=True)
    lr_scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=args.milestones)  # FAULT
    return optimizer, lr_scheduler


def train_one_epoch(model, criterion, data_loader, optimizer, lr_scheduler, device, epoch):
    model.train()
    for step, (images, target) in enumerate(data_loader):
        images, target = images.to(device), target.to(device)
        loss = criterion(model(images), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 5 == 0:
            print(f"Epoch {epoch} step {step} loss {loss.item():.4f}")


def evaluate(model, data_loader, device):
    model.eval()
    correct = 0
    with torch.inference_mode():
        for images, target in data_loader:
            out = model(images.to(device))
            correct += (out.argmax(1).cpu() == target).sum().item()
    return correct / len(data_loader.dataset)


def main(args):
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    train_loader = torch.utils.data.DataLoader(make_data(600), batch_size=args.batch_size, shuffle=True)
    val_loader = torch.utils.data.DataLoader(make_data(150), batch_size=args.batch_size)
    model = SmallCNN().to(device)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer, lr_scheduler = build_optimizer(model, args)
    for epoch in range(args.epochs):
        train_one_epoch(model, criterion, train_loader, optimizer, lr_scheduler, device, epoch)
        print("val acc", evaluate(model, val_loader, device))


if __name__ == "__main__":
    main(get_args())
