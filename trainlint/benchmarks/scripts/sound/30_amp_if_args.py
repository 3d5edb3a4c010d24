"""Mixed precision only if asked for: both branches of the update in one loop, unscale_ before the clip, update() after."""
import argparse
import logging

import torch
import torch.nn as nn
import torch.nn.functional as F

_logger = logging.getLogger("train")


def parse_args():
    p = argparse.ArgumentParser(description="PyTorch Training")
    p.add_argument("--amp", action="store_true", default=False)
    p.add_argument("--clip-grad", type=float, default=0.1, metavar="NORM")
    p.add_argument("--sched", default="cosine", type=str, choices=["cosine", "step", "none"])
    p.add_argument("--lr", type=float, default=0.3)
    p.add_argument("--epochs", type=int, default=5)
    p.add_argument("-b", "--batch-size", type=int, default=40)
    p.add_argument("--log-interval", type=int, default=5)
    return p.parse_args()


class NativeScaler:
    def __init__(self, device):
        self._scaler = torch.amp.GradScaler(device)

    def __call__(self, loss, optimizer, clip_grad=None, parameters=None):
        self._scaler.scale(loss).backward()
        if clip_grad is not None:
            self._scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(parameters, clip_grad)
        self._scaler.step(optimizer)
        self._scaler.update()


def create_scheduler(args, optimizer):
    if args.sched == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    if args.sched == "step":
        return torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.1)
    return None


def train_one_epoch(epoch, model, loader, optimizer, loss_fn, args, device, loss_scaler=None):
    model.train()
    losses = []
    for batch_idx, (input, target) in enumerate(loader):
        input, target = input.to(device), target.to(device)
        with torch.autocast(device, enabled=args.amp):
            loss = loss_fn(model(input), target)
        optimizer.zero_grad()
        if loss_scaler is not None:
            loss_scaler(loss, optimizer, clip_grad=args.clip_grad, parameters=model.parameters())
        else:
            loss.backward()
            if args.clip_grad is not None:
                torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip_grad)
            optimizer.step()
        losses.append(loss.detach())
        if batch_idx % args.log_interval == 0:
            _logger.info("Train: %d [%d/%d] Loss: %.3f", epoch, batch_idx, len(loader), loss.item())
    return torch.stack(losses).mean().item()


@torch.no_grad()
def validate(model, loader, device):
    model.eval()
    correct = 0
    for input, target in loader:
        correct += (model(input.to(device)).argmax(1) == target.to(device)).sum().item()
    return correct / len(loader.dataset)


def main():
    logging.basicConfig(level=logging.WARNING)
    args = parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(42)
    y = torch.randint(5, (500,))
    x = F.one_hot(y, 15).float() * 2 + torch.randn(500, 15)
    mk = torch.utils.data.TensorDataset
    train = torch.utils.data.DataLoader(mk(x[:400], y[:400]), args.batch_size, shuffle=True)
    val = torch.utils.data.DataLoader(mk(x[400:], y[400:]), args.batch_size)
    model = nn.Sequential(nn.Linear(15, 48), nn.ReLU(), nn.Linear(48, 5)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scheduler = create_scheduler(args, optimizer)
    loss_scaler = NativeScaler(device) if args.amp else None
    for epoch in range(args.epochs):
        loss = train_one_epoch(epoch, model, train, optimizer, nn.CrossEntropyLoss(), args, device, loss_scaler)
        if scheduler is not None:
            scheduler.step()
        print(f"epoch {epoch} loss {loss:.4f} top1 {validate(model, val, device):.3f}")


if __name__ == "__main__":
    main()
