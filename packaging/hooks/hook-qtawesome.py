"""The window reads its fonts and leaves its code alone."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("qtawesome", includes=["fonts/*"])
