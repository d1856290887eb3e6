"""Its operators are loaded by path, under names that the usual patterns miss."""

from PyInstaller.utils.hooks import collect_dynamic_libs

hiddenimports = []
binaries = collect_dynamic_libs("torchvision", search_patterns=["*.so", "*.pyd", "*.dll", "*.dylib"])
module_collection_mode = "pyz+py"  # parts are compiled from their source
