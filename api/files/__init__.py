"""What people upload: resumable tus uploads, checks, sealed storage, signed addresses."""
