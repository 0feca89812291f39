"""What the check opens, keeps, cleans and refuses; and that no file hurts who checks."""

import io
import random
from dataclasses import replace

import pytest
from PIL import Image

from api import limited
from api.files import file as rules
from api.files import run_check
from api.files.run_check import CheckFailed, check
from api.limited import ROOT
from tests.files.papers import HEIC, SORTS, hostile, pdf, photo
from tests.files.test_uploads import begin, send, upload


def checked(data, seconds=30.0):
    """What the check says, and what it keeps."""
    kept = {}
    found = check([data], lambda which, size, pieces: kept.update({which: b"".join(pieces)}), seconds)
    return found, kept


def seen(caller, app, upload_id, size="content"):
    """The file as its owner gets it."""
    return app.test_client().get(caller.get(f"/v1/files/{upload_id}?size={size}")["url"])


@pytest.mark.parametrize(("data", "kind"), [(photo(), "JPEG"), (photo(form="PNG"), "PNG"), (HEIC, "JPEG")])
def test_a_picture_stands_upright_and_tells_nothing_but_its_pixels(data, kind):
    found, kept = checked(data)
    assert found.type == f"image/{kind.lower()}"
    picture = Image.open(io.BytesIO(kept["content"]))
    assert picture.format == kind
    assert picture.width < picture.height
    assert not picture.getexif()
    assert b"SecretCamera" not in kept["content"]
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    right = picture.convert("RGB").getpixel((picture.width - 5, picture.height // 2))
    assert right[2] > 200 > 60 > right[0], "what was above is on the right"
    assert max(Image.open(io.BytesIO(kept["thumb"])).size) <= 320


def test_what_hangs_behind_a_picture_is_left_behind():
    moving = photo() + b"\0\0\0\x18ftypmp42" + random.Random(1).randbytes(5000)
    found, kept = checked(moving)
    assert found.refused is None
    assert b"ftypmp42" not in kept["content"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_pictures_of_every_kind_of_pixel_are_taken(mode):
    out = io.BytesIO()
    base = Image.new("L", (30, 20), 200)
    picture = Image.new("I;16", (30, 20), 51_200) if mode == "I;16" else base.convert("RGB").convert(mode)
    picture.save(out, "JPEG" if mode == "CMYK" else "PNG")
    found, kept = checked(out.getvalue())
    assert found.refused is None
    grey = Image.open(io.BytesIO(kept["content"])).convert("L").getpixel((15, 10))
    assert grey == (255 if mode == "1" else pytest.approx(200, abs=4))


@pytest.mark.parametrize(
    ("width", "height", "stands"),
    [(8000, 6000, (4416, 5888)), (8192, 6144, (4416, 5888)), (1080, 24_000, (24_000, 1080))],
)
def test_a_large_photograph_is_made_smaller(width, height, stands):
    """The photographs of papers.py are turned by 90 degrees."""
    found, kept = checked(photo(width, height))
    assert (found.facts["width"], found.facts["height"]) == stands
    assert Image.open(io.BytesIO(kept["content"])).size == stands


def test_a_pdf_is_counted_and_kept_byte_for_byte():
    data = pdf(pages=7, payload=random.Random(1).randbytes(600_000))
    found, kept = checked(data)
    assert (found.type, found.facts) == ("application/pdf", {"pages": 7})
    assert kept["content"] == data


def test_an_invoice_may_carry_its_figures():
    invoice = pdf(
        [b"<< /Type /Filespec /F (invoice.xml) /UF (invoice.xml) /EF << /F 3 0 R >> >>"],
        payload=b"<?xml version='1.0'?><a/>",
    )
    assert checked(invoice)[0].refused is None


def test_hostile_files_of_every_sort_are_refused(citizen, drain, database):
    """One of each sort; `make show-hostile SEED=…` makes hundreds."""
    made = hostile(seed=5, count=len(SORTS))
    for sort, name, data in made:
        upload_id = upload(citizen, data, name)
        drain()
        row = citizen.get(f"/v1/uploads/{upload_id}")
        assert (row["state"], row["code"] in rules.UNFIT) == ("refused", True), sort
        assert not set(row["name"]) & set("/\\\0\u202e")
        citizen.get(f"/v1/files/{upload_id}", expect=404)
    assert database["upload_parts"].count_documents({}) == 0
    assert database["files.chunks"].count_documents({}) == database["files.files"].count_documents({}) == 0


def test_why_is_told_in_the_callers_language(citizen, drain):
    location = f"/v1/uploads/{upload(citizen, b'GIF89a')}"
    drain()
    assert citizen.get(location)["why"] == rules.UNFIT["kind"][0]
    assert citizen.get(location, headers={"Accept-Language": "en"})["why"] == rules.UNFIT["kind"][1]


def test_every_reason_of_the_check_has_words():
    source = (ROOT / "api/files/check.py").read_text()
    told = {word for word in rules.UNFIT if f'"{word}"' in source}
    assert told == set(rules.UNFIT) - {"unsafe", "unchecked"}


def test_a_check_that_takes_memory_blames_the_file(monkeypatch):
    end = "import resource, sys; sys.stdin.buffer.read(); resource.setrlimit(resource.RLIMIT_AS, (1, 1)); bytes(10**9)"
    as_child(monkeypatch, end)
    assert checked(b"x")[0].refused == "too_heavy"


def test_a_check_that_takes_time_blames_the_file(monkeypatch):
    as_child(monkeypatch, "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass")
    assert checked(b"x")[0].refused == "too_heavy"


@pytest.mark.parametrize("end", ["import os; os.kill(os.getpid(), 9)", "import time; time.sleep(3600)"])
def test_a_check_that_is_ended_from_outside_is_tried_again(monkeypatch, end):
    as_child(monkeypatch, end)
    with pytest.raises(CheckFailed):
        checked(b"x" * 1_000_000, seconds=1.0)


def test_a_check_that_ends_within_its_answer_keeps_nothing(monkeypatch):
    as_child(monkeypatch, """print('{"type": "image/png", "size": 9, "thumb": 1, "facts": {}}\\n1234', end='')""")
    with pytest.raises(CheckFailed):
        checked(b"x")


def test_a_file_whose_check_never_ends_is_refused_after_three_tries(citizen, drain, clock, app, monkeypatch):
    def killed(*args):
        raise CheckFailed("killed")

    monkeypatch.setattr(run_check, "check", killed)
    location = f"/v1/uploads/{upload(citizen)}"
    for _ in range(rules.MOST_TRIES + 1):
        assert citizen.get(location)["state"] == "checking"
        drain()
        clock.move(minutes=1)
    assert citizen.get(location)["code"] == "unchecked"


def test_a_scanner_has_its_say_about_what_arrived(citizen, drain, app, monkeypatch):
    given = []

    def scan(pieces):
        given.append(b"".join(pieces))
        return "Eicar" if len(given) == 1 else None

    files = app.extensions["circle"].files
    monkeypatch.setattr(files, "_ports", replace(files._ports, scan=scan))
    found, clean = f"/v1/uploads/{upload(citizen)}", f"/v1/uploads/{upload(citizen, photo())}"
    drain()
    assert citizen.get(found)["code"] == "unsafe"
    assert citizen.get(clean)["state"] == "accepted"
    assert given[1] == photo()


def test_two_checks_of_one_file_keep_it_once(citizen, app, drain, database, monkeypatch):
    upload_id = upload(citizen, photo())
    files, really = app.extensions["circle"].files, run_check.check

    def overtaken(pieces, keep):
        found = really(pieces, keep)
        monkeypatch.setattr(run_check, "check", really)
        files.check({"upload": upload_id})
        return found

    monkeypatch.setattr(run_check, "check", overtaken)
    drain()
    kept = database["uploads"].find_one({"_id": upload_id})["kept"]
    assert {row["_id"] for row in database["files.files"].find()} == {each["id"] for each in kept.values()}
    assert database["files.chunks"].distinct("files_id") == sorted(each["id"] for each in kept.values())


def test_what_a_crash_after_the_verdict_left_behind_is_removed_by_the_next_try(citizen, app, drain, database):
    upload_id = upload(citizen, photo())
    parts = list(database["upload_parts"].find())
    drain()
    database["upload_parts"].insert_many(parts)
    database["files.chunks"].insert_one({"files_id": f"{upload_id}:other:content", "n": 0, "data": b"x"})
    app.extensions["circle"].files.check({"upload": upload_id})
    assert database["upload_parts"].count_documents({}) == 0
    assert database["files.chunks"].count_documents({}) == 2
    assert seen(citizen, app, upload_id).status_code == 200


def test_a_removal_that_a_crash_broke_off_is_finished_by_retention(citizen, clock, drain, database, monkeypatch, app):
    upload_id = upload(citizen, photo())
    drain()
    files, store = app.extensions["circle"].files, app.extensions["circle"].files._store

    def dies(upload_id):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(store, "drop_contents", dies)
        broken.setattr(files, "_ports", replace(files._ports, bound=lambda upload: False))
        assert citizen.raw("DELETE", f"/v1/uploads/{upload_id}").status_code == 500
    citizen.get(f"/v1/uploads/{upload_id}", expect=404)
    drain()
    assert database["uploads"].count_documents({}) == database["files.chunks"].count_documents({}) == 0


def test_a_picture_is_shown_in_place_and_a_pdf_is_a_download(citizen, app, drain):
    picture, paper = upload(citizen, HEIC, "IMG_0042.HEIC"), upload(citizen, pdf(), "证明.pdf.exe")
    drain()
    shown, saved = seen(citizen, app, picture), seen(citizen, app, paper)
    assert shown.headers["Content-Disposition"] == "inline; filename*=UTF-8''IMG_0042.jpg"
    assert shown.content_type == "image/jpeg"
    assert saved.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E8%AF%81%E6%98%8E.pdf.exe.pdf"
    for answer in (shown, saved):
        policy = answer.headers["Content-Security-Policy"].split("; ")
        nothing = {f"{name} 'none'" for name in ("default-src", "base-uri", "form-action", "frame-ancestors")}
        assert nothing | {"sandbox"} <= set(policy)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Length"] == str(len(answer.data))


def test_a_thumbnail_has_an_address_of_its_own(citizen, app, drain):
    picture, paper = upload(citizen, photo(900, 600)), upload(citizen, pdf())
    drain()
    small = seen(citizen, app, picture, "thumb")
    assert max(Image.open(io.BytesIO(small.data)).size) == 320
    address = citizen.get(f"/v1/files/{picture}?size=thumb")
    assert (address["type"], address["size"]) == ("image/jpeg", len(small.data))
    assert app.test_client().get(address["url"].replace("size=thumb", "size=content")).status_code == 404
    citizen.get(f"/v1/files/{paper}?size=thumb", expect=404)
    citizen.get(f"/v1/files/{picture}?size=large", expect=422)


def test_content_that_was_changed_cut_off_or_moved_in_the_store_is_not_given_out(citizen, app, drain, database):
    data = pdf(payload=random.Random(1).randbytes(600_000))
    mine, other = upload(citizen, data), upload(citizen, data)
    drain()
    url, chunks = citizen.get(f"/v1/files/{mine}")["url"], database["files.chunks"]
    mine_id, other_id = (database["uploads"].find_one({"_id": each})["kept"]["content"]["id"] for each in (mine, other))
    first = chunks.find_one({"files_id": mine_id, "n": 0})["data"]
    moved = chunks.find_one({"files_id": other_id, "n": 0})["data"]
    later = chunks.find_one({"files_id": mine_id, "n": 1})["data"]
    for wrong in (moved, later, first[:-1], first[:-1] + bytes((first[-1] ^ 1,)), b""):
        chunks.update_one({"files_id": mine_id, "n": 0}, {"$set": {"data": wrong}})
        assert app.test_client().get(url).status_code == 500
    chunks.update_one({"files_id": mine_id, "n": 0}, {"$set": {"data": first}})
    assert app.test_client().get(url).data == data


def test_a_new_sealing_key_leaves_the_content_where_it_is(citizen, app, drain, database, monkeypatch):
    office = app.extensions["circle"]
    upload_id = upload(citizen, photo())
    location = begin(citizen, len(photo())).headers["Location"]
    send(citizen, location, 0, photo()[:100])
    drain()
    before = seen(citizen, app, upload_id).data
    frames = list(database["files.chunks"].find().sort("_id", 1))
    key_id = office.keyring.add()
    office.rotation.start()
    drain()
    row = database["uploads"].find_one({"_id": upload_id})
    assert bytes(row["key"]).startswith(key_id.encode() + b"\0")
    assert list(database["files.chunks"].find().sort("_id", 1)) == frames
    assert seen(citizen, app, upload_id).data == before
    assert send(citizen, location, 100, photo()[100:]).status_code == 204
    drain()
    assert citizen.get(location)["state"] == "accepted"


def as_child(monkeypatch, program):
    """Let another program stand for the check."""
    real = limited.subprocess.Popen

    def started(command, **rest):
        return real([command[0], "-c", program], **rest)

    monkeypatch.setattr(limited.subprocess, "Popen", started)
