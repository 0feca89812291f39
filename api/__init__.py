"""The citizen's and the office's matters: places, guides, cases, parcels; and the assembly of the whole."""
