"""Uploads over tus 1.0, their check, and signed addresses."""

import base64
import hashlib
import io
import random
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from api.files import file as rules
from tests.files.papers import pdf
from tests.show.uploads import cut_uploads
from tests.way import submitted

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TUS = {"Tus-Resumable": "1.0.0"}
STREAM = "application/offset+octet-stream"


def begin(caller, size, name="证照.png", **headers):
    told = {"Upload-Length": str(size), "Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}"}
    return caller.raw("POST", "/v1/uploads", headers={**TUS, **told, **headers})


def send(caller, location, offset, data, **headers):
    told = {**TUS, "Upload-Offset": str(offset), **headers}
    return caller.raw("PATCH", location, headers=told, data=data, content_type=STREAM)


def checksum(algorithm, data):
    digest = hashlib.new(algorithm, data).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def upload(caller, data=PNG, name="证照.png"):
    """A complete upload; gives its id."""
    location = begin(caller, len(data), name).headers["Location"]
    assert send(caller, location, 0, data).status_code == 204
    return location.rsplit("/", 1)[1]


def test_an_upload_in_pieces_is_byte_exact(citizen, drain, app, database):
    data = pdf(payload=random.Random(1).randbytes(800_000))
    location = begin(citizen, len(data)).headers["Location"]
    offset = 0
    for size in (1, 7, 300_000, len(data)):
        response = send(citizen, location, offset, data[offset : offset + size])
        assert response.status_code == 204
        offset = int(response.headers["Upload-Offset"])
    assert citizen.raw("HEAD", location).headers["Upload-Offset"] == str(len(data))
    drain()
    row = citizen.get(location)
    assert (row["state"], row["type"], row["name"]) == ("accepted", "application/pdf", "证照.pdf")
    address = citizen.get(f"/v1/files/{row['id']}")
    assert app.test_client().get(address["url"]).data == data
    assert database["uploads"].find_one({"_id": row["id"]})["sha256"] == hashlib.sha256(data).hexdigest()


def test_an_upload_goes_by_post_alone_where_a_client_has_no_patch(citizen, drain):
    def post_as(method, location, **headers):
        return {"headers": {**TUS, "X-HTTP-Method-Override": method, **headers}, "path": location}

    location, half = begin(citizen, len(PNG)).headers["Location"], len(PNG) // 2
    for start, end, status in ((0, half, 204), (0, half, 409), (half, len(PNG), 204)):
        piece = PNG[start:end]
        sent = post_as("PATCH", location, **{"Upload-Offset": str(start)}, **checksum("sha256", piece))
        answer = citizen.raw("POST", **sent, data=piece, content_type=STREAM)
        assert (answer.status_code, answer.headers["Tus-Resumable"]) == (status, "1.0.0")
    assert answer.headers["Upload-Offset"] == str(len(PNG))
    drain()
    assert citizen.get(location)["state"] == "accepted"
    assert citizen.raw("POST", **post_as("DELETE", location)).status_code == 204
    citizen.get(location, expect=404)
    assert citizen.raw("POST", **post_as("HEAD", location)).get_json()["code"] == "method_override_wrong"


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


