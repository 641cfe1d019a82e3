"""A digest's sentences by a language model, held to the posts: the prompt, the check of every claim, the edition."""
