"""The backend of a district's government services: service points, guides, cases, parcels; and their assembly."""


def release() -> str:
    """The release of this code, e.g. `0.1.0`."""
    from importlib.metadata import version

    return version("service-circle")
