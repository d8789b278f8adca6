"""A mother sends a photo from an old phone, without script; Ana looks at it, and sets it aside."""

from __future__ import annotations

from uuid import UUID

from playwright.sync_api import FilePayload, expect

from reunify.identity import family_links
from reunify.kernel.ids import RequestId
from reunify.sandbox.families import sample_family
from tests import papers
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_walk import shoot, sign_in
from tests.web.pages_world import signed_in
from tests.web.test_pages_papers import ana_of


def test_a_photo_from_an_old_phone_and_one_button_to_set_it_aside(site: Site, open_page: OpenPage) -> None:
    house = site.house
    with signed_in(house, "ana") as ana:
        draft = sample_family("b", house.now().date()).draft
        request_id = ana.post("/api/v1/requests", json=draft).json()["id"]
        assert ana.post(f"/api/v1/requests/{request_id}/submission").status_code == 202
    with house.db.work() as session:
        link = family_links.make_family_link(
            session,
            request_id=RequestId(UUID(request_id)),
            reader="mother",
            by=ana_of(house),
            now=house.now(),
        )
    phone = open_page(wide=False, script=False, locale="es-US")
    phone.goto(f"/f/{link.token}")
    phone.get_by_label("Los 6 números").fill(link.pin)
    phone.get_by_role("button").first.click()
    phone.get_by_role("link", name="Enviar una foto o un PDF").click()
    phone.get_by_label("¿Qué es?").select_option("police_report")
    sent: FilePayload = {
        "name": "reporte.jpg",
        "mimeType": "image/jpeg",
        "buffer": papers.photo(size=(600, 400)),
    }
    phone.get_by_label("Fotos o PDF").set_input_files([sent])
    phone.get_by_role("button", name="Enviar").click()
    expect(phone.get_by_text("Lo recibimos. Gracias.")).to_be_visible()
    phone.get_by_role("link", name="Verlo: Reporte de la policía").click()
    picture = phone.get_by_role("img", name="La foto que usted envió")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box is not None
    assert 200 < box["width"] <= 390  # drawn, and not wider than the phone
    desk = open_page()
    sign_in(desk, "ana")
    desk.goto(f"/requests/{request_id}/papers")
    shoot(desk, "papers")
    desk.get_by_role("button", name="Set aside unseen").click()
    expect(desk.get_by_text("It is set aside. Nobody opens it any more.")).to_be_visible()
    phone.goto("/family/papers")
    expect(phone.get_by_text("Apartamos este archivo sin verlo.")).to_be_visible()
    expect(phone.get_by_role("link", name="Verlo")).to_have_count(0)
