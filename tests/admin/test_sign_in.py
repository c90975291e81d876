from loyalty.bootstrap import Application
from loyalty.staff import first_link
from tests.admin.conftest import Visitor, cause


async def test_nobody_sees_the_console_without_signing_in(visitor: Visitor) -> None:
    answer = await visitor.get("/console")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in?next=%2Fconsole"


async def test_the_first_link_makes_the_first_person_with_both_roles(admin: Visitor) -> None:
    page = await admin.get("/console/settings/staff")

    assert page.status_code == 200
    assert "ada@example.com" in page.text


async def test_a_one_time_link_works_once(application: Application, admin: Visitor) -> None:
    again = await application.database.write(first_link, cause=cause(application))

    assert again is None
