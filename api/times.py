"""The zone in which everybody here reads a clock: Beijing time (UTC+8, no summer time since 1991)."""

from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
