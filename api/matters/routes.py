"""Routes of the catalogue: public matters, guides, lists, packages; versions for staff, drafts for administrators."""

from typing import Any

from flask_smorest import Blueprint

from api import pdf
from api.matters.guide import printing
from api.matters.publishing import Publishing
from api.matters.schemas import desk, entries, guides, lists
from api.matters.service import Matters
from api.texts import written
from api.web.guard import OFFICE, Http, owner_of, page

Row = dict[str, Any]


def blueprint(matters: Matters, publishing: Publishing, http: Http, base: str) -> Blueprint:
    """The routes of this room; `base` is the address of the pages, for what is printed."""
    bp = Blueprint("matters", __name__, url_prefix="/v1", description="What people can come for")
    _matters(bp, matters, http)
    _lists(bp, matters, http)
    _printed(bp, matters, http, base)
    _catalogue(bp, publishing, http)
    _versions(bp, publishing, http)
    _drafts(bp, publishing, http)
    return bp


def _matters(bp: Blueprint, matters: Matters, http: Http) -> None:
    @bp.get("/matters")
    @http.allow("anyone")
    @bp.arguments(lists.ListQuestion, location="query")
    @bp.response(200, lists.Lines)
    def listed(question: Row) -> Row:
        """Matters in force by code, filtered by theme and whether they can be applied for online."""
        return page(lambda after, most: matters.listed(question, after, most), question, by="code")

    @bp.get("/matters/search")
    @http.allow("anyone")
    @bp.arguments(lists.SearchQuestion, location="query")
    @bp.response(200, lists.Hits)
    def search(question: Row) -> Row:
        """The matters that a question in people's own words may mean, best first; whom to ask for the rest."""
        words = question["q"]
        return {
            "query": written(words),
            "results": matters.search(words, question["limit"]),
            "elsewhere": matters.elsewhere(words),
        }

    @bp.get("/matters/<code>")
    @http.allow("anyone")
    @bp.arguments(guides.VersionQuestion, location="query")
    @bp.response(200, guides.MatterSchema)
    def matter(question: Row, code: str) -> Row:
        """A matter in full."""
        return matters.face(code, question.get("version"))

    @bp.get("/matters/<code>/guide")
    @http.allow("anyone")
    @bp.arguments(guides.GuideQuestion, location="query")
    @bp.response(200, guides.GuideSchema)
    def guide(question: Row, code: str) -> Row:
        """The guide for one's situation: materials to bring, those the state holds, the last days if accepted today."""
        return matters.guide(code, question.get("version"), question["answers"])

    @bp.get("/matters/<code>/form")
    @http.allow("anyone")
    @bp.arguments(guides.VersionQuestion, location="query")
    @bp.response(200, guides.FormSchema)
    def form(question: Row, code: str) -> Row:
        """What is filled in for a matter (表单), with a filled-in sample (样表)."""
        return matters.form_face(code, question.get("version"))


def _lists(bp: Blueprint, matters: Matters, http: Http) -> None:
    @bp.get("/lists")
    @http.allow("anyone")
    @bp.response(200, lists.ListFaces)
    def public_lists() -> Row:
        """The public lists with their numbers, computed from the catalogue."""
        return {"items": matters.public_lists(), "next": None}

    @bp.get("/lists/<list_name>")
    @http.allow("anyone")
    @bp.response(200, lists.PublicListSchema)
    def public_list(list_name: str) -> Row:
        """One public list with its matters."""
        return matters.public_list(list_name)

    @bp.get("/packages")
    @http.allow("anyone")
    @bp.response(200, lists.Packages)
    def packages() -> Row:
        """The packages of matters that belong together (一件事)."""
        return {"items": matters.packages(), "next": None}

    @bp.get("/packages/<package_id>")
    @http.allow("anyone")
    @bp.response(200, lists.Package)
    def package(package_id: str) -> Row:
        """One package."""
        return matters.package(package_id)

    @bp.get("/construction-classes")
    @http.allow("anyone")
    @bp.response(200, lists.ConstructionClasses)
    def construction_classes() -> Row:
        """The five classes of construction projects (工程建设项目)."""
        return matters.construction_classes()


