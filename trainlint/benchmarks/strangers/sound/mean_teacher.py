"""Mean teacher: consistency with an averaged model, ramped up over time."""
import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(76)


def spiral_arms(n):
    y = torch.randint(2, (n,))
    r = 0.3 + 1.7 * torch.rand(n)
    a = 1.8 * r + math.pi * y
    return torch.stack([r * a.cos(), r * a.sin()], 1) + 0.05 * torch.randn(n, 2), y


student = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
teacher = copy.deepcopy(student).requires_grad_(False)
opt = torch.optim.AdamW(student.parameters(), lr=5e-3)
lab_x, lab_y = spiral_arms(40)
test_x, test_y = spiral_arms(500)


@torch.no_grad()
def teacher_accuracy():
    teacher.eval()
    acc = (teacher(test_x).argmax(1) == test_y).float().mean().item()
    teacher.train()
    return acc


@torch.no_grad()
def update_teacher(step):
    decay = min(1 - 1 / (step + 1), 0.97)
    for t, s in zip(teacher.parameters(), student.parameters()):
        t.mul_(decay).add_(s, alpha=1 - decay)


before = teacher_accuracy()
for step in range(220):
    unl_x, _ = spiral_arms(64)
    ramp = math.exp(-5 * (1 - min(1.0, step / 100)) ** 2)
    with torch.no_grad():
        soft = teacher(unl_x + 0.03 * torch.randn_like(unl_x)).softmax(1)
    consistency = F.mse_loss(student(unl_x + 0.03 * torch.randn_like(unl_x)).softmax(1), soft)
    sup = F.cross_entropy(student(lab_x), lab_y)
    loss = sup + 2.0 * ramp * consistency
    opt.zero_grad()
    loss.backward()
    opt.step()
    update_teacher(step)
    if step % 40 == 0:
        print(f"{step} sup {sup.item():.3f} cons {consistency.item():.4f} teacher {teacher_accuracy():.3f}")
after = teacher_accuracy()
assert after > 0.85 and after > before + 0.2
print(f"OK {before:.3f} -> {after:.3f}")
