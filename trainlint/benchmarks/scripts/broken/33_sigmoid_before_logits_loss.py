"""forward already applies the sigmoid, BCEWithLogitsLoss applies it once more (marked FAULT)."""
import torch
import torch.nn as nn


class BinaryClassifier(nn.Module):
    def __init__(self, input_dim, hidden_dims=(32, 16), p=0.1):
        super().__init__()
        layers = []
        prev = input_dim
        for h in hidden_dims:
            layers += [nn.Linear(prev, h), nn.ReLU(), nn.Dropout(p)]
            prev = h
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(prev, 1)

    def forward(self, x):
        return torch.sigmoid(self.output(self.hidden(x))).squeeze(-1)  # FAULT


def train_model(model, X_train, y_train, X_val, y_val, n_epochs=8, batch_size=32):
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    best_acc = -1.0
    for epoch in range(n_epochs):
        model.train()
        perm = torch.randperm(len(X_train))
        for i in range(0, len(X_train), batch_size):
            b = perm[i:i + batch_size]
            y_hat = model(X_train[b])
            loss = criterion(y_hat, y_train[b])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            acc = ((model(X_val) > 0.5).float() == y_val).float().mean().item()
        best_acc = max(best_acc, acc)
        print(f"epoch {epoch}: loss={loss.item():.3f} val_acc={acc:.3f} best={best_acc:.3f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    X = torch.randn(700, 11)
    y = ((X[:, 0] + X[:, 1] * X[:, 2]) > 0).float()
    train_model(BinaryClassifier(11), X[:560], y[:560], X[560:], y[560:])
