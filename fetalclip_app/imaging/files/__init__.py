"""Where bytes come from: files, folders, archives, media."""
