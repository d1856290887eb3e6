"""Its tables, and its metadata: it writes its own version into what it makes."""

from PyInstaller.utils.hooks import collect_data_files, copy_metadata

datas = [*collect_data_files("highdicom"), *copy_metadata("highdicom")]
