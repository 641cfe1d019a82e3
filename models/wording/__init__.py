"""How a digest says it: titles, names, quotations, sentences. Extractive: every word rests on a post."""
