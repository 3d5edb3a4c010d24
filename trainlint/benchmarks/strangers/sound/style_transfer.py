"""Style transfer: the image itself is optimised against Gram matrices of a fixed network."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(56)
vgg = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),
                    nn.AvgPool2d(2), nn.Conv2d(16, 24, 3, padding=1), nn.ReLU()).eval()
for p in vgg.parameters():
    if p.dim() > 1:
        nn.init.kaiming_normal_(p)
    p.requires_grad_(False)

u = torch.linspace(0, 1, 24)
content_img = torch.stack([u.view(1, -1).expand(24, 24), u.view(-1, 1).expand(24, 24), torch.full((24, 24), 0.5)])
stripes = (torch.arange(24) % 4 < 2).float()
style_img = torch.stack([stripes.view(1, -1).expand(24, 24), 1 - stripes.view(1, -1).expand(24, 24),
                         torch.rand(24, 24)])


def features(img):
    outs, h = [], img.unsqueeze(0)
    for layer in vgg:
        h = layer(h)
        if isinstance(layer, nn.ReLU):
            outs.append(h)
    return outs


def gram(f):
    _, c, h, w = f.shape
    f = f.view(c, h * w)
    return f @ f.t() / (h * w)


content_ref = features(content_img)[1]
style_ref = [gram(f) for f in features(style_img)]
image = content_img.clone().requires_grad_(True)
optimizer = torch.optim.Adam([image], lr=0.03)


def style_content():
    fs = features(image)
    style = sum(F.mse_loss(gram(f), g) for f, g in zip(fs, style_ref))
    return style, F.mse_loss(fs[1], content_ref)


before = style_content()[0].item()
for it in range(150):
    style, content = style_content()
    loss = 10 * style + 0.1 * content
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        image.clamp_(0, 1)
    if it % 30 == 0:
        print(f"{it} style {style.item():.6f} content {content.item():.4f}")
after = style_content()[0].item()
assert after < 0.3 * before
print(f"OK {before:.6f} -> {after:.6f}")
