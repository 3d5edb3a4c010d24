"""Distillation: the teacher's softmax without gradient, the student's log_softmax, a KL term times T squared."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class DistillationLoss(nn.Module):
    def __init__(self, base_criterion, teacher_model, distillation_type="soft", alpha=0.5, tau=3.0):
        super().__init__()
        self.base_criterion = base_criterion
        self.teacher_model = teacher_model
        assert distillation_type in ["none", "soft", "hard"]
        self.distillation_type = distillation_type
        self.alpha = alpha
        self.tau = tau

    def forward(self, inputs, outputs, labels):
        base_loss = self.base_criterion(outputs, labels)
        if self.distillation_type == "none":
            return base_loss
        with torch.no_grad():
            teacher_outputs = self.teacher_model(inputs)
        if self.distillation_type == "soft":
            T = self.tau
            distillation_loss = F.kl_div(
                F.log_softmax(outputs / T, dim=1),
                F.log_softmax(teacher_outputs / T, dim=1),
                reduction="sum",
                log_target=True,
            ) * (T * T) / outputs.size(0)
        else:
            distillation_loss = F.cross_entropy(outputs, teacher_outputs.argmax(dim=1))
        return base_loss * (1 - self.alpha) + distillation_loss * self.alpha


def mlp(w):
    return nn.Sequential(nn.Linear(16, w), nn.ReLU(), nn.Linear(w, 4))


def fit(model, loader, compute, epochs, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(epochs):
        model.train()
        tot = 0.0
        for xb, yb in loader:
            out = model(xb)
            loss = compute(xb, out, yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            tot += loss.item() * len(xb)
        print(f"  epoch {epoch} loss {tot / len(loader.dataset):.4f}")


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(-1) == y).float().mean().item()


def main():
    torch.manual_seed(0)
    x = torch.randn(800, 16)
    y = (x[:, 0] > 0).long() * 2 + (x[:, 1] > x[:, 2]).long()
    loader = DataLoader(TensorDataset(x[:600], y[:600]), batch_size=50, shuffle=True)
    ce = nn.CrossEntropyLoss()
    teacher = mlp(128)
    print("teacher")
    fit(teacher, loader, lambda xb, out, yb: ce(out, yb), epochs=6, lr=3e-3)
    print("acc", accuracy(teacher, x[600:], y[600:]))
    student = mlp(8)
    teacher.eval()
    for p in teacher.parameters():
        p.requires_grad_(False)
    criterion = DistillationLoss(ce, teacher)
    print("student")
    fit(student, loader, criterion, epochs=8, lr=1e-2)
    print("acc", accuracy(student, x[600:], y[600:]))


if __name__ == "__main__":
    main()
