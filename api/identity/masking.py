"""Masking of personal data: what each role sees of another person's phone, name and numbers."""

from api.web.guard import COUNTER, READERS


def mask_phone(phone: str) -> str:
    """Mask an E.164 mainland phone number, as 138****1234."""
    local = phone.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}"


def mask_name(name: str) -> str:
    """Mask a name after its first character: 张三 becomes 张*."""
    return f"{name[:1]}*" if name else ""


def mask_identity(number: str) -> str:
    """Mask the number of a document: 610102********1234, or E1****78 of one that is shorter than 18."""
    if len(number) == 18:
        return f"{number[:6]}********{number[-4:]}"
    return f"{number[:2]}****{number[-2:]}" if number else ""


UNMASKED = {
    "phone": frozenset(COUNTER),
    "name": frozenset(COUNTER),
    "id_number": frozenset(COUNTER),
    "credit_code": frozenset(READERS),
}
"""The roles that see a field of another person in full. The room that answers such a read audits it."""

MASKS = {
    "phone": mask_phone,
    "name": mask_name,
    "id_number": mask_identity,
    "credit_code": lambda code: f"{code[:8]}******{code[-4:]}",
}


def mask_unless_allowed(field: str, text: str, roles: frozenset[str]) -> str:
    """The value of a field of UNMASKED as these roles may see it: in full, or masked."""
    return text if roles & UNMASKED[field] else MASKS[field](text)
