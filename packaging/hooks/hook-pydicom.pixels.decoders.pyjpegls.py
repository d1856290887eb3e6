"""Its decoder is compiled code that compiled code imports."""

hiddenimports = ["jpeg_ls", "_CharLS"]
