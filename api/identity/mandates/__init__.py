"""Mandates (委托): who may act for whom."""
