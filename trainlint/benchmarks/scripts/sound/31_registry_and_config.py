"""Models, losses and optimisers come from registries and a config dict; evaluation under inference_mode."""
import functools

import torch
import torch.nn as nn


class Registry(dict):
    def register(self, name):
        def deco(obj):
            self[name] = obj
            return obj
        return deco

    def build(self, cfg, *args):
        cfg = dict(cfg)
        return self[cfg.pop("type")](*args, **cfg)


MODELS, LOSSES, OPTIMIZERS, SCHEDULERS = Registry(), Registry(), Registry(), Registry()
OPTIMIZERS.update(sgd=torch.optim.SGD, adamw=torch.optim.AdamW)
SCHEDULERS.update(step=torch.optim.lr_scheduler.StepLR, cosine=torch.optim.lr_scheduler.CosineAnnealingLR)
LOSSES.update(ce=nn.CrossEntropyLoss, mse=nn.MSELoss, huber=nn.HuberLoss)


@MODELS.register("mlp")
class MLP(nn.Module):
    def __init__(self, n_in, n_out, width=32, act="ReLU", norm=None):
        super().__init__()
        self.stem = nn.Linear(n_in, width)
        self.norm = getattr(nn, norm)(width) if norm else nn.Identity()
        self.act = getattr(nn, act)()
        self.head = nn.Linear(width, n_out)

    def forward(self, x):
        return self.head(self.act(self.norm(self.stem(x))))


@LOSSES.register("focal")
class FocalLoss(nn.Module):
    def __init__(self, gamma=2.0):
        super().__init__()
        self.gamma = gamma

    def forward(self, logits, target):
        logp = logits.log_softmax(-1).gather(-1, target[:, None]).squeeze(-1)
        return (-(1 - logp.exp()) ** self.gamma * logp).mean()


CONFIG = dict(
    model=dict(type="mlp", width=48, act="SiLU", norm="LayerNorm"),
    loss=dict(type="focal", gamma=1.0),
    optimizer=dict(type="adamw", lr=5e-3, weight_decay=0.01),
    scheduler=dict(type="cosine", T_max=6),
    epochs=6,
)


def log_every(n):
    def deco(fn):
        calls = 0

        @functools.wraps(fn)
        def wrapped(*a, **k):
            nonlocal calls
            out = fn(*a, **k)
            if calls % n == 0:
                print(f"[{calls:4d}] loss {out:.4f}")
            calls += 1
            return out
        return wrapped
    return deco


class Runner:
    def __init__(self, cfg, n_in, n_out):
        self.cfg = cfg
        self.model = MODELS.build(cfg["model"], n_in, n_out)
        self.loss = LOSSES.build(cfg["loss"])
        self.optimizer = OPTIMIZERS.build(cfg["optimizer"], self.model.parameters())
        self.scheduler = SCHEDULERS.build(cfg["scheduler"], self.optimizer)

    @log_every(20)
    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.inference_mode()
    def test(self, loader):
        self.model.eval()
        hits = [(self.model(x).argmax(-1) == y).float().mean() for x, y in loader]
        return torch.stack(hits).mean().item()

    def run(self, train, test):
        for _ in range(self.cfg["epochs"]):
            self.model.train()
            for x, y in train:
                self.step(x, y)
            self.scheduler.step()
        return self.test(test)


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.randn(600, 7)
    y = x[:, :4].abs().argmax(1)
    ds = torch.utils.data.TensorDataset(x, y)
    tr, te = torch.utils.data.random_split(ds, [500, 100])
    mk = functools.partial(torch.utils.data.DataLoader, batch_size=25)
    print("test acc", Runner(CONFIG, 7, 4).run(mk(tr, shuffle=True), mk(te)))
