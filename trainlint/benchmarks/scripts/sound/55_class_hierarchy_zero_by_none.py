"""A class hierarchy with abstract steps: gradients cleared at the loop's end with p.grad = None, super() calls everywhere."""
import abc

import torch
import torch.nn as nn


class BaseTrainer(abc.ABC):
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        self.epoch = 0

    @abc.abstractmethod
    def loss(self, batch):
        ...

    def _clear(self):
        for p in self.model.parameters():
            p.grad = None

    def _step(self, batch):
        loss = self.loss(batch)
        loss.backward()
        self.optimizer.step()
        self._clear()
        return loss.detach()

    def on_epoch_end(self, mean_loss):
        self.epoch += 1

    def fit(self, batches_fn, epochs):
        for _ in range(epochs):
            self.model.train()
            losses = [self._step(b) for b in batches_fn()]
            self.on_epoch_end(torch.stack(losses).mean().item())
        return self


class SupervisedTrainer(BaseTrainer):
    def __init__(self, *args, criterion, **kwargs):
        super().__init__(*args, **kwargs)
        self.criterion = criterion

    def loss(self, batch):
        x, y = batch
        return self.criterion(self.model(x), y)


class ScheduledTrainer(SupervisedTrainer):
    def __init__(self, *args, gamma=0.95, **kwargs):
        super().__init__(*args, **kwargs)
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma)

    def on_epoch_end(self, mean_loss):
        super().on_epoch_end(mean_loss)
        self.scheduler.step()


class VerboseMixin:
    def on_epoch_end(self, mean_loss):
        super().on_epoch_end(mean_loss)
        print(f"{type(self).__name__} epoch {self.epoch} loss {mean_loss:.4f}")


class MyTrainer(VerboseMixin, ScheduledTrainer):
    def loss(self, batch):
        base = super().loss(batch)
        l1 = sum(p.abs().sum() for p in self.model.parameters())
        return base + 1e-5 * l1


def main():
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = torch.stack([x[:, 0] * x[:, 1], x[:, 2].abs()], 1)
    model = nn.Sequential(nn.Linear(6, 64), nn.ELU(), nn.Linear(64, 2))
    trainer = MyTrainer(model, torch.optim.Adam(model.parameters(), lr=1e-2), criterion=nn.SmoothL1Loss())

    def batches():
        for idx in torch.randperm(len(x)).split(40):
            yield x[idx], y[idx]

    trainer.fit(batches, epochs=8)


if __name__ == "__main__":
    main()
