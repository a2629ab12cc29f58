"""A subject whose keys and index rows were destroyed (RELIABILITY.md R15)."""

from __future__ import annotations

import pytest

from engine.errors import YingfanError
from tests.services.acts import CONTACT, VISIT
from tests.services.conftest import House
from tests.storage.keeping import files, written

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")


class TestErased:
    """One child of two, erased."""

    def test_nobody_finds(self, house: House) -> None:
        """Chains verify, no search and no byte search finds the child, nobody opens its case; the other is as before."""
        gone, stays = house.cases(2)
        for number in (gone, stays):
            house.act("school", number, "contact_family", **CONTACT)
            house.act("township", number, "record_visit", **VISIT)
        archive = house.app.archive
        with archive.read() as uow:
            about = uow.index.subjects_of((gone, stays))
            profile, other = uow.subjects.get(about[gone]), uow.subjects.get(about[stays])
        phones = [str(each["phone"]) for each in profile["guardians"]]
        secrets = [str(profile["name"]), str(profile["id_number"]), str(profile["register_no"]), *phones]
        assert all(house.app.search.exact(text, "auditor") for text in secrets[:3])
        assert archive.erase(about[gone]) >= 3
        assert house.app.audit.verify() == ()
        assert [[]] * len(secrets) == [
            [hit for hit in house.app.search.exact(text, "auditor") if hit.case == gone] for text in secrets
        ]
        assert [stays] == [hit.case for hit in house.app.search.exact(str(other["id_number"]), "auditor")]
        data = b"\n".join([*files(house.app.settings.data), *written(archive)])
        assert [] == [text for text in secrets for each in ENCODINGS if text.encode(each) in data]
        with pytest.raises(YingfanError):
            house.app.cases.show(gone, "auditor")
        assert house.app.cases.show(stays, "auditor").chain_ok
        # The checks say of its case that there is no key, and rightly.
        assert [f"{gone}：没有密钥"] == archive.invariants()
        house.spoiled = True
