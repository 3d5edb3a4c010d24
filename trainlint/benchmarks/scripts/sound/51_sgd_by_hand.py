"""No optimiser at all: parameters are plain tensors, the update runs under no_grad, gradients are zeroed by hand."""
import math

import torch

dtype = torch.float
device = torch.device("cpu")
torch.manual_seed(0)

# polynomial first, as in the "learning by examples" page
x = torch.linspace(-math.pi, math.pi, 2000, device=device, dtype=dtype)
y = torch.sin(x)
a, b, c, d = (torch.randn((), device=device, dtype=dtype, requires_grad=True) for _ in range(4))
learning_rate = 1e-6
for t in range(1000):
    y_pred = a + b * x + c * x ** 2 + d * x ** 3
    loss = (y_pred - y).pow(2).sum()
    if t % 250 == 249:
        print(t, loss.item())
    loss.backward()
    with torch.no_grad():
        a -= learning_rate * a.grad
        b -= learning_rate * b.grad
        c -= learning_rate * c.grad
        d -= learning_rate * d.grad
        a.grad = None
        b.grad = None
        c.grad = None
        d.grad = None
print(f"Result: y = {a.item()} + {b.item()} x + {c.item()} x^2 + {d.item()} x^3")


# then d2l's softmax regression from scratch
def sgd(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


def softmax(X):
    X_exp = torch.exp(X)
    return X_exp / X_exp.sum(1, keepdim=True)


def cross_entropy(y_hat, y):
    return -torch.log(y_hat[range(len(y_hat)), y])


W = torch.normal(0, 0.01, size=(6, 3), requires_grad=True)
bias = torch.zeros(3, requires_grad=True)
X = torch.randn(300, 6)
Y = X[:, :3].argmax(1)
for epoch in range(4):
    for idx in torch.randperm(300).split(30):
        l = cross_entropy(softmax(X[idx] @ W + bias), Y[idx])
        l.sum().backward()
        sgd([W, bias], 0.3, len(idx))
    with torch.no_grad():
        print("epoch", epoch, "loss", cross_entropy(softmax(X @ W + bias), Y).mean().item())
