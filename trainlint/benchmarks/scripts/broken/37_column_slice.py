"""pred[:, 0] is (B,) while target[:, :1] stays (B, 1), so the difference is a (B, B) matrix (marked FAULT)."""
import torch
import torch.nn as nn


class BoxHead(nn.Module):
    """predicts (cx, cy, log-size) from a feature vector"""

    def __init__(self, dim=16):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(dim, 64), nn.ReLU(), nn.Linear(64, 3))

    def forward(self, feats):
        return self.mlp(feats)


class BoxLoss(nn.Module):
    def __init__(self, w_xy=1.0, w_size=0.5):
        super().__init__()
        self.w_xy, self.w_size = w_xy, w_size

    def forward(self, pred, target):
        loss_x = (pred[:, 0] - target[:, :1]).abs().mean()  # FAULT
        loss_y = (pred[:, 1] - target[:, 1]).abs().mean()
        loss_s = (pred[:, 2] - target[:, 2]).pow(2).mean()
        return self.w_xy * (loss_x + loss_y) + self.w_size * loss_s


class Detector:
    def __init__(self):
        self.head = BoxHead()
        self.loss = BoxLoss()
        self.opt = torch.optim.AdamW(self.head.parameters(), lr=2e-3)

    def learn(self, loader):
        self.head.train()
        total = 0.0
        for feats, boxes in loader:
            loss = self.loss(self.head(feats), boxes)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            total += loss.item() * len(feats)
        return total / len(loader.dataset)


def main():
    torch.manual_seed(0)
    boxes = torch.rand(600, 3) * 2 - 1
    feats = torch.tanh(boxes @ torch.randn(3, 16)) + 0.05 * torch.randn(600, 16)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(feats, boxes), batch_size=50, shuffle=True)
    det = Detector()
    for epoch in range(8):
        print(f"epoch {epoch} loss {det.learn(loader):.4f}")


if __name__ == "__main__":
    main()
