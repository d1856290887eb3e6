"""A report and the files that it is about -> of each number whether both agree. Reads no model and no archive."""
