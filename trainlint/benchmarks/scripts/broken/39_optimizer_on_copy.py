"""The optimiser gets the parameters of the teacher copy instead of the student that is trained (marked FAULT)."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


def update_teacher(student, teacher, m=0.99):
    with torch.no_grad():
        for ps, pt in zip(student.parameters(), teacher.parameters()):
            pt.mul_(m).add_(ps, alpha=1 - m)


def augment(x):
    return x + 0.1 * torch.randn_like(x)


torch.manual_seed(0)
centers = torch.randn(3, 10) * 2
y = torch.randint(3, (450,))
x = centers[y] + torch.randn(450, 10)
labelled = torch.arange(450) % 5 == 0

student = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))
teacher = copy.deepcopy(student)
optimizer = torch.optim.Adam(teacher.parameters(), lr=3e-3)  # FAULT

for epoch in range(6):
    student.train()
    teacher.eval()
    for idx in torch.randperm(450).split(50):
        xb, yb, lb = x[idx], y[idx], labelled[idx]
        logits = student(augment(xb))
        with torch.no_grad():
            soft = teacher(augment(xb)).softmax(1)
        sup = F.cross_entropy(logits[lb], yb[lb])
        cons = F.mse_loss(logits.softmax(1), soft)
        loss = sup + 0.5 * cons
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        update_teacher(student, teacher)
    student.eval()
    with torch.no_grad():
        acc = (student(x).argmax(1) == y).float().mean()
    print(f"epoch {epoch} sup {sup.item():.3f} cons {cons.item():.4f} acc {acc:.3f}")
