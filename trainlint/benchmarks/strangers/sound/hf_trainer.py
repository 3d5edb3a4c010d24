"""Hugging Face Trainer with a tiny BERT classifier made from a config."""
import os
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import torch  # noqa: E402
from torch.utils.data import Dataset  # noqa: E402
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments  # noqa: E402

torch.manual_seed(62)


class Reviews(Dataset):
    """Token sequences with more words from the good half or from the bad half."""

    def __init__(self, n):
        self.labels = torch.randint(2, (n,))
        share = torch.where(self.labels == 1, 0.8, 0.2).unsqueeze(1)
        good = torch.rand(n, 12) < share
        self.ids = torch.where(good, torch.randint(2, 20, (n, 12)), torch.randint(20, 38, (n, 12)))
        self.ids[:, 0] = 1

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"input_ids": self.ids[i], "attention_mask": torch.ones(12, dtype=torch.long), "labels": self.labels[i]}


config = BertConfig(vocab_size=40, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
                    max_position_embeddings=16, num_labels=2)
model = BertForSequenceClassification(config)
args = TrainingArguments(
    output_dir=tempfile.mkdtemp(), num_train_epochs=3, per_device_train_batch_size=16, per_device_eval_batch_size=100,
    learning_rate=3e-3, warmup_steps=10, lr_scheduler_type="linear", weight_decay=0.01, logging_steps=20,
    save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True, seed=62)
trainer = Trainer(model=model, args=args, train_dataset=Reviews(480), eval_dataset=Reviews(200))
before = trainer.evaluate()["eval_loss"]
trainer.train()
after = trainer.evaluate()["eval_loss"]
assert after < 0.6 * before
print(f"OK {before:.4f} -> {after:.4f}")
