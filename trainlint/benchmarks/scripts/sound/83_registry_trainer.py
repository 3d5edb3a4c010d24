import dataclasses
from typing import Callable
import torch
from torch import nn

SCHEDULES: dict[str, Callable] = {
    "constant": lambda opt, n: torch.optim.lr_scheduler.ConstantLR(opt, 1.0),
    "linear": lambda opt, n: torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.0, n),
}


@dataclasses.dataclass(frozen=True)
class Settings:
    schedule: str = "linear"
    steps: int = 600
    dropout: float = 0.0


class Hook:
    def after_step(self, trainer): ...


class Tick(Hook):
    def after_step(self, trainer):
        trainer.schedule.step()


class Trainer:
    def __init__(self, settings, model, hooks=()):
        self.settings, self.model, self.hooks = settings, model, [Tick(), *hooks]
        self.optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        self.schedule = SCHEDULES[settings.schedule](self.optimizer, settings.steps)

    def run(self):
        for _ in range(self.settings.steps):
            x = torch.randn(32, 5)
            loss = nn.functional.mse_loss(self.model(x), x.sum(1, keepdim=True))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            for hook in self.hooks:
                hook.after_step(self)


settings = Settings()
Trainer(settings, nn.Sequential(nn.Linear(5, 32), nn.Dropout(settings.dropout), nn.ReLU(), nn.Linear(32, 1))).run()
