"""Texts and a tiny model for the tests of the encoders."""

from pathlib import Path

TEXTS = [
    "Graph networks find a new class of antibiotics",
    "A",
    "",
    "Ein Satz auf Deutsch über Maschinen",
    "新しい論文を読みました",
    "👍",
    "word " * 600,
    "The quick brown fox jumps over the lazy dog. " * 8,
    *[f"Sentence number {n} is about {'very ' * (n % 7)}small numbers" for n in range(40)],
    "Graph networks find a new class of antibiotics",
]


def tiny_model(folder: Path) -> Path:
    """A sentence-transformers model with random weights and 16 dimensions, saved in `folder` without a download."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoModel, AutoTokenizer, BertConfig

    from models.encoding.minilm import minilm_path

    torch.manual_seed(7)
    plain = folder.with_name(folder.name + "-transformer")
    tokenizer = AutoTokenizer.from_pretrained(str(minilm_path()), local_files_only=True)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    AutoModel.from_config(config).save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=64)
    model = SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu")
    model.save(str(folder))
    return folder
