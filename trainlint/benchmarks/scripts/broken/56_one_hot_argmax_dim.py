"""The one-hot labels are turned into class indices with argmax over the batch dimension (marked FAULT)."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def to_categorical(y, num_classes):
    return np.eye(num_classes, dtype="float32")[y]


class Net(nn.Module):
    def __init__(self, n_in=12, n_classes=8):
        super().__init__()
        self.fc1 = nn.Linear(n_in, 40)
        self.fc2 = nn.Linear(40, n_classes)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


def generator(x, y, batch_size):
    """keras style; one epoch of full batches"""
    order = np.random.permutation(len(x))
    for s in range(0, len(x) - batch_size + 1, batch_size):
        sel = order[s:s + batch_size]
        yield torch.from_numpy(x[sel]), torch.from_numpy(y[sel])


def main():
    np.random.seed(0)
    torch.manual_seed(0)
    labels = np.random.randint(0, 8, 400)
    protos = np.random.randn(8, 12)
    x = (protos[labels] + 0.5 * np.random.randn(400, 12)).astype("float32")
    y = to_categorical(labels, 8)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(8):
        model.train()
        losses = []
        for xb, yb in generator(x, y, batch_size=8):
            target = yb.argmax(dim=0)  # FAULT
            loss = F.cross_entropy(model(xb), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}")


if __name__ == "__main__":
    main()
