"""The JSON of verifications: as staff see one, and as the account itself."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from api.identity.masking import mask_identity, mask_name, mask_phone
from api.identity.sealing.keyring import Keyring
from api.identity.verifications.verification import CARD, PHONE, may_object, state

Row = dict[str, Any]


class VerificationViews:
    """Verifications as their readers may see them."""

    def __init__(
        self,
        keys: Keyring,
        citizen_of: Callable[[str], Row | None],
        staff_by_id: Callable[[set[str]], dict[str, Row]],
        account_face: Callable[[Row], Row],
        now: Callable[[], datetime],
    ) -> None:
        self._keys, self._citizen_of, self._staff_by_id = keys, citizen_of, staff_by_id
        self._account_face, self._now = account_face, now

    def opened(self, row: Row, field: str) -> str:
        """The plaintext of a sealed field of a verification or a citizen; "" if there is none."""
        return self._keys.open_sealed(row["_id"], field, row[field]) if row.get(field) else ""

    def line(self, row: Row) -> Row:
        """A verification as staff see it: the account by id, its name and phone masked."""
        return self.lines([row])[0]

    def lines(self, rows: list[Row]) -> list[Row]:
        """As `line`, for several."""
        officers = {row[by] for row in rows for by in ("opened_by", "confirmed_by") if row.get(by)}
        names = {staff_id: row["name"] for staff_id, row in self._staff_by_id(officers).items()}
        return [self._line(row, names) for row in rows]

    def _line(self, row: Row, names: dict[str, str]) -> Row:
        account = self._citizen_of(row["citizen"]) or {}
        current = state(row, self._now())
        card, phone = (current == "waiting" and row["kind"] == kind for kind in (CARD, PHONE))
        return {
            **{field: row.get(field) for field in ("confirmed_how", "confirmed_at", "works_from", "joins")},
            "id": row["_id"],
            "kind": row["kind"],
            "state": current,
            "at": row["at"],
            "point": row["point"],
            "opened_by": names.get(row["opened_by"] or "", ""),
            "confirmed_by": names.get(row.get("confirmed_by") or "", ""),
            "citizen": row["citizen"],
            "name": mask_name(self.opened(row if card else account, "name")),
            "number": mask_identity(self.opened(row, "id_number")) if card else "",
            "phone": _masked(self.opened(account, "phone")),
            "new_phone": _masked(self.opened(row, "phone")) if phone else "",
        }

    def own(self, row: Row, citizen_id: str) -> Row:
        """A verification as its account sees it; while it waits, with the code to be read out at the window."""
        now = self._now()
        own = row["citizen"] == citizen_id
        readable = own and state(row, now) == "waiting"
        return {
            "id": row["_id"],
            "kind": row["kind"],
            "state": state(row, now),
            "at": row["at"],
            "point": row["point"],
            "own": own,
            "joins": bool(row.get("joins")),
            "works_from": row.get("works_from"),
            "code": self.opened(row, "code") if readable else "",
            "phone": _masked(self.opened(row, "phone")) if readable else "",
            "may_object": may_object(row, now),
        }

    def opening(self, row: Row, account: Row) -> Row:
        """The account, masked, with its verification that waits."""
        face = self._account_face(account)
        return {**face, "name": mask_name(face["name"]), "verification": self.line(row), "ends_at": row["ends_at"]}


def _masked(phone: str) -> str:
    return mask_phone(phone) if phone else ""
