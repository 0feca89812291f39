"""The documents of a trial say that they are of one, by the server's settings, and those of real use do not."""

import pytest
from flask import Flask

from api.pages.routes import DOCUMENTS, blueprint
from api.web.guard import Http

PAGE = '<!doctype html>\n<html lang="zh-CN">\n  <head></head>\n</html>\n'


@pytest.fixture
def served(tmp_path):
    """A client of the pages alone, in a trial or not."""
    for name in DOCUMENTS.values():
        (tmp_path / name).write_text(PAGE)

    def client(*, trial):
        app = Flask("pages", static_folder=None)
        http = Http(actor_of=lambda token: None, once=None, limit=lambda kind, person: None)
        app.register_blueprint(blueprint(http, tmp_path, trial=trial))
        return app.test_client()

    return client


def fetch(client, path, **headers):
    """Status, text and headers of a document."""
    with client.get(path, headers=headers) as answer:
        return answer.status_code, answer.text, answer.headers


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_says_that_it_is_of_a_trial_and_only_then(served, path):
    _, text, headers = fetch(served(trial=True), path)
    assert text.count('<html data-trial="1" lang="zh-CN">') == 1
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache"
    assert fetch(served(trial=False), path)[1] == PAGE


@pytest.mark.parametrize("trial", [True, False])
def test_a_document_that_the_browser_has_is_not_sent_again(served, trial):
    client = served(trial=trial)
    known = {"If-None-Match": fetch(client, "/")[2]["ETag"]}
    assert fetch(client, "/", **known)[0] == 304


def test_the_pages_in_words_say_it_too(anyone):
    assert "演示环境 — 请勿填写真实信息" in anyone.raw("GET", "/plain").text
    assert "do not enter real information" in anyone.raw("GET", "/plain?lang=en").text