def test_the_staff_of_its_case_may_read_it_and_that_is_audited(citizen, window, drain, database):
    alone = upload(citizen)
    drain()
    window.get(f"/v1/files/{alone}", expect=404)
    case = submitted(citizen, drain)
    upload_id = next(line["files"][0]["id"] for line in case["materials"] if line["files"])
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
    assert good.headers["Content-Security-Policy"].endswith("; sandbox")
    assert client.get(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 404
    assert client.get(url.replace("until=", "until=9")).status_code == 404
    clock.move(minutes=5, seconds=1)
    assert client.get(url).status_code == 404


def test_content_and_name_are_sealed_in_the_store(citizen, drain, database):
    upload_id = upload(citizen, name="王小明身份证.png")
    drain()
    assert "王小明" not in str(database["uploads"].find_one({"_id": upload_id}))
    chunks = b"".join(bytes(row["data"]) for row in database["files.chunks"].find())
    assert chunks
    assert PNG[:16] not in chunks
    assert database["upload_parts"].count_documents({}) == 0


def test_an_unfinished_upload_can_be_given_up(citizen, database):
    location = begin(citizen, 100).headers["Location"]
    send(citizen, location, 0, b"x" * 50)
    citizen.call("DELETE", location, expect=204)
    citizen.get(location, expect=404)
    assert database["upload_parts"].count_documents({}) == 0


def test_a_file_can_be_removed_until_something_rests_on_it(citizen, drain, app, database, monkeypatch):
    location = f"/v1/uploads/{upload(citizen)}"
    drain()
    files = app.extensions["circle"].files
    monkeypatch.setattr(files, "_ports", replace(files._ports, bound=lambda upload: True))
    assert citizen.call("DELETE", location, expect=409)["code"] == "file_in_use"
    monkeypatch.setattr(files, "_ports", replace(files._ports, bound=lambda upload: False))
    citizen.call("DELETE", location, expect=204)
    citizen.get(location, expect=404)
    assert database["files.chunks"].count_documents({}) == database["files.files"].count_documents({}) == 0


def test_the_last_byte_the_new_state_and_the_job_are_one_write(citizen, database, app, monkeypatch):
    location = begin(citizen, len(PNG)).headers["Location"]
    send(citizen, location, 0, PNG[:-1])
    files = app.extensions["circle"].files

    def no_job(*args, **rest):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(files, "_enqueue", no_job)
        assert send(citizen, location, len(PNG) - 1, PNG[-1:]).status_code == 500
    row = citizen.get(location)
    assert (row["state"], row["received"], row["received_at"]) == ("receiving", len(PNG) - 1, None)
    assert send(citizen, location, len(PNG) - 1, PNG[-1:]).status_code == 204
    row = citizen.get(location)
    assert (row["state"], row["received_at"]) == ("checking", "2026-11-24T10:00:00+08:00")
    assert database["slow_jobs"].count_documents({"kind": "files.check"}) == 1


@pytest.mark.parametrize("algorithm", rules.CHECKSUMS)
def test_a_piece_that_agrees_with_its_checksum_is_taken(citizen, algorithm):
    data = random.Random(2).randbytes(600_000)
    location = begin(citizen, len(data) + 1).headers["Location"]
    answer = send(citizen, location, 0, data, **checksum(algorithm, data))
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "600000")


def test_of_a_damaged_piece_nothing_is_kept(citizen, database):
    data = random.Random(3).randbytes(600_000)
    location = begin(citizen, len(data)).headers["Location"]
    send(citizen, location, 0, data[:1000])
    answer = send(citizen, location, 1000, data[1000:-1] + b"?", **checksum("sha1", data[1000:]))
    assert (answer.status_code, answer.get_json()["code"]) == (460, "checksum_wrong")
    assert citizen.raw("HEAD", location).headers["Upload-Offset"] == "1000"
    assert database["upload_parts"].count_documents({}) == 1
    assert send(citizen, location, 1000, data[1000:], **checksum("sha1", data[1000:])).status_code == 204


@pytest.mark.parametrize("header", ["crc32 AAAA", "sha1", "sha1 ***", "sha256 AAAA", ""])
def test_a_checksum_that_cannot_be_read_is_refused(citizen, header):
    location = begin(citizen, 10).headers["Location"]
    answer = send(citizen, location, 0, b"12345", **{"Upload-Checksum": header})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "checksum_unknown")


def test_every_answer_tells_what_is_spoken_here(anyone, citizen):
    for answer in (anyone.raw("OPTIONS", "/v1/uploads"), citizen.raw("POST", "/v1/uploads")):
        assert answer.headers["Tus-Extension"] == "creation,checksum,expiration,termination"
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256,md5"
        assert answer.headers.getlist("Tus-Resumable") == ["1.0.0"]


def test_an_upload_that_is_not_finished_in_time_is_gone(citizen, clock, database, monkeypatch):
    monkeypatch.setattr(rules, "KEPT_UNFINISHED", timedelta(hours=1))
    begun = begin(citizen, 100)
    location = begun.headers["Location"]
    assert parsedate_to_datetime(begun.headers["Upload-Expires"]) == clock.at + timedelta(hours=1)
    clock.move(minutes=59)
    assert send(citizen, location, 0, b"x" * 10).headers["Upload-Expires"] == begun.headers["Upload-Expires"]
    clock.move(minutes=1)
    answer = send(citizen, location, 10, b"y")
    assert (answer.status_code, answer.get_json()["code"]) == (410, "upload_gone")
    assert database["upload_parts"].count_documents({}) == 0
    citizen.get(location, expect=404)


