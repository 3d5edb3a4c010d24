import torch
from torch import nn


class Learner:
    def __init__(self, model, dls, lr, epochs):
        self.model, self.dls, self.epochs = model, dls, epochs
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.sched = torch.optim.lr_scheduler.MultiStepLR(self.opt, milestones=[30, 60, 80], gamma=0.1)
        self.loss_fn = nn.CrossEntropyLoss()

    def one_batch(self, xb, yb):
        loss = self.loss_fn(self.model(xb), yb)
        loss.backward()
        self.opt.step()
        self.sched.step()  # FAULT
        self.opt.zero_grad()
        return loss.item()

    def fit(self):
        for epoch in range(self.epochs):
            self.model.train()
            losses = [self.one_batch(xb, yb) for xb, yb in self.dls]
            print(f"{epoch:3d} {sum(losses) / len(losses):.4f}")


if __name__ == "__main__":
    ds = torch.utils.data.TensorDataset(torch.randn(1000, 20), torch.randint(0, 3, (1000,)))
    Learner(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 3)), torch.utils.data.DataLoader(ds, 20, shuffle=True), 0.1, 90).fit()
