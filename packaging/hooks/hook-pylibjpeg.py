"""It finds its decoders by entry points, which stand in metadata and not in code."""

from PyInstaller.utils.hooks import copy_metadata

datas = [*copy_metadata("pylibjpeg"), *copy_metadata("pylibjpeg-openjpeg")]
hiddenimports = ["openjpeg", "openjpeg.utils", "_openjpeg"]
