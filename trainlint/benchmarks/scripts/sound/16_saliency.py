"""After the training, saliency maps: backward in eval mode without an optimiser, softmax only for the picture."""
import torch
import torch.nn as nn

torch.manual_seed(0)

# In[1]: data: the label hides in the left or right half
x = torch.rand(300, 1, 6, 12)
y = torch.randint(0, 2, (300,))
x[y == 0, :, 2:4, 2:4] += 1
x[y == 1, :, 2:4, 8:10] += 1

# In[2]: model
cnn = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 3 * 6, 2))
loss_fn = nn.CrossEntropyLoss()
optim = torch.optim.Adam(cnn.parameters(), lr=3e-3)

# In[3]: training
for epoch in range(5):
    cnn.train()
    for i in torch.randperm(300).split(30):
        optim.zero_grad()
        loss = loss_fn(cnn(x[i]), y[i])
        loss.backward()
        optim.step()
    print(epoch, loss.item())

# In[4]: saliency
cnn.eval()
for p in cnn.parameters():
    p.requires_grad_(False)


def saliency(img, target):
    img = img.clone().requires_grad_(True)
    score = cnn(img.unsqueeze(0))[0, target]
    score.backward()
    return img.grad.abs().squeeze(0)


def integrated_gradients(img, target, steps=16):
    base = torch.zeros_like(img)
    grads = []
    for a in torch.linspace(0, 1, steps):
        z = (base + a * (img - base)).requires_grad_(True)
        out = torch.softmax(cnn(z.unsqueeze(0)), dim=-1)[0, target]
        grads.append(torch.autograd.grad(out, z)[0])
    return (img - base) * torch.stack(grads).mean(0)


for k in range(2):
    s = saliency(x[k], y[k].item())
    ig = integrated_gradients(x[k], y[k].item())
    print("label", y[k].item(), "column of max saliency", s.sum(0).argmax().item(), "ig", ig.sum((0, 1)).argmax().item())
