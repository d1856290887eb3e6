"""The vocabulary of its tokenizer, and the shapes of its networks, which it reads as it is imported."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("open_clip")
