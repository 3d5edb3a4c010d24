"""forward takes .data of the encoded sentence, which silently cuts the encoder off (marked FAULT)."""
import torch
import torch.nn as nn
import torch.optim as optim


class EncoderDecoder(nn.Module):
    def __init__(self, vocab, emb=16, hid=32):
        super(EncoderDecoder, self).__init__()
        self.embed = nn.Embedding(vocab, emb)
        self.encoder = nn.GRU(emb, hid, batch_first=True)
        self.decoder = nn.GRU(emb, hid, batch_first=True)
        self.proj = nn.Linear(hid, vocab)

    def forward(self, src, tgt_in):
        _, state = self.encoder(self.embed(src))
        state = state.data  # FAULT
        out, _ = self.decoder(self.embed(tgt_in), state)
        return self.proj(out)


def copy_task(n, vocab, length):
    src = torch.randint(1, vocab, (n, length))
    tgt = src.flip(1)
    bos = torch.zeros(n, 1, dtype=torch.long)
    return src, torch.cat([bos, tgt[:, :-1]], 1), tgt


torch.manual_seed(11)
VOCAB, LEN, ITERS = 10, 5, 100
model = EncoderDecoder(VOCAB)
optimizer = optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()
print_loss_total = 0
for it in range(1, ITERS + 1):
    src, tgt_in, tgt = copy_task(32, VOCAB, LEN)
    optimizer.zero_grad()
    logits = model(src, tgt_in)
    loss = criterion(logits.reshape(-1, VOCAB), tgt.reshape(-1))
    loss.backward()
    optimizer.step()
    print_loss_total += loss.item()
    if it % 20 == 0:
        print('%d %d%% %.4f' % (it, it / ITERS * 100, print_loss_total / 20))
        print_loss_total = 0
