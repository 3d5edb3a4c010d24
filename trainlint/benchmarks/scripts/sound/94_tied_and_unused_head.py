import torch
from torch import nn
import torch.nn.functional as F


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(16, 32)
        self.fc = nn.Linear(32, 1000)

    def forward_features(self, x):
        return F.gelu(self.stem(x))

    def forward(self, x):
        return self.fc(self.forward_features(x))


class Detector(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.box, self.cls = nn.Linear(32, 4), nn.Linear(32, 3)

    def forward(self, x):
        z = self.backbone.forward_features(x)
        return self.box(z), self.cls(z)


det = Detector(Backbone())
opt = torch.optim.AdamW([p for n, p in det.named_parameters() if "backbone.fc" not in n], 1e-3)
for it in range(300):
    x = torch.randn(8, 16)
    box, cls = det(x)
    loss = F.smooth_l1_loss(box, x[:, :4]) + F.cross_entropy(cls, x[:, 4:7].argmax(1))
    opt.zero_grad()
    loss.backward()
    opt.step()
