"""The training model gives logits; a deployment wrapper ends in Softmax and is never trained."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, n_out))
        self.activation = nn.Softmax(dim=-1)

    def forward(self, x):
        logits = self.body(x)
        if self.training:
            return logits
        return self.activation(logits)

    def logits(self, x):
        return self.body(x)


class SklearnLike:
    """fit / predict_proba / score"""

    def __init__(self, n_in, n_out, *, epochs=6, lr=1e-2, batch_size=40, verbose=True):
        self.net = Net(n_in, n_out)
        self.epochs, self.lr, self.batch_size, self.verbose = epochs, lr, batch_size, verbose

    def fit(self, X, y):
        loader = DataLoader(TensorDataset(X, y), self.batch_size, shuffle=True, drop_last=True)
        opt = torch.optim.Adam(self.net.parameters(), self.lr)
        loss_fn = nn.CrossEntropyLoss()
        self.net.train()
        self.history_ = []
        for _ in range(self.epochs):
            for xb, yb in loader:
                opt.zero_grad()
                loss = loss_fn(self.net(xb), yb)
                loss.backward()
                opt.step()
            self.history_.append(loss.item())
        if self.verbose:
            print([round(v, 3) for v in self.history_])
        return self

    @torch.no_grad()
    def predict_proba(self, X):
        return self.net.eval()(X)

    def predict(self, X):
        return self.predict_proba(X).argmax(1)

    def score(self, X, y):
        return (self.predict(X) == y).float().mean().item()


if __name__ == "__main__":
    torch.manual_seed(0)
    X = torch.randn(500, 9)
    y = X[:, :4].argmax(1)
    clf = SklearnLike(9, 4).fit(X[:400], y[:400])
    print("accuracy", round(clf.score(X[400:], y[400:]), 3))
    export = nn.Sequential(clf.net.body, nn.Softmax(dim=1)).eval()
    with torch.no_grad():
        print("row sums", export(X[:3]).sum(1).tolist())
