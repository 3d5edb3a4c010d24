"""Knowledge distillation from a larger teacher with a temperature."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(23)
W = torch.randn(10, 5)


def make(n):
    x = torch.randn(n, 10)
    return x, (torch.sin(x) @ W + 0.3 * (x[:, :1] * x[:, 1:2])).argmax(1)


x, y = make(2000)
xt, yt = make(500)
teacher = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 5))
student = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 5))


def acc(net):
    with torch.no_grad():
        return (net(xt).argmax(1) == yt).float().mean().item()


opt_t = torch.optim.Adam(teacher.parameters(), lr=3e-3)
for _ in range(120):
    i = torch.randint(2000, (128,))
    loss = F.cross_entropy(teacher(x[i]), y[i])
    opt_t.zero_grad()
    loss.backward()
    opt_t.step()
teacher.eval()
print("teacher", acc(teacher))

T, alpha = 3.0, 0.7
optimizer = torch.optim.Adam(student.parameters(), lr=1e-2)
before = acc(student)
for step in range(200):
    i = torch.randint(2000, (64,))
    with torch.no_grad():
        soft = F.log_softmax(teacher(x[i]) / T, dim=1)
    out = student(x[i])
    kd = F.kl_div(F.log_softmax(out / T, dim=1), soft, reduction="batchmean", log_target=True) * T * T
    loss = alpha * kd + (1 - alpha) * F.cross_entropy(out, y[i])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(step, round(loss.item(), 4), acc(student))
after = acc(student)
assert after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
