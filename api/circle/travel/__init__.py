"""Travel times: from a street file to seconds between any position and every service point."""
