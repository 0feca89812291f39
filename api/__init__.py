"""The citizen's and the office's matters: places, guides, cases, parcels; and the assembly of the whole."""


def release() -> str:
    """The release of this code, e.g. `0.1.0`."""
    from importlib.metadata import version

    return version("service-circle")
