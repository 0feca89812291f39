"""How the result of a draft's matter is fetched: what is filled in, as it is kept."""

from typing import Any

from api.identity.names_and_numbers import mobile
from api.matters import form as forms
from api.refusals import BadFields

Row = dict[str, Any]


def cleaned_delivery(delivery: Row) -> Row:
    """How the result is fetched: what is filled in, the phone as eleven digits; pickup needs no address.

    Raises BadFields.
    """
    if delivery["way"] == "pickup":
        return {"way": "pickup"}
    delivery = {key: "" if forms.is_blank(text) else text.strip() for key, text in delivery.items()}
    if delivery.get("phone"):
        try:
            return {**delivery, "phone": mobile(delivery["phone"]).removeprefix("+86")}
        except ValueError as error:
            raise BadFields({"delivery.phone": [str(error)]}) from None
    return delivery
