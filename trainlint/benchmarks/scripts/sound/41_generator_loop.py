"""A training loop written as generators and closures: the update happens in a nested function, eval through yield."""
import contextlib
import itertools

import torch
import torch.nn as nn


def cycle(loader):
    while True:
        yield from loader


def make_updater(model, loss_fn, optimizer, schedule):
    def update(batch):
        optimizer.zero_grad(set_to_none=True)
        inputs, targets = batch
        loss = loss_fn(model(inputs), targets)
        loss.backward()
        optimizer.step()
        schedule()
        return float(loss.detach())

    return update


def linear_warmup(optimizer, steps):
    base = [g["lr"] for g in optimizer.param_groups]
    counter = itertools.count(1)

    def tick():
        factor = min(1.0, next(counter) / steps)
        for g, lr in zip(optimizer.param_groups, base):
            g["lr"] = lr * factor

    tick()
    return tick


@contextlib.contextmanager
def eval_mode(model):
    training = model.training
    model.eval()
    with torch.no_grad():
        yield model
    model.train(training)


def training(model, batches, update, every):
    model.train()
    smooth = None
    for i, batch in enumerate(batches, 1):
        value = update(batch)
        smooth = value if smooth is None else 0.9 * smooth + 0.1 * value
        if i % every == 0:
            yield i, smooth


def main():
    torch.manual_seed(0)
    x = torch.randn(400, 5)
    y = (x ** 2).sum(1, keepdim=True).sqrt()
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x[:300], y[:300]), batch_size=30, shuffle=True)
    model = nn.Sequential(nn.Linear(5, 64), nn.ReLU(), nn.Dropout(0.05), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    update = make_updater(model, nn.MSELoss(), optimizer, linear_warmup(optimizer, 20))
    for step, loss in itertools.islice(training(model, cycle(loader), update, every=40), 5):
        with eval_mode(model) as m:
            rmse = (m(x[300:]) - y[300:]).pow(2).mean().sqrt()
        print(f"step {step} smooth loss {loss:.4f} test rmse {rmse:.4f}")


if __name__ == "__main__":
    main()
