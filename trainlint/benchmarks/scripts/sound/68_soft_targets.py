import torch
from torch import nn
import torch.nn.functional as F


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 5))

    def forward(self, x):
        return self.f(x)

    def predict_proba(self, x):
        return F.softmax(self.f(x), dim=-1)


teacher = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 5)).eval().requires_grad_(False)
student = Student()
opt = torch.optim.Adam(student.parameters(), lr=1e-3)
T, alpha = 4.0, 0.7
for it in range(1000):
    x = torch.randn(64, 20)
    with torch.no_grad():
        soft = F.softmax(teacher(x) / T, dim=-1)
        hard = soft.argmax(-1)
    logits = student(x)
    kd = F.kl_div(F.log_softmax(logits / T, dim=-1), soft, reduction="batchmean") * T * T
    ce = F.cross_entropy(logits, hard)
    own = -(soft * F.log_softmax(logits, dim=-1)).sum(-1).mean()
    loss = alpha * kd + (1 - alpha) * ce + 0.0 * own.detach()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 200 == 0:
        student.eval()
        with torch.no_grad():
            print(it, student.predict_proba(x).max(-1).values.mean().item())
        student.train()
