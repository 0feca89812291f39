"""After a whole story, nothing is sealed in the store that rotation does not know of."""

from api.identity.rotation import check_listed
from tests.operations.story import told
from tests.way import ID_NUMBER

ROOMS = {"cases", "case_actions", "drafts", "parcels", "notices", "uploads", "citizens", "login_codes"}


def test_every_sealed_field_of_every_room_is_listed(app, citizen, window, handler, drain):
    citizen.post("/v1/me/verification", {"name": "王小明", "id_number": ID_NUMBER}, expect=200)
    told(citizen, window, handler, drain)
    rotation = app.extensions["circle"].rotation
    fields = {field for where in rotation.used().values() for field in where}
    assert {field.split(".")[0] for field in fields} >= ROOMS
    assert check_listed(rotation.sealed, fields) == []
