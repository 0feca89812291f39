"""The numbers that people hold: serials of cases and documents, none of which is given twice, even after a restore."""