def test_one_that_nobody_asks_for_again_is_removed_by_itself(citizen, clock, database, drain):
    location = begin(citizen, 100).headers["Location"]
    send(citizen, location, 0, b"x" * 10)
    clock.move(days=7)
    drain()
    assert database["uploads"].count_documents({}) == database["upload_parts"].count_documents({}) == 0


def test_a_file_that_nothing_rests_on_leaves_in_two_steps(citizen, clock, drain, app, database, monkeypatch):
    upload_id = upload(citizen)
    drain()
    files = app.extensions["circle"].files
    owner = database["uploads"].find_one({"_id": upload_id})["owner"]
    rests = [True]
    monkeypatch.setattr(files, "_ports", replace(files._ports, bound=lambda upload: rests[0]))
    clock.move(days=31)
    drain()
    assert files.accepted(owner, upload_id)
    rests[0] = False
    clock.move(days=31)
    drain()
    assert files.accepted(owner, upload_id) is None, "nobody can bind it any more"
    assert files.describe(upload_id), "but it is still there"
    clock.move(days=2)
    drain()
    assert database["uploads"].count_documents({}) == database["files.chunks"].count_documents({}) == 0


def test_one_that_was_bound_in_the_last_moment_stays(citizen, clock, drain, app, database, monkeypatch):
    upload_id = upload(citizen)
    drain()
    files = app.extensions["circle"].files
    owner = database["uploads"].find_one({"_id": upload_id})["owner"]
    monkeypatch.setattr(files, "_ports", replace(files._ports, bound=lambda upload: False))
    clock.move(days=31)
    drain()
    monkeypatch.setattr(files, "_ports", replace(files._ports, bound=lambda upload: True))
    clock.move(days=2)
    drain()
    assert files.accepted(owner, upload_id)


def test_a_day_has_room_for_so_many_files_and_bytes(citizen, other_citizen, clock, monkeypatch):
    monkeypatch.setattr(rules, "MOST_FILES_A_DAY", 3)
    monkeypatch.setattr(rules, "MOST_BYTES_A_DAY", 1000)
    assert begin(citizen, 900).status_code == 201
    full = begin(citizen, 101)
    assert (full.status_code, full.get_json()["code"]) == (429, "too_many_today")
    assert full.headers["Retry-After"] == str(14 * 3600 + 1)
    assert begin(citizen, 1).status_code == begin(citizen, 1).status_code == 201
    assert begin(citizen, 1).status_code == 429
    assert begin(other_citizen, 1).status_code == 201


def test_an_upload_cut_too_often_must_begin_anew(citizen, monkeypatch):
    monkeypatch.setattr(rules, "MOST_PARTS", 3)
    location = begin(citizen, 10).headers["Location"]
    for offset in range(3):
        assert send(citizen, location, offset, b"x").status_code == 204
    answer = send(citizen, location, 3, b"x")
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_many_parts")


@pytest.mark.served
def test_uploads_cut_at_random_bytes_are_byte_exact(tmp_path):
    shown = cut_uploads(seed=3, uploads=1, cuts=8, folder=tmp_path)
    assert shown["byte_exact"] == shown["uploads"] == 1
    assert shown["cuts"] == 8


def test_parts_that_count_already_are_not_thrown_away_when_the_driver_asks_again(citizen, app, database):
    location = begin(citizen, 100).headers["Location"]
    send(citizen, location, 0, b"x" * 50)
    row = database["uploads"].find_one({"_id": location.rsplit("/", 1)[1]})
    store = app.extensions["circle"].files._store
    assert store.count(row["_id"], 0, row["parts"], 50, {}, None), "the same parts again"
    stranger = [{**row["parts"][0], "id": store.add_part(row["_id"], b"other")}]
    assert not store.count(row["_id"], 0, stranger, 50, {}, None)
    assert database["uploads"].find_one({"_id": row["_id"]})["received"] == 50
