import random
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence, pack_padded_sequence
from torch.utils.data import DataLoader, Dataset, Sampler


class Buckets(Sampler):
    def __init__(self, lengths, batch_size):
        self.order, self.batch_size = sorted(range(len(lengths)), key=lengths.__getitem__), batch_size

    def __iter__(self):
        batches = [self.order[i : i + self.batch_size] for i in range(0, len(self.order), self.batch_size)]
        random.shuffle(batches)
        yield from batches

    def __len__(self):
        return -(-len(self.order) // self.batch_size)


class Toy(Dataset):
    def __init__(self, n=500):
        self.x = [torch.randn(random.randint(3, 30), 5) for _ in range(n)]

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.x[i].mean().unsqueeze(0)


def collate(items):
    xs, ys = zip(*items)
    return pad_sequence(xs, batch_first=True), torch.tensor([len(x) for x in xs]), torch.stack(ys)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(5, 32, batch_first=True)
        self.fc = nn.Linear(32, 1)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.fc(self.rnn(packed)[1][-1])


ds = Toy()
loader = DataLoader(ds, batch_sampler=Buckets([len(x) for x in ds.x], 20), collate_fn=collate)
net = Net()
opt = torch.optim.Adam(net.parameters(), 1e-3)
for epoch in range(5):
    for x, lengths, y in loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x, lengths), y)
        loss.backward()
        opt.step()
