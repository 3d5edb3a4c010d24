"""A fastai-like Learner: callbacks step the schedule, clear the gradients and log; the loop itself shows none of it."""
import torch
import torch.nn as nn


class Callback:
    order = 0

    def __getattr__(self, name):
        if name.startswith(("before_", "after_")):
            return lambda learner: None
        raise AttributeError(name)


class SchedulerCB(Callback):
    def __init__(self, factory):
        self.factory = factory

    def before_fit(self, learner):
        self.sched = self.factory(learner.opt)

    def after_step(self, learner):
        self.sched.step()


class ZeroGradCB(Callback):
    def before_backward(self, learner):
        learner.opt.zero_grad()


class ClipCB(Callback):
    def __init__(self, value=0.1):
        self.value = value

    def after_backward(self, learner):
        nn.utils.clip_grad_norm_(learner.model.parameters(), self.value)


class Recorder(Callback):
    def before_epoch(self, learner):
        self.sum, self.n = {True: 0.0, False: 0.0}, {True: 0, False: 0}

    def after_loss(self, learner):
        self.sum[learner.training] += learner.loss.item() * len(learner.yb)
        self.n[learner.training] += len(learner.yb)

    def after_epoch(self, learner):
        print(learner.epoch, *(f"{self.sum[k] / self.n[k]:.4f}" for k in (True, False)))


class Learner:
    def __init__(self, model, dls, loss_fn, opt_fn, cbs=()):
        self.model, self.dls, self.loss_fn = model, dls, loss_fn
        self.opt, self.cbs = opt_fn(model.parameters()), list(cbs)

    def __call__(self, event):
        for cb in sorted(self.cbs, key=lambda c: c.order):
            getattr(cb, event)(self)

    def one_batch(self, batch):
        self.xb, self.yb = batch
        self("before_batch")
        self.pred = self.model(self.xb)
        self.loss = self.loss_fn(self.pred, self.yb)
        self("after_loss")
        if self.training:
            self("before_backward")
            self.loss.backward()
            self("after_backward")
            self.opt.step()
            self("after_step")
        self("after_batch")

    def one_epoch(self, training):
        self.training = training
        self.model.train(training)
        with torch.set_grad_enabled(training):
            for batch in self.dls[0 if training else 1]:
                self.one_batch(batch)

    def fit(self, epochs):
        self.epochs = epochs
        self("before_fit")
        for self.epoch in range(epochs):
            self("before_epoch")
            self.one_epoch(True)
            self.one_epoch(False)
            self("after_epoch")
        self("after_fit")


torch.manual_seed(0)
x = torch.randn(500, 6)
y = (x[:, :3].sum(1) > x[:, 3:].sum(1)).long()
ds = torch.utils.data.TensorDataset
dls = (
    torch.utils.data.DataLoader(ds(x[:400], y[:400]), batch_size=40, shuffle=True),
    torch.utils.data.DataLoader(ds(x[400:], y[400:]), batch_size=100),
)
model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
learn = Learner(
    model, dls, nn.CrossEntropyLoss(), lambda ps: torch.optim.SGD(ps, lr=0.1, momentum=0.9),
    cbs=[Recorder(), ZeroGradCB(), ClipCB(0.5),
         SchedulerCB(lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.5, total_steps=60))])
learn.fit(6)
