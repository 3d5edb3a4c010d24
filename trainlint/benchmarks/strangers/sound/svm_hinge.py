"""Linear SVM with hinge loss, trained until the loss is exactly zero."""
import torch

torch.manual_seed(50)
n = 200
x = torch.randn(n, 2)
label = torch.where(x.sum(1) > 0, 1.0, -1.0)
x = x + 0.8 * label.unsqueeze(1)

w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.1)


def hinge(x, label):
    return torch.clamp(1 - label * (x @ w + b), min=0).mean()


before = hinge(x, label).item()
for step in range(300):
    i = torch.randint(n, (50,))
    loss = hinge(x[i], label[i])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        print(f"step {step} hinge {loss.item():.5f} w {w.tolist()}")
after = hinge(x, label).item()
assert before == 1.0 and after < 1e-3
print(f"OK {before:.4f} -> {after:.6f}")
