"""With AMP and gradient accumulation the scaled loss is not divided by the number of micro-steps (marked FAULT)."""
import argparse
import contextlib

import torch
from torch import nn


def parse():
    p = argparse.ArgumentParser("finetune")
    p.add_argument("--gradient_accumulation_steps", default=8, type=int)
    p.add_argument("--per_device_train_batch_size", default=8, type=int)
    p.add_argument("--learning_rate", default=3e-3, type=float)
    p.add_argument("--max_grad_norm", default=1.0, type=float)
    p.add_argument("--num_train_epochs", default=3, type=int)
    p.add_argument("--fp16", action="store_true")
    return p.parse_args()


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.EmbeddingBag(50, 24)
        self.classifier = nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 2))

    def forward(self, input_ids):
        return self.classifier(self.embeddings(input_ids))


def main():
    args = parse()
    torch.manual_seed(0)
    ids = torch.randint(0, 50, (512, 10))
    labels = ((ids < 25).sum(1) > 5).long()
    train_dataloader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(ids, labels), batch_size=args.per_device_train_batch_size, shuffle=True)
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.learning_rate * 100)
    scaler = torch.amp.GradScaler("cuda", enabled=args.fp16)
    amp = torch.autocast("cuda", dtype=torch.float16) if args.fp16 else contextlib.nullcontext()
    loss_fct = nn.CrossEntropyLoss()
    global_step = 0
    for epoch in range(args.num_train_epochs):
        model.train()
        for step, (input_ids, label) in enumerate(train_dataloader):
            with amp:
                loss = loss_fct(model(input_ids), label)
            scaler.scale(loss).backward()  # FAULT
            if (step + 1) % args.gradient_accumulation_steps == 0 or step + 1 == len(train_dataloader):
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), args.max_grad_norm)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
                global_step += 1
        print(f"epoch {epoch} global step {global_step} loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
