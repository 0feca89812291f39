"""The pages in words, made by the server: for old phones, and without scripts."""
