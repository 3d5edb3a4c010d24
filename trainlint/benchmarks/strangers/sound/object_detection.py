"""Single-object detection: box regression for positives plus an objectness loss."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(68)


def scenes(n, size=20):
    img = 0.2 * torch.randn(n, 1, size, size)
    has = torch.rand(n) < 0.7
    box = torch.zeros(n, 4)
    for i in torch.nonzero(has).squeeze(1).tolist():
        w, h = torch.randint(4, 9, (2,)).tolist()
        x, y = int(torch.randint(0, size - w, ())), int(torch.randint(0, size - h, ()))
        img[i, 0, y:y + h, x:x + w] += 1
        box[i] = torch.tensor([x, y, x + w, y + h]) / size
    return img, has.float(), box


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
                                  nn.Linear(800, 64), nn.ReLU())
        self.obj, self.box = nn.Linear(64, 1), nn.Linear(64, 4)

    def forward(self, x):
        h = self.body(x)
        return self.obj(h).squeeze(1), torch.sigmoid(self.box(h))


def iou(a, b):
    lt, rb = torch.max(a[:, :2], b[:, :2]), torch.min(a[:, 2:], b[:, 2:])
    inter = (rb - lt).clamp(min=0).prod(1)
    area = lambda t: (t[:, 2:] - t[:, :2]).clamp(min=0).prod(1)  # noqa: E731
    return inter / (area(a) + area(b) - inter).clamp(min=1e-6)


img, has, box = scenes(600)
t_img, t_has, t_box = scenes(150)
net = Detector()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)


def mean_iou():
    with torch.no_grad():
        pos = t_has > 0
        return iou(net(t_img)[1][pos], t_box[pos]).mean().item()


before = mean_iou()
for epoch in range(10):
    for i in torch.randperm(600).split(40):
        obj, b = net(img[i])
        pos = has[i] > 0
        loss_obj = F.binary_cross_entropy_with_logits(obj, has[i])
        loss_box = F.smooth_l1_loss(b[pos], box[i][pos], beta=0.1)
        loss = loss_obj + 5 * loss_box
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"epoch {epoch} obj {loss_obj.item():.3f} box {loss_box.item():.4f} iou {mean_iou():.3f}")
after = mean_iou()
assert after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
