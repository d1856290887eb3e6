"""Its models and settings lie inside the package."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

datas = collect_data_files("rapidocr", includes=["**/*.yaml", "**/*.onnx", "**/*.txt"])
hiddenimports = collect_submodules("rapidocr.inference_engine.onnxruntime")
