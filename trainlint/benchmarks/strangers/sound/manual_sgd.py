"""Two-layer network from plain tensors with a hand-written in-place update."""
import torch

torch.manual_seed(72)
x = torch.linspace(-3.14, 3.14, 400).unsqueeze(1)
y = torch.sin(x)
w1 = torch.randn(1, 30, requires_grad=True)
b1 = torch.zeros(30, requires_grad=True)
w2 = (torch.randn(30, 1) / 30 ** 0.5).requires_grad_()
b2 = torch.zeros(1, requires_grad=True)
velocity = [torch.zeros_like(t) for t in (w1, b1, w2, b2)]
learning_rate, momentum = 0.05, 0.9

first = None
for t in range(300):
    pred = torch.tanh(x @ w1 + b1) @ w2 + b2
    loss = (pred - y).pow(2).mean()
    if first is None:
        first = loss.item()
    if t % 60 == 59:
        print(t, loss.item())
    loss.backward()
    with torch.no_grad():
        for p, v in zip((w1, b1, w2, b2), velocity):
            v.mul_(momentum).add_(p.grad)
            p -= learning_rate * v
            p.grad = None

last = loss.item()
assert last < 0.1 * first
print(f"OK {first:.4f} -> {last:.4f}")
