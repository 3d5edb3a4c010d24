"""The loss is summed and divided by the number of tokens outside the criterion; Noam schedule per step, rate 1.0."""
import time

import torch
import torch.nn as nn
from torch.nn.functional import log_softmax
from torch.optim.lr_scheduler import LambdaLR

PAD, BOS = 0, 1


class Batch:
    def __init__(self, src, tgt):
        self.src = src
        self.tgt, self.tgt_y = tgt[:, :-1], tgt[:, 1:]
        self.ntokens = (self.tgt_y != PAD).sum()


class EncoderDecoder(nn.Module):
    def __init__(self, vocab, d=32):
        super().__init__()
        self.embed = nn.Embedding(vocab, d, padding_idx=PAD)
        self.pos = nn.Parameter(torch.randn(12, d) * 0.1)
        self.core = nn.Transformer(d, 4, 1, 1, 64, dropout=0.05, batch_first=True)
        self.generator = nn.Linear(d, vocab)

    def forward(self, src, tgt):
        mask = nn.Transformer.generate_square_subsequent_mask(tgt.size(1))
        s, t = self.embed(src) + self.pos[:src.size(1)], self.embed(tgt) + self.pos[:tgt.size(1)]
        return self.core(s, t, tgt_mask=mask, tgt_is_causal=True)


class LabelSmoothing(nn.Module):
    def __init__(self, size, padding_idx, smoothing=0.0):
        super().__init__()
        self.criterion = nn.KLDivLoss(reduction="sum")
        self.padding_idx, self.confidence = padding_idx, 1.0 - smoothing
        self.smoothing, self.size = smoothing, size

    def forward(self, x, target):
        true_dist = x.data.clone()
        true_dist.fill_(self.smoothing / (self.size - 2))
        true_dist.scatter_(1, target.data.unsqueeze(1), self.confidence)
        true_dist[:, self.padding_idx] = 0
        true_dist[target.data == self.padding_idx] = 0.0
        return self.criterion(x, true_dist.clone().detach())


class SimpleLossCompute:
    def __init__(self, generator, criterion):
        self.generator, self.criterion = generator, criterion

    def __call__(self, x, y, norm):
        x = log_softmax(self.generator(x), dim=-1)
        sloss = self.criterion(x.contiguous().view(-1, x.size(-1)), y.contiguous().view(-1)) / norm
        return sloss.data * norm, sloss


def rate(step, model_size, factor, warmup):
    if step == 0:
        step = 1
    return factor * (model_size ** (-0.5) * min(step ** (-0.5), step * warmup ** (-1.5)))


def data_gen(V, batch_size, nbatches):
    for _ in range(nbatches):
        data = torch.randint(2, V, size=(batch_size, 7))
        data[:, 0] = BOS
        yield Batch(data.clone().detach(), data.clone().detach())


def run_epoch(data_iter, model, loss_compute, optimizer=None, scheduler=None, mode="train"):
    start, total_tokens, total_loss = time.time(), 0, 0
    for batch in data_iter:
        out = model.forward(batch.src, batch.tgt)
        loss, loss_node = loss_compute(out, batch.tgt_y, batch.ntokens)
        if mode == "train":
            loss_node.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            scheduler.step()
        total_loss += loss
        total_tokens += batch.ntokens
        del loss, loss_node
    return (total_loss / total_tokens).item(), time.time() - start


if __name__ == "__main__":
    torch.manual_seed(0)
    V = 9
    model = EncoderDecoder(V)
    for p in model.parameters():
        if p.dim() > 1:
            nn.init.xavier_uniform_(p)
    criterion = LabelSmoothing(size=V, padding_idx=PAD, smoothing=0.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.5, betas=(0.9, 0.98), eps=1e-9)
    lr_scheduler = LambdaLR(optimizer=optimizer, lr_lambda=lambda s: rate(s, 32, factor=1.0, warmup=60))
    for epoch in range(3):
        model.train()
        tl, _ = run_epoch(
            data_gen(V, 32, 20), model, SimpleLossCompute(model.generator, criterion), optimizer, lr_scheduler)
        model.eval()
        with torch.no_grad():
            vl, _ = run_epoch(data_gen(V, 32, 3), model, SimpleLossCompute(model.generator, criterion), mode="eval")
        print(f"epoch {epoch} train {tl:.3f} eval {vl:.3f}")
