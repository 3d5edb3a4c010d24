"""OneCycleLR is stepped per batch, inside a nested helper that gets it by keyword; the loss is a running average."""
import torch
import torch.nn as nn


class AverageMeter:
    """Computes and stores the average and current value"""

    def __init__(self, name, fmt=":f"):
        self.name, self.fmt = name, fmt
        self.reset()

    def reset(self):
        self.val = self.avg = self.sum = self.count = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count

    def __str__(self):
        return ("{name} {val" + self.fmt + "} ({avg" + self.fmt + "})").format(**self.__dict__)


def _apply_update(loss, *, optim, sched=None, clip=None, params=()):
    optim.zero_grad()
    loss.backward()
    if clip is not None:
        nn.utils.clip_grad_norm_(params, clip)
    optim.step()
    if sched is not None:
        sched.step()


def train_one_epoch(model, loader, criterion, optimizer, device, **update_kwargs):
    losses, top1 = AverageMeter("Loss", ":.4e"), AverageMeter("Acc@1", ":6.2f")
    model.train()
    for images, target in loader:
        images, target = images.to(device, non_blocking=True), target.to(device, non_blocking=True)
        output = model(images)
        loss = criterion(output, target)
        with torch.no_grad():
            acc1 = (output.argmax(1) == target).float().mean() * 100
        losses.update(loss.item(), images.size(0))
        top1.update(acc1.item(), images.size(0))
        _apply_update(loss, optim=optimizer, **update_kwargs)
    return losses, top1


def main():
    torch.manual_seed(0)
    y = torch.randint(0, 4, (512,))
    x = torch.randn(512, 3, 8, 8)
    for k in range(4):
        x[y == k, k % 3, :, 2 * k:2 * k + 2] += 0.7
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=64, shuffle=True)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    epochs = 5
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, epochs=epochs, steps_per_epoch=len(loader))
    for epoch in range(epochs):
        stats = train_one_epoch(
            model, loader, nn.CrossEntropyLoss(), optimizer, "cpu", sched=scheduler, clip=2.0,
            params=list(model.parameters()))
        print("Epoch", epoch, *map(str, stats))


if __name__ == "__main__":
    main()
