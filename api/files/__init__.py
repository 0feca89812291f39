"""Files that people upload: resumable tus uploads, checks, encrypted storage, signed addresses."""
