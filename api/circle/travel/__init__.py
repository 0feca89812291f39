"""Travel times: from an OpenStreetMap file to seconds between any position and every service point."""
