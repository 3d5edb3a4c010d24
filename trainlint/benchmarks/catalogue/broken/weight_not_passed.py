import torch
from torch import nn

torch.manual_seed(67)


class DetectionLoss(nn.Module):
    def __init__(self, box_weight=0.0, cls_weight=1.0):
        super().__init__()
        self.box_weight, self.cls_weight = box_weight, cls_weight

    def forward(self, boxes, logits, gt_boxes, gt_cls):
        box = nn.functional.smooth_l1_loss(boxes, gt_boxes)
        cls = nn.functional.cross_entropy(logits, gt_cls)
        return self.box_weight * box + self.cls_weight * cls, box.detach()


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.neck = nn.Sequential(nn.Linear(20, 64), nn.ReLU())
        self.box = nn.Linear(64, 4)
        self.cls = nn.Linear(64, 3)

    def forward(self, f):
        h = self.neck(f)
        return self.box(h), self.cls(h)


feats = torch.randn(480, 20)
gt_boxes, gt_cls = feats[:, :4] * 0.5 + 0.1, feats[:, 4:7].argmax(1)
det = Detector()
criterion = DetectionLoss()
opt = torch.optim.Adam(det.parameters(), lr=3e-3)
for epoch in range(8):
    box_sum = loss_sum = 0.0
    for sel in torch.randperm(480).split(48):
        loss, box = criterion(*det(feats[sel]), gt_boxes[sel], gt_cls[sel])
        opt.zero_grad()
        loss.backward()
        opt.step()
        loss_sum, box_sum = loss_sum + loss.item(), box_sum + box.item()
    print(f"epoch {epoch}: loss {loss_sum / 10:.4f} box {box_sum / 10:.4f}")
