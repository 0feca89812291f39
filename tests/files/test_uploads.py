"""Uploads over tus 1.0, their check, and signed addresses."""

import base64
import io

import pytest

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TUS = {"Tus-Resumable": "1.0.0"}
STREAM = "application/offset+octet-stream"


def begin(caller, size, name="证照.png", **headers):
    told = {"Upload-Length": str(size), "Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}"}
    return caller.raw("POST", "/v1/uploads", headers={**TUS, **told, **headers})


def send(caller, location, offset, data):
    return caller.raw("PATCH", location, headers={**TUS, "Upload-Offset": str(offset)}, data=data, content_type=STREAM)


def upload(caller, data=PNG, name="证照.png"):
    """A complete upload; gives its id."""
    location = begin(caller, len(data), name).headers["Location"]
    assert send(caller, location, 0, data).status_code == 204
    return location.rsplit("/", 1)[1]


def test_an_upload_in_pieces_is_byte_exact(citizen, drain, app):
    data = PNG + bytes(range(256)) * 3000
    location = begin(citizen, len(data)).headers["Location"]
    offset = 0
    for size in (1, 7, 300_000, len(data)):
        response = send(citizen, location, offset, data[offset : offset + size])
        assert response.status_code == 204
        offset = int(response.headers["Upload-Offset"])
    assert citizen.raw("HEAD", location).headers["Upload-Offset"] == str(len(data))
    drain()
    row = citizen.get(location)
    assert (row["state"], row["type"], row["name"]) == ("accepted", "image/png", "证照.png")
    address = citizen.get(f"/v1/files/{row['id']}")
    assert app.test_client().get(address["url"]).data == data


def test_a_piece_at_the_wrong_offset_is_refused_and_changes_nothing(citizen):
    location = begin(citizen, len(PNG)).headers["Location"]
    send(citizen, location, 0, PNG[:10])
    for offset in (0, 5, 11):
        response = send(citizen, location, offset, b"x")
        assert response.status_code == 409
        assert response.get_json()["code"] == "offset_wrong"
    assert citizen.raw("HEAD", location).headers["Upload-Offset"] == "10"


def test_what_arrived_before_a_cut_is_kept(citizen, app):
    class Cut(io.BytesIO):
        """A body whose line goes dead after its bytes."""

        def read(self, size=-1):
            return super().read(size) or self._gone()

        def readinto(self, buffer):
            return super().readinto(buffer) or self._gone()

        @staticmethod
        def _gone():
            raise OSError("gone")

    location = begin(citizen, 1_000_000).headers["Location"]
    headers = {**TUS, "Upload-Offset": "0"}
    cut = {"wsgi.input": Cut(b"a" * 294_912), "CONTENT_LENGTH": "1000000"}
    citizen.raw("PATCH", location, headers=headers, environ_overrides=cut, content_type=STREAM)
    assert citizen.raw("HEAD", location).headers["Upload-Offset"] == "294912"


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"MZ\x90", b"\x00" * 64])
def test_other_kinds_are_refused_in_words_whatever_they_call_themselves(citizen, drain, data):
    upload_id = upload(citizen, data, "照片.png")
    drain()
    row = citizen.get(f"/v1/uploads/{upload_id}")
    assert row["state"] == "refused"
    assert "JPG" in row["why"]
    citizen.get(f"/v1/files/{upload_id}", expect=404)


def test_limits_and_bad_headers_are_refused(citizen):
    assert begin(citizen, 21 * 1024 * 1024).status_code == 413
    assert begin(citizen, 0).status_code == 422
    assert begin(citizen, "ten").status_code == 422
    assert begin(citizen, 10, **{"Upload-Metadata": "filename ***"}).status_code == 422
    assert citizen.raw("POST", "/v1/uploads", headers={"Upload-Length": "5"}).status_code == 412
    location = begin(citizen, 4).headers["Location"]
    assert send(citizen, location, 0, b"12345").status_code == 413
    wrong = citizen.raw("PATCH", location, headers={**TUS, "Upload-Offset": "0"}, data=b"1", content_type="text/plain")
    assert wrong.status_code == 415


def test_names_lose_paths_and_control_characters(citizen):
    location = begin(citizen, 4, "../../etc/\x00pass\nwd").headers["Location"]
    assert citizen.get(location)["name"] == "passwd"


def test_another_citizen_sees_nothing_of_it(citizen, other_citizen, drain):
    upload_id = upload(citizen)
    drain()
    other_citizen.get(f"/v1/uploads/{upload_id}", expect=404)
    other_citizen.get(f"/v1/files/{upload_id}", expect=404)
    assert send(other_citizen, f"/v1/uploads/{upload_id}", 0, b"x").status_code == 404


def test_staff_may_read_it_and_that_is_audited(citizen, window, drain, database):
    upload_id = upload(citizen)
    drain()
    window.get(f"/v1/files/{upload_id}")
    row = database["audit"].find_one({"subject": f"file:{upload_id}"})
    assert (row["actor"], row["act"]) == (window.person["id"], "read_file")


def test_a_signed_address_ends_after_five_minutes_and_cannot_be_changed(citizen, drain, app, clock):
    upload_id = upload(citizen)
    drain()
    url = citizen.get(f"/v1/files/{upload_id}")["url"]
    client = app.test_client()
    good = client.get(url)
    assert good.headers["X-Content-Type-Options"] == "nosniff"
    assert good.headers["Content-Security-Policy"] == "sandbox"
    assert client.get(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 404
    assert client.get(url.replace("until=", "until=9")).status_code == 404
    clock.move(minutes=5, seconds=1)
    assert client.get(url).status_code == 404


def test_content_and_name_are_sealed_in_the_store(citizen, drain, database):
    upload_id = upload(citizen, name="王小明身份证.png")
    drain()
    assert "王小明" not in str(database["uploads"].find_one({"_id": upload_id}))
    chunks = b"".join(bytes(row["data"]) for row in database["files.chunks"].find({"files_id": upload_id}))
    assert chunks
    assert PNG not in chunks
    assert database["upload_parts"].count_documents({}) == 0


def test_an_unfinished_upload_can_be_given_up(citizen):
    location = begin(citizen, 100).headers["Location"]
    citizen.call("DELETE", location, expect=204)
    citizen.get(location, expect=404)


def test_an_upload_whose_completion_was_lost_is_completed_by_the_next_look(citizen, drain, database):
    location = begin(citizen, len(PNG)).headers["Location"]
    send(citizen, location, 0, PNG[:-1])
    upload_id = location.rsplit("/", 1)[1]
    send(citizen, location, len(PNG) - 1, PNG[-1:])
    database["uploads"].update_one({"_id": upload_id}, {"$set": {"state": "receiving"}})
    database["jobs"].delete_many({})
    citizen.raw("HEAD", location)
    drain()
    assert citizen.get(location)["state"] == "accepted"
