"""Speech-like recognition with CTC loss on synthetic frames."""
import torch
import torch.nn as nn

torch.manual_seed(52)
CLASSES, FEAT = 5, 8  # Class 0 is the blank.
codebook = torch.randn(CLASSES, FEAT)


def utterances(n):
    length = torch.randint(2, 5, (n,))
    target = torch.randint(1, CLASSES, (n, 4))
    frames = torch.zeros(n, 20, FEAT)
    in_len = length * 5
    for i in range(n):
        for j in range(int(length[i])):
            frames[i, 5 * j:5 * j + 3] = codebook[target[i, j]]
    return frames + 0.3 * torch.randn_like(frames), target, in_len, length


class Recogniser(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(FEAT, 32, 3, padding=1)
        self.rnn = nn.GRU(32, 24, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(48, CLASSES)

    def forward(self, x):
        h = torch.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)
        return self.fc(self.rnn(h)[0]).log_softmax(-1).transpose(0, 1)


@torch.no_grad()
def sequence_accuracy():
    x, target, in_len, length = utterances(100)
    best = model(x).argmax(-1).t()
    good = 0
    for path, want, m, k in zip(best, target, in_len, length):
        collapsed = torch.unique_consecutive(path[:m])
        good += collapsed[collapsed != 0].tolist() == want[:k].tolist()
    return good / 100


model = Recogniser()
ctc = nn.CTCLoss(blank=0, zero_infinity=True)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
before = sequence_accuracy()
for step in range(100):
    x, target, in_len, length = utterances(24)
    loss = ctc(model(x), target, in_len, length)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    opt.step()
    if step % 30 == 0:
        print(f"step {step} ctc {loss.item():.3f} exact {sequence_accuracy():.2f}")
after = sequence_accuracy()
assert after > 0.7 and before < 0.2
print(f"OK {before:.3f} -> {after:.3f}")
