"""What there is between a situation and a language model's server: prompt, question, answer."""