def _printed(bp: Blueprint, matters: Matters, http: Http, base: str) -> None:
    @bp.get("/matters/<code>/guide.pdf")
    @http.allow("anyone")
    @bp.arguments(guides.PrintQuestion, location="query")
    @bp.response(200, pdf.DESCRIBED, content_type=pdf.CONTENT_TYPE)
    @http.visitor
    def printed_guide(question: Row, code: str, actor: Any) -> Any:
        """The guide for print, with a QR code that opens the same version for the same answers."""
        guide = matters.guide(code, question.get("version"), question["answers"])
        how = {"language": question["lang"], "size": question["size"]}
        paper = printing.paper(guide, base, question["answers"], **how)
        return pdf.answered(pdf.public(paper, owner_of(actor)), f"{guide['name']}-{guide['version']}")


def _catalogue(bp: Blueprint, publishing: Publishing, http: Http) -> None:
    @bp.get("/desk/matters")
    @http.allow(*OFFICE)
    @bp.arguments(desk.Catalogue, location="query")
    @bp.response(200, desk.CatalogueLines)
    def catalogue(question: Row, actor: Any) -> Row:
        """Every matter by code, those with a draft alone included, and what is to be done about it."""
        return page(lambda after, most: publishing.catalogue(question, after, most), question, by="code")

    @bp.get("/desk/matters/export")
    @http.allow(*OFFICE)
    @bp.response(200, desk.WholeCatalogue)
    def export(actor: Any) -> Row:
        """Every published version, as the import takes it back."""
        return {"items": publishing.export()}

    @bp.post("/desk/matters/import")
    @http.allow("admin")
    @bp.arguments(desk.WholeCatalogue)
    @bp.response(200, desk.BroughtIn)
    def bring_in(body: Row, actor: Any) -> Row:
        """Publish the versions that do not exist yet, all or none; existing ones with the same content are skipped."""
        return publishing.bring_in(actor.id, body["items"])


def _versions(bp: Blueprint, publishing: Publishing, http: Http) -> None:
    @bp.get("/matters/<code>/versions")
    @http.allow(*OFFICE)
    @bp.response(200, desk.VersionLines)
    def versions(code: str, actor: Any) -> Row:
        """The versions of a matter, the newest first, a draft before all."""
        return {"items": publishing.versions(code)}

    @bp.get("/matters/<code>/versions/<int:version>")
    @http.allow(*OFFICE)
    @bp.response(200, desk.Version)
    def version(code: str, version: int, actor: Any) -> Any:
        """A version in full, with its check list and what differs from the version before."""
        return _tagged(http, publishing.version(code, version))

    @bp.get("/matters/<code>/versions/<int:version>/guide")
    @http.allow(*OFFICE)
    @bp.arguments(guides.AnswersQuestion, location="query")
    @bp.response(200, guides.GuideSchema)
    def preview(question: Row, code: str, version: int, actor: Any) -> Row:
        """The guide that a version would have if it were in force, a draft as well."""
        return publishing.preview(code, version, question["answers"])


def _drafts(bp: Blueprint, publishing: Publishing, http: Http) -> None:
    @bp.post("/matters/<code>/versions")
    @http.allow("admin")
    @bp.arguments(entries.EntryChange)
    @bp.response(201, desk.Version)
    @http.create_once(lambda actor, ref: _tagged(http, publishing.created(ref), 201))
    def begin(body: Row, code: str, actor: Any, new_id: str) -> Any:
        """A draft of the next version, from the newest one; a code that is new begins a new matter."""
        return _tagged(http, publishing.begin(actor.id, code, body, new_id), 201)

    @bp.patch("/matters/<code>/versions/<int:version>")
    @http.allow("admin")
    @bp.arguments(entries.EntryChange)
    @bp.response(200, desk.Version)
    def change(body: Row, code: str, version: int, actor: Any) -> Any:
        """Change elements of a draft."""
        return _tagged(http, publishing.change(actor.id, code, version, http.wanted_version(), body))

    @bp.delete("/matters/<code>/versions/<int:version>")
    @http.allow("admin")
    @bp.response(204)
    def drop(code: str, version: int, actor: Any) -> None:
        """Delete a draft."""
        publishing.drop(actor.id, code, version, http.wanted_version())

    @bp.post("/matters/<code>/versions/<int:version>/publication")
    @http.allow("admin")
    @bp.response(200, desk.Version)
    def publish(code: str, version: int, actor: Any) -> Any:
        """Publish a draft at the edit number in If-Match, unless a check fails."""
        return _tagged(http, publishing.publish(actor.id, code, version, http.wanted_version()))


def _tagged(http: Http, version: Row, status: int = 200) -> Any:
    """A version as a response, with its edit number as ETag."""
    return version, status, http.etag(version["edit"])
